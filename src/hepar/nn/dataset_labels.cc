// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "hepar/nn/json_file.h"
#include "hepar/nn/model_folder.h"

namespace hepar {
namespace {

// The rules of nnunetv2/utilities/label_handling/label_handling.py.

constexpr int kMaxLabel = 65535;  // of a label map as nnU-Net writes it

int read_label(const JsonNode& node) {
  const std::int64_t label = node.integer();
  if (label < 0 || label > kMaxLabel) {
    node.fail(fmt::format("is {}, not a label in [0, {}]", label, kMaxLabel));
  }
  return static_cast<int>(label);
}

std::vector<int> read_values(const JsonNode& node) {
  if (!node.is_list()) return {read_label(node)};
  std::vector<int> values;
  for (const auto& item : node.list()) values.push_back(read_label(item));
  if (values.empty()) node.fail("names no label");
  return values;
}

void read_class_order(const JsonNode& root, DatasetLabels& labels) {
  const JsonNode order = root.at("regions_class_order");
  for (const auto& item : order.list()) labels.regions_class_order.push_back(read_label(item));
  if (labels.regions_class_order.size() != labels.regions.size()) {
    order.fail(fmt::format("has {} entries for {} regions", labels.regions_class_order.size(),
                           labels.regions.size()));
  }
}

// nnU-Net writes a channel's number, which is the label only when none is left out.
void check_consecutive(const JsonNode& node, const DatasetLabels& labels) {
  int wanted = 1;
  for (const int label : labels.foreground_labels) {
    if (label != wanted) node.fail(fmt::format("has the label {} where {} should follow", label, wanted));
    ++wanted;
  }
}

void read_channels(const JsonNode& root, DatasetLabels& labels) {
  // "modality" is the name of nnU-Net v1.
  if (!root.has("channel_names") && !root.has("modality")) return;
  for (const auto& [number, node] :
       root.at(root.has("channel_names") ? "channel_names" : "modality").members())
    labels.channel_names.push_back(node.text());
}

}  // namespace

std::int64_t DatasetLabels::heads() const {
  return static_cast<std::int64_t>(has_regions() ? regions.size() : foreground_labels.size() + 1);
}

std::vector<int> DatasetLabels::written_labels() const {
  if (!has_regions()) return foreground_labels;
  const std::set<int> written(regions_class_order.begin(), regions_class_order.end());
  return {written.begin(), written.end()};
}

DatasetLabels read_dataset_labels(const std::filesystem::path& dataset_json) {
  const auto document = parse_json_file(dataset_json);
  const JsonNode root(document, dataset_json.string());
  DatasetLabels labels;
  bool has_regions = false;
  std::set<int> values_seen;
  for (const auto& [name, node] : root.at("labels").members()) {
    const std::vector<int> values = read_values(node);
    if (name == "ignore") {
      labels.ignore_label = values.front();
      continue;
    }
    has_regions = has_regions || values.size() > 1;
    values_seen.insert(values.begin(), values.end());
    if (values != std::vector<int>{0}) labels.regions.emplace_back(name, values);
  }
  values_seen.erase(0);
  labels.foreground_labels.assign(values_seen.begin(), values_seen.end());
  if (labels.regions.empty()) root.at("labels").fail("names no foreground");
  has_regions ? read_class_order(root, labels) : check_consecutive(root.at("labels"), labels);
  read_channels(root, labels);
  if (root.has("file_ending")) labels.file_ending = root.at("file_ending").text();
  return labels;
}

}  // namespace hepar
