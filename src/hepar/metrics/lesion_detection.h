// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "hepar/volume/volume.h"

namespace hepar {

// Diameters from low_mm up to, not including, high_mm. The bounds are LI-RADS v2018's for observations
// (American College of Radiology, CT/MRI core); 10 mm is also the least measurable lesion of RECIST 1.1
// (Eisenhauer et al., Eur. J. Cancer 45:228, 2009).
struct LesionSizeClass {
  const char* name;
  double low_mm, high_mm;
};
inline constexpr std::array<LesionSizeClass, 3> kLesionSizeClasses{
    {{"below 10 mm", 0, 10},
     {"10 to below 20 mm", 10, 20},
     {"20 mm and more", 20, std::numeric_limits<double>::infinity()}}};
std::size_t lesion_size_class(double diameter_mm);  // index in kLesionSizeClasses

// A connected part (faces, edges and corners) of a structure.
struct Lesion {
  double volume_ml = 0;
  double diameter_mm = 0;  // of the ball of the same volume
  Vec3 centroid_lps_mm;
};
struct ReferenceLesion : Lesion {
  double iou = 0;  // of it and all predicted lesions assigned to it
  bool detected = false;
};
struct PredictedLesion : Lesion {
  std::optional<std::size_t> reference;  // the one that it is assigned to, detected or not
  bool true_positive = false;
};

// References are counted in the size class of the reference lesion, predictions in that of the predicted one.
struct DetectionCounts {
  std::int64_t references = 0, detected = 0, predictions = 0, false_positives = 0;
  DetectionCounts& operator+=(const DetectionCounts& other);
  // detected / references, and the share of predictions that are no false positives; undefined without any.
  std::optional<double> recall() const;
  std::optional<double> precision() const;
  // Harmonic mean of both; 0 when there are lesions on one side only, undefined without any.
  std::optional<double> f1() const;
  friend bool operator==(const DetectionCounts&, const DetectionCounts&) = default;
};

// The counts of one case or, added, of many.
struct DetectionSummary {
  DetectionCounts all;
  std::array<DetectionCounts, kLesionSizeClasses.size()> by_size;
  DetectionSummary& operator+=(const DetectionSummary& other);
};

struct LesionDetection {
  std::vector<ReferenceLesion> references;  // by first voxel, i fastest
  std::vector<PredictedLesion> predictions;
  DetectionSummary summary() const;
};

// An overlap that says that a lesion was found at its place, not that its border is right; Jaeger et al.,
// ML4H at NeurIPS 2019, PMLR 116:171, section 4.3. LiTS asks for more than 0.5.
inline constexpr double kMinDetectionIou = 0.1;

// Which lesions of the reference were found. Each predicted lesion is assigned to the reference lesion with
// which it shares most voxels (the first of equals), if it shares any. A reference lesion is detected when
// the IoU (voxels in common / voxels of either) of it and all predicted lesions assigned to it is at least
// `min_iou`; at min_iou 0, when it shares a voxel with any prediction. Predicted lesions that are not
// assigned to a detected lesion are false positives. After the scoring of LiTS (Bilic et al., Med. Image
// Anal. 84:102680, 2023; detect_lesions of PatrickChrist/lits-challenge-scoring), which also joins reference
// lesions that one prediction spans; here the others of these are missed.
// The structure is all voxels with one of these labels. Throws Error(kInvalidInput) when the maps are not on
// the same grid or min_iou is not in [0, 1].
LesionDetection detect_lesions(const LabelMap& prediction, const LabelMap& reference,
                               std::span<const std::uint8_t> labels, double min_iou = kMinDetectionIou);

}  // namespace hepar
