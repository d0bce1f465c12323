// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "hepar/metrics/region_metrics.h"

namespace hepar {

// In which direction a prediction is better.
enum class Better { kHigher, kLower, kNearZero, kNone };

struct MetricInfo {
  const char* key;          // the column in CSV and JSON; the name of the field
  const char* title;        // "Dice similarity coefficient"
  const char* short_title;  // "DSC"
  const char* unit;         // "", "mm" or "mL"
  const char* definition;   // one sentence, with what empty masks give; P prediction, R reference
  const char* source;
  Better better;
  std::optional<double> RegionMetrics::*value;
};

// Every metric of one structure of one case, in the order of all outputs. The only list there is: documents,
// help and tables are made from it.
std::span<const MetricInfo> metric_table();

// Short title and unit for a column or an axis: "DSC", "HD95 (mm)".
std::string metric_label(const MetricInfo& metric);

// The metric of that key; nothing when there is none.
const MetricInfo* find_metric(std::string_view key);

}  // namespace hepar
