// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hepar/core/progress.h"
#include "hepar/evaluation/case_pairs.h"
#include "hepar/evaluation/region_spec.h"
#include "hepar/metrics/lesion_detection.h"
#include "hepar/metrics/region_metrics.h"

namespace hepar {

struct EvaluationOptions {
  std::vector<RegionSpec> regions = default_regions();
  // Regions whose connected parts are also counted one by one; names that are no region are ignored.
  std::vector<std::string> lesion_regions = {"tumour", "cyst"};
  MetricOptions metrics;
  double min_iou = kMinDetectionIou;  // what makes a lesion detected, see lesion_detection.h

  bool counts_lesions(const RegionSpec& region) const;
  // Place of the region of that name in `regions`.
  std::optional<std::size_t> find_region(std::string_view name) const;
  // All that is wrong, one sentence each: no region, a name twice.
  std::vector<std::string> problems() const;
};

struct RegionResult {
  RegionMetrics metrics;
  std::optional<LesionDetection> lesions;  // of lesion_regions
};

// One prediction against its reference; results in the order of EvaluationOptions::regions.
struct EvaluatedCase {
  std::string name;
  std::filesystem::path prediction, reference;
  std::filesystem::path ct;  // where it is known: for pictures
  std::vector<RegionResult> regions;
};

// One set of predictions: what a table calls a method.
struct MethodSource {
  std::string name;
  std::filesystem::path path;           // a label map or a folder of them
  std::string inner_file{kLabelsFile};  // of cases that are folders
};
struct MethodResult {
  std::string name;
  std::vector<EvaluatedCase> cases;  // by name
};

struct Evaluation {
  EvaluationOptions options;
  std::vector<MethodResult> methods;  // the first is what the others are compared with
  std::vector<std::string> notes;     // what the reader should know
  std::vector<std::string> faults;    // cases that could not be compared, and why
};

// Compares two label maps on one grid. Error(kInvalidInput) when they lie on different grids.
EvaluatedCase evaluate_maps(const std::string& name, const LabelMap& prediction, const LabelMap& reference,
                            const EvaluationOptions& options = {});

// The two label maps of a pair, on one grid.
struct LabelPair {
  LabelMap prediction, reference;
};
using PairReader = std::function<LabelPair(const CasePair&)>;

// Reads image files; a prediction of the reference's grid in another order of axes is turned.
LabelPair read_label_maps(const CasePair& pair);

// Compares every method's label maps with the reference's, see pair_cases(), as `read` delivers them. A case
// that can't be compared is a fault, the others go on. Error when no case of a method is left, or for options
// with problems.
Evaluation evaluate(const std::vector<MethodSource>& methods, const std::filesystem::path& reference,
                    const EvaluationOptions& options = {}, Progress* progress = nullptr,
                    const PairReader& read = read_label_maps);

// The values of one metric over a method's cases where it is defined.
std::vector<double> metric_values(const MethodResult& method, std::size_t region,
                                  std::optional<double> RegionMetrics::*metric);

// The metric of both methods over the cases that both have and where it is defined for both, in one order.
struct PairedValues {
  std::vector<std::string> cases;
  std::vector<double> first, second;
};
PairedValues paired_values(const MethodResult& first, const MethodResult& second, std::size_t region,
                           std::optional<double> RegionMetrics::*metric);

}  // namespace hepar
