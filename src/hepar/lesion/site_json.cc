// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/site_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"

namespace hepar {
namespace {

using Json = nlohmann::ordered_json;

Json interval_json(const RateInterval& interval) { return Json::array({interval.low, interval.high}); }

Json roc_json(const std::vector<RocPoint>& points) {
  Json list = Json::array();
  const std::size_t count = std::min(points.size(), kMostRocPoints);
  for (std::size_t n = 0; n < count; ++n) {
    // From the first to the last.
    const RocPoint& point = points[count < 2 ? 0 : n * (points.size() - 1) / (count - 1)];
    list.push_back({{"threshold", point.threshold},
                    {"cysts_removed", point.true_positive_rate},
                    {"tumours_dropped", point.false_positive_rate}});
  }
  return list;
}

[[noreturn]] void fail(const std::string& what, ErrorCode code = ErrorCode::kInvalidInput) {
  throw Error(code, "the site's thresholds can't be used: " + what);
}

template <std::size_t n>
void refuse_unknown_keys(const Json& object, const std::array<std::string_view, n>& known) {
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      fail(fmt::format("the key '{}' is unknown; known are {}", key, fmt::join(known, ", ")));
    }
  }
}

Json parse(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    fail(fmt::format("the file is no JSON ({})", error.what()), ErrorCode::kCorrupt);
  }
}

void check_format(const Json& document) {
  if (!document.is_object() || !document.contains("format") || !document["format"].is_string()) {
    fail("the file has no \"format\": \"hepar.site/1\"; it is written by `hepar calibrate`");
  }
  const auto format = document["format"].get<std::string>();
  if (format == "hepar.site/1") return;
  if (format.starts_with("hepar.site/")) {
    fail(fmt::format("the format is {}, and this program reads hepar.site/1", format),
         ErrorCode::kUnsupported);
  }
  fail(fmt::format("the format is {}, not hepar.site/1; it is written by `hepar calibrate`", format));
}

double threshold(const Json& thresholds, const std::string& key, double least) {
  if (!thresholds.contains(key)) fail(fmt::format("'thresholds.{}' is missing", key));
  const Json& value = thresholds[key];
  const double number = value.is_number() ? value.get<double>() : std::nan("");
  if (!(number >= least && number <= 1)) {
    fail(fmt::format("'thresholds.{}' is {}, not a number from {} to 1", key, value.dump(), least));
  }
  return number;
}

}  // namespace

std::string site_json(const Calibration& calibration) {
  const Json document{
      {"format", "hepar.site/1"},
      {"disclaimer", "For research; not a medical device."},
      {"thresholds",
       {{"cyst_probability", calibration.thresholds.cyst_probability},
        {"tumour_probability", calibration.thresholds.tumour_probability}}},
      {"drop_ceiling", calibration.drop_ceiling},
      {"tumours",
       {{"count", calibration.tumours},
        {"dropped", calibration.tumours_dropped},
        {"drop_rate_upper_95", calibration.drop_rate_upper_95}}},
      {"cysts",
       {{"count", calibration.cysts},
        {"removed", calibration.cysts_removed},
        {"removed_rate_95", interval_json(calibration.removed_rate_95)}}},
      {"auc",
       {{"value", calibration.roc.area}, {"interval_95", interval_json(calibration.roc.area_interval)}}},
      {"roc", roc_json(calibration.roc.points)}};
  return document.dump(2) + "\n";
}

SiteThresholds read_site_json(std::string_view text) {
  const Json document = parse(text);
  check_format(document);
  refuse_unknown_keys(document,
                      std::array<std::string_view, 8>{"format", "disclaimer", "thresholds", "drop_ceiling",
                                                      "tumours", "cysts", "auc", "roc"});
  if (!document.contains("thresholds") || !document["thresholds"].is_object())
    fail("'thresholds' is missing");
  const Json& thresholds = document["thresholds"];
  refuse_unknown_keys(thresholds, std::array<std::string_view, 2>{"cyst_probability", "tumour_probability"});
  const SiteThresholds site{threshold(thresholds, "cyst_probability", kLeastCystProbability),
                            threshold(thresholds, "tumour_probability", 0)};
  if (site.tumour_probability > site.cyst_probability) {
    fail(fmt::format("'thresholds.tumour_probability' is {} and above 'thresholds.cyst_probability', {}",
                     site.tumour_probability, site.cyst_probability));
  }
  return site;
}

}  // namespace hepar
