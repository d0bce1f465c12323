// SPDX-License-Identifier: Apache-2.0
#include "hepar/metrics/lesion_detection.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <numbers>

#include "hepar/core/error.h"
#include "hepar/imaging/connected_components.h"
#include "hepar/metrics/region_mask.h"

namespace hepar {
namespace {

using SharedVoxels = std::map<std::size_t, std::int64_t>;  // by reference lesion

template <class AnyLesion>
AnyLesion lesion_of(const Component& component, const Geometry& grid) {
  AnyLesion lesion;
  lesion.volume_ml = static_cast<double>(component.voxels) * grid.voxel_volume_ml();
  lesion.diameter_mm = std::cbrt(6 * 1000 * lesion.volume_ml / std::numbers::pi);
  lesion.centroid_lps_mm = grid.world_from_index(component.centroid_index);
  return lesion;
}

SharedVoxels shared_voxels(std::span<const VoxelRun> runs, const Volume<std::int32_t>& references) {
  SharedVoxels shared;
  for (const VoxelRun& run : runs) {
    const auto painted = references.voxels().subspan(static_cast<std::size_t>(run.first),
                                                     static_cast<std::size_t>(run.length));
    for (const std::int32_t label : painted) {
      if (label != 0) ++shared[static_cast<std::size_t>(label - 1)];
    }
  }
  return shared;
}

// The key of the largest value, the first of equals.
std::optional<std::size_t> most_shared(const SharedVoxels& shared) {
  std::optional<std::size_t> best;
  for (const auto& [reference, voxels] : shared) {
    if (!best || voxels > shared.at(*best)) best = reference;
  }
  return best;
}

class Matching {
 public:
  Matching(const ComponentRuns& predictions, const ComponentRuns& references, const Geometry& grid)
      : assigned_(references.components.size()), touched_(references.components.size(), false) {
    const auto painted = paint_components(references, grid);
    for (const Component& component : predictions.components) {
      const SharedVoxels shared = shared_voxels(predictions.runs_of(component), painted);
      for (const auto& entry : shared) touched_[entry.first] = true;
      partners_.push_back(most_shared(shared));
      if (!partners_.back()) continue;
      Assigned& to = assigned_[*partners_.back()];
      to.voxels += component.voxels;
      to.common += shared.at(*partners_.back());
    }
  }

  std::optional<std::size_t> partner(std::size_t prediction) const { return partners_[prediction]; }
  bool touched(std::size_t reference) const { return touched_[reference]; }
  double iou(std::size_t reference, std::int64_t voxels) const {
    const Assigned& other = assigned_[reference];
    return static_cast<double>(other.common) / static_cast<double>(voxels + other.voxels - other.common);
  }

 private:
  struct Assigned {
    std::int64_t voxels = 0, common = 0;
  };
  std::vector<std::optional<std::size_t>> partners_;  // of the predicted lesions
  std::vector<Assigned> assigned_;                    // to the reference lesions
  std::vector<bool> touched_;                         // reference lesions that share any voxel
};

void count(const Lesion& lesion, const DetectionCounts& counts, DetectionSummary& summary) {
  summary.all += counts;
  summary.by_size[lesion_size_class(lesion.diameter_mm)] += counts;
}

std::optional<double> share(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::size_t lesion_size_class(double diameter_mm) {
  std::size_t n = 0;
  while (n + 1 < kLesionSizeClasses.size() && diameter_mm >= kLesionSizeClasses[n].high_mm) ++n;
  return n;
}

DetectionCounts& DetectionCounts::operator+=(const DetectionCounts& other) {
  references += other.references;
  detected += other.detected;
  predictions += other.predictions;
  false_positives += other.false_positives;
  return *this;
}

std::optional<double> DetectionCounts::recall() const { return share(detected, references); }

std::optional<double> DetectionCounts::precision() const {
  return share(predictions - false_positives, predictions);
}

std::optional<double> DetectionCounts::f1() const {
  if (references + predictions == 0) return std::nullopt;
  const double r = recall().value_or(0), p = precision().value_or(0);
  return r + p > 0 ? 2 * r * p / (r + p) : 0;
}

DetectionSummary& DetectionSummary::operator+=(const DetectionSummary& other) {
  all += other.all;
  for (std::size_t n = 0; n < by_size.size(); ++n) by_size[n] += other.by_size[n];
  return *this;
}

DetectionSummary LesionDetection::summary() const {
  DetectionSummary summary;
  for (const ReferenceLesion& lesion : references)
    count(lesion, {.references = 1, .detected = lesion.detected ? 1 : 0}, summary);
  for (const PredictedLesion& lesion : predictions)
    count(lesion, {.predictions = 1, .false_positives = lesion.true_positive ? 0 : 1}, summary);
  return summary;
}

LesionDetection detect_lesions(const LabelMap& prediction, const LabelMap& reference,
                               std::span<const std::uint8_t> labels, double min_iou) {
  if (!(min_iou >= 0 && min_iou <= 1)) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("the overlap that counts as a detection is {}; give an IoU from 0 to 1", min_iou));
  }
  LesionDetection detection;
  const auto masks = region_masks(prediction, reference, labels);
  if (!masks) return detection;
  const Geometry& grid = masks->reference.geometry();
  const ComponentRuns predicted = find_components(masks->prediction, 1),
                      referred = find_components(masks->reference, 1);
  const Matching matching(predicted, referred, grid);
  for (std::size_t n = 0; n < referred.components.size(); ++n) {
    auto lesion = lesion_of<ReferenceLesion>(referred.components[n], grid);
    lesion.iou = matching.iou(n, referred.components[n].voxels);
    lesion.detected = min_iou > 0 ? lesion.iou >= min_iou : matching.touched(n);
    detection.references.push_back(lesion);
  }
  for (std::size_t n = 0; n < predicted.components.size(); ++n) {
    auto lesion = lesion_of<PredictedLesion>(predicted.components[n], grid);
    lesion.reference = matching.partner(n);
    lesion.true_positive = lesion.reference && detection.references[*lesion.reference].detected;
    detection.predictions.push_back(lesion);
  }
  return detection;
}

}  // namespace hepar
