// SPDX-License-Identifier: Apache-2.0
#include "hepar/evaluation/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "hepar/core/error.h"
#include "hepar/io/image_io.h"
#include "hepar/volume/reorient.h"

namespace hepar {
namespace {

// Labels of the map that no region names, as text; empty when there are none.
std::string unnamed_labels(const LabelMap& labels, const EvaluationOptions& options) {
  std::array<bool, 256> present{}, named{};
  for (const std::uint8_t value : labels.voxels()) present[value] = true;
  named[kBackground] = true;
  for (const RegionSpec& region : options.regions) {
    for (const std::uint8_t label : region.labels) named[label] = true;
  }
  std::string text;
  for (std::size_t value = 0; value < present.size(); ++value) {
    if (present[value] && !named[value]) text += fmt::format("{}{}", text.empty() ? "" : ", ", value);
  }
  return text;
}

// Compares the pairs of one method; what goes wrong with a case is a fault of the evaluation.
class MethodRun {
 public:
  // `alone`: one pair of files, whose error is the evaluation's.
  MethodRun(Evaluation& evaluation, MethodResult& method, const PairReader& read, bool alone)
      : evaluation_(evaluation), method_(method), read_(read), alone_(alone) {}

  void add(const CasePair& pair) {
    try {
      const auto [prediction, reference] = read_(pair);
      note_unnamed("prediction", pair.name, prediction);
      note_unnamed("reference", pair.name, reference);
      EvaluatedCase result = evaluate_maps(pair.name, prediction, reference, evaluation_.options);
      result.prediction = pair.prediction;
      result.reference = pair.reference;
      method_.cases.push_back(std::move(result));
    } catch (const Error& error) {
      if (alone_ || error.code() == ErrorCode::kInternal || error.code() == ErrorCode::kCancelled) throw;
      evaluation_.faults.push_back(
          fmt::format("{}: {} was left out: {}", method_.name, pair.name, error.what()));
    }
  }

 private:
  void note_unnamed(const char* which, const std::string& name, const LabelMap& labels) {
    const std::string unnamed = unnamed_labels(labels, evaluation_.options);
    if (unnamed.empty()) return;
    evaluation_.faults.push_back(
        fmt::format("{}: the {} of {} holds label {}, which no region names; it counts as background",
                    method_.name, which, name, unnamed));
  }

  Evaluation& evaluation_;
  MethodResult& method_;
  const PairReader& read_;
  bool alone_;
};

}  // namespace

bool EvaluationOptions::counts_lesions(const RegionSpec& region) const {
  return std::find(lesion_regions.begin(), lesion_regions.end(), region.name) != lesion_regions.end();
}

std::optional<std::size_t> EvaluationOptions::find_region(std::string_view name) const {
  for (std::size_t n = 0; n < regions.size(); ++n) {
    if (regions[n].name == name) return n;
  }
  return std::nullopt;
}

std::vector<std::string> EvaluationOptions::problems() const {
  std::vector<std::string> problems;
  if (regions.empty()) problems.push_back("no region is named");
  std::set<std::string> names;
  for (const RegionSpec& region : regions) {
    if (!names.insert(region.name).second) {
      problems.push_back(fmt::format("the region {} is named twice", region.name));
    }
  }
  if (!(min_iou >= 0 && min_iou <= 1)) {
    problems.push_back(fmt::format("the overlap that detects a lesion is {}; it must be 0 to 1", min_iou));
  }
  if (!(metrics.surface_tolerance_mm >= 0)) {
    problems.push_back(
        fmt::format("the surface tolerance is {} mm; it must be 0 or more", metrics.surface_tolerance_mm));
  }
  return problems;
}

LabelPair read_label_maps(const CasePair& pair) {
  LabelPair labels{read_labels(pair.prediction).voxels, read_labels(pair.reference).voxels};
  lay_onto(labels.prediction, labels.reference.geometry());
  return labels;
}

EvaluatedCase evaluate_maps(const std::string& name, const LabelMap& prediction, const LabelMap& reference,
                            const EvaluationOptions& options) {
  EvaluatedCase result{name, {}, {}, {}, {}};
  for (const RegionSpec& region : options.regions) {
    RegionResult one{evaluate_region(prediction, reference, region.labels, options.metrics), {}};
    if (options.counts_lesions(region)) {
      one.lesions = detect_lesions(prediction, reference, region.labels, options.min_iou);
    }
    result.regions.push_back(std::move(one));
  }
  return result;
}

Evaluation evaluate(const std::vector<MethodSource>& methods, const std::filesystem::path& reference,
                    const EvaluationOptions& options, Progress* progress, const PairReader& read) {
  if (const auto problems = options.problems(); !problems.empty()) {
    throw Error(ErrorCode::kInvalidInput, problems.front());
  }
  Evaluation evaluation;
  evaluation.options = options;
  evaluation.methods.reserve(methods.size());
  for (const MethodSource& source : methods) {
    const CasePairs found = pair_cases(source.path, reference, source.inner_file);
    evaluation.faults.insert(evaluation.faults.end(), found.faults.begin(), found.faults.end());
    MethodRun run(evaluation, evaluation.methods.emplace_back(MethodResult{source.name, {}}), read,
                  !std::filesystem::is_directory(source.path));
    for (std::size_t n = 0; n < found.pairs.size(); ++n) {
      report(progress, fmt::format("comparing {}", source.name),
             static_cast<double>(n) / static_cast<double>(found.pairs.size()));
      run.add(found.pairs[n]);
    }
    report(progress, fmt::format("comparing {}", source.name), 1.0);
    if (evaluation.methods.back().cases.empty()) {
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("no case of {} could be compared; the first reason: {}", source.path.string(),
                              evaluation.faults.back()));
    }
  }
  return evaluation;
}

std::vector<double> metric_values(const MethodResult& method, std::size_t region,
                                  std::optional<double> RegionMetrics::*metric) {
  std::vector<double> values;
  for (const EvaluatedCase& c : method.cases) {
    if (const auto& value = c.regions[region].metrics.*metric) values.push_back(*value);
  }
  return values;
}

PairedValues paired_values(const MethodResult& first, const MethodResult& second, std::size_t region,
                           std::optional<double> RegionMetrics::*metric) {
  PairedValues paired;
  for (const EvaluatedCase& a : first.cases) {
    const auto b = std::find_if(second.cases.begin(), second.cases.end(),
                                [&](const EvaluatedCase& c) { return c.name == a.name; });
    if (b == second.cases.end()) continue;
    const auto &x = a.regions[region].metrics.*metric, &y = b->regions[region].metrics.*metric;
    if (!x || !y) continue;
    paired.cases.push_back(a.name);
    paired.first.push_back(*x);
    paired.second.push_back(*y);
  }
  return paired;
}

}  // namespace hepar
