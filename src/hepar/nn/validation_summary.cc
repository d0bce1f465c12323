// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn/validation_summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "hepar/core/file.h"

namespace hepar {
namespace {
using Json = nlohmann::json;  // sorts its keys

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();  // Python's, in the file only

double iou_or_nan(const ConfusionCounts& counts) {
  const std::int64_t all = counts.true_positive + counts.false_positive + counts.false_negative;
  return all == 0 ? kUndefined : static_cast<double>(counts.true_positive) / static_cast<double>(all);
}

Json metrics_of(const ConfusionCounts& counts) {
  return {{"Dice", dice_of(counts).value_or(kUndefined)},
          {"IoU", iou_or_nan(counts)},
          {"TP", counts.true_positive},
          {"FP", counts.false_positive},
          {"FN", counts.false_negative},
          {"TN", counts.true_negative},
          {"n_pred", counts.true_positive + counts.false_positive},
          {"n_ref", counts.true_positive + counts.false_negative}};
}

// nnU-Net's name of a region: a number, or a Python tuple.
std::string key_of(const std::vector<int>& labels) {
  return labels.size() == 1 ? std::to_string(labels.front()) : fmt::format("({})", fmt::join(labels, ", "));
}

// Of each metric the mean over these; NaN is passed over or kept.
Json mean_of(const std::vector<Json>& rows, bool skip_nan) {
  std::map<std::string, std::pair<double, double>> sums;
  for (const Json& row : rows) {
    for (const auto& [metric, value] : row.items()) {
      auto& [sum, count] = sums[metric];
      if (skip_nan && std::isnan(value.get<double>())) continue;
      sum += value.get<double>();
      ++count;
    }
  }
  Json means;
  for (const auto& [metric, sum] : sums) means[metric] = sum.second > 0 ? sum.first / sum.second : kUndefined;
  return means;
}

// The two ratios are the only numbers that can be undefined; nlohmann writes null for NaN.
std::string with_python_nan(std::string text) {
  for (const std::string key : {"\"Dice\": ", "\"IoU\": "}) {
    const std::string undefined = key + "null";
    for (auto at = text.find(undefined); at != std::string::npos; at = text.find(undefined, at))
      text.replace(at, undefined.size(), key + "NaN");
  }
  return text;
}

}  // namespace

std::optional<double> dice_of(const ConfusionCounts& counts) {
  const std::int64_t sum = 2 * counts.true_positive + counts.false_positive + counts.false_negative;
  if (sum == 0) return {};
  return 2 * static_cast<double>(counts.true_positive) / static_cast<double>(sum);
}

std::string validation_summary_json(const Validation& validation) {
  Json summary{{"metric_per_case", Json::array()}, {"mean", Json::object()}};
  for (const ValidatedCase& one : validation.cases) {
    Json metrics = Json::object();
    for (std::size_t n = 0; n < validation.regions.size(); ++n)
      metrics[key_of(validation.regions[n].second)] = metrics_of(one.counts[n]);
    summary["metric_per_case"].push_back({{"metrics", metrics},
                                          {"prediction_file", one.prediction.string()},
                                          {"reference_file", one.reference.string()}});
  }
  std::vector<Json> means;
  for (const auto& [name, labels] : validation.regions) {
    std::vector<Json> rows;
    for (const Json& one : summary["metric_per_case"]) rows.push_back(one["metrics"][key_of(labels)]);
    means.push_back(mean_of(rows, true));
    summary["mean"][key_of(labels)] = means.back();
  }
  summary["foreground_mean"] = mean_of(means, false);
  return with_python_nan(summary.dump(4, ' ', true));
}

void write_validation_summary(const std::filesystem::path& file, const Validation& validation) {
  write_text_file(file, validation_summary_json(validation));
}

std::vector<RegionDice> mean_dice(const Validation& validation) {
  std::vector<RegionDice> result;
  for (std::size_t n = 0; n < validation.regions.size(); ++n) {
    RegionDice one{validation.regions[n].first, {}, 0};
    double sum = 0;
    for (const ValidatedCase& c : validation.cases) {
      const auto dice = dice_of(c.counts[n]);
      sum += dice.value_or(0);
      one.cases += dice ? 1 : 0;
    }
    if (one.cases > 0) one.mean = sum / static_cast<double>(one.cases);
    result.push_back(std::move(one));
  }
  return result;
}

std::string validation_text(const Validation& validation) {
  std::size_t width = 6;
  for (const auto& [name, labels] : validation.regions) width = std::max(width, name.size());
  std::string text = fmt::format("{:<{}}   Dice  cases", "region", width);
  for (const RegionDice& one : mean_dice(validation)) {
    text += fmt::format("\n{:<{}} {:>6} {:>6}", one.region, width,
                        one.mean ? fmt::format("{:.3f}", *one.mean) : "-", one.cases);
  }
  return text;
}

}  // namespace hepar
