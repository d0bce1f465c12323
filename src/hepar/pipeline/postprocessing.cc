// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/postprocessing.h"

#include <fmt/format.h>

#include "hepar/infer/keep_largest.h"
#include "hepar/nn/json_file.h"

namespace hepar {
namespace {

constexpr const char* kKeepLargest = "remove_all_but_largest_component_from_segmentation";

// A label, a list of labels or a list of regions: their union is meant.
void add_labels(const JsonNode& node, std::vector<int>& labels) {
  if (!node.is_list()) {
    const std::int64_t label = node.integer();
    if (label < 0 || label > 65535) node.fail(fmt::format("is {}, not a label", label));
    labels.push_back(static_cast<int>(label));
    return;
  }
  for (const auto& item : node.list()) add_labels(item, labels);
}

}  // namespace

Postprocessing read_postprocessing(const std::filesystem::path& postprocessing_json) {
  const auto document = parse_json_file(postprocessing_json);
  const JsonNode root(document, postprocessing_json.string());
  const auto functions = root.at("postprocessing_fns").list();
  const auto arguments = root.at("postprocessing_kwargs").list();
  if (functions.size() != arguments.size()) {
    root.at("postprocessing_kwargs")
        .fail(fmt::format("has {} entries for {} functions", arguments.size(), functions.size()));
  }
  Postprocessing postprocessing;
  for (std::size_t n = 0; n < functions.size(); ++n) {
    if (functions[n].text() != kKeepLargest) {
      functions[n].fail(
          fmt::format("is {}, which Hepar can't do; it does {}", functions[n].text(), kKeepLargest),
          ErrorCode::kUnsupported);
    }
    std::vector<int> labels;
    add_labels(arguments[n].at("labels_or_regions"), labels);
    postprocessing.keep_largest_of.push_back(std::move(labels));
  }
  return postprocessing;
}

void postprocess(WideLabelMap& labels, const Postprocessing& postprocessing) {
  for (const auto& kept : postprocessing.keep_largest_of) keep_largest_component(labels, kept);
}

}  // namespace hepar
