// SPDX-License-Identifier: Apache-2.0
#include "hepar/metrics/metric_table.h"

#include <algorithm>
#include <array>

namespace hepar {
namespace {

constexpr const char* kHeimann = "Heimann et al., IEEE Trans. Med. Imaging 28(8):1251, 2009";
constexpr const char* kNikolov =
    "Nikolov et al., J. Med. Internet Res. 23(7):e26151, 2021 (google-deepmind/surface-distance)";

constexpr std::array<MetricInfo, 16> kMetrics{{
    {"dsc", "Dice similarity coefficient", "DSC", "",
     "2 |P n R| / (|P| + |R|) of the voxels; 0 when one mask is empty, undefined when both are.",
     "Dice, Ecology 26(3):297, 1945", Better::kHigher, &RegionMetrics::dsc},
    {"jaccard", "Jaccard index", "JI", "",
     "|P n R| / |P u R| of the voxels; 0 when one mask is empty, undefined when both are.",
     "Jaccard, New Phytologist 11(2):37, 1912", Better::kHigher, &RegionMetrics::jaccard},
    {"voe", "Volumetric overlap error", "VOE", "",
     "1 - |P n R| / |P u R|, as a fraction; 1 when one mask is empty, undefined when both are.", kHeimann,
     Better::kLower, &RegionMetrics::voe},
    {"rvd", "Relative volume difference", "RVD", "",
     "(|P| - |R|) / |R|, signed, as a fraction; -1 when only the prediction is empty, undefined when the "
     "reference is.",
     kHeimann, Better::kNearZero, &RegionMetrics::rvd},
    {"hd_mm", "Hausdorff distance", "HD", "mm",
     "The largest distance from a surface voxel of one mask to the nearest of the other; undefined when a "
     "mask is empty.",
     "Huttenlocher et al., IEEE Trans. Pattern Anal. Mach. Intell. 15(9):850, 1993", Better::kLower,
     &RegionMetrics::hd_mm},
    {"hd95_mm", "95 % Hausdorff distance, larger of both directions", "HD95", "mm",
     "The larger of the 95th percentiles of the distances from P to R and from R to P, as in MONAI; "
     "undefined when a mask is empty.",
     "MONAI, compute_hausdorff_distance (percentile=95)", Better::kLower, &RegionMetrics::hd95_mm},
    {"hd95_pooled_mm", "95 % Hausdorff distance, both directions together", "HD95 pooled", "mm",
     "The 95th percentile of the distances from P to R and from R to P taken together, as in MedPy; "
     "undefined "
     "when a mask is empty.",
     "MedPy, metric.binary.hd95", Better::kLower, &RegionMetrics::hd95_pooled_mm},
    {"hd95_area_weighted_mm", "95 % Hausdorff distance, weighted by surface area", "HD95 weighted", "mm",
     "The larger of the two distances within which 95 % of one surface's area lies from the other; undefined "
     "when a mask is empty.",
     kNikolov, Better::kLower, &RegionMetrics::hd95_area_weighted_mm},
    {"assd_mm", "Average symmetric surface distance", "ASSD", "mm",
     "The mean of the distances from P to R and from R to P taken together (MedPy's assd is the mean of the "
     "two directed means); undefined when a mask is empty.",
     kHeimann, Better::kLower, &RegionMetrics::assd_mm},
    {"rmsd_mm", "Root mean square symmetric surface distance", "RMSD", "mm",
     "The root of the mean square of the distances from P to R and from R to P taken together; undefined "
     "when "
     "a mask is empty.",
     kHeimann, Better::kLower, &RegionMetrics::rmsd_mm},
    {"surface_dice", "Surface Dice at a tolerance", "Surface DSC", "",
     "The share of the area of both surfaces that lies within the tolerance of the other; 0 when one mask is "
     "empty, undefined when both are.",
     kNikolov, Better::kHigher, &RegionMetrics::surface_dice},
    {"added_path_length_mm", "Added path length", "APL", "mm",
     "Contour pixels of R, slice by slice, that P's contour in that slice does not share (at a tolerance: is "
     "not near), times the pixel size; 0 when the reference is empty, all of its contour when only the "
     "prediction is.",
     "Vaassen et al., Phys. Imaging Radiat. Oncol. 13:1, 2020", Better::kLower,
     &RegionMetrics::added_path_length_mm},
    {"centroid_distance_mm", "Distance of the centres of mass", "Centroid distance", "mm",
     "The distance between the mean positions of the voxels of P and of R; undefined when a mask is empty.",
     "definition", Better::kLower, &RegionMetrics::centroid_distance_mm},
    {"volume_ml", "Volume", "Volume", "mL",
     "The voxels of P times the volume of one; 0 when the prediction is empty.", "definition", Better::kNone,
     &RegionMetrics::volume_ml},
    {"reference_ml", "Volume of the reference", "Reference volume", "mL",
     "The voxels of R times the volume of one; 0 when the reference is empty.", "definition", Better::kNone,
     &RegionMetrics::reference_ml},
    {"volume_error_ml", "Volume error", "Volume error", "mL",
     "Volume of P less volume of R, signed; an empty mask counts as 0 mL.", "definition", Better::kNearZero,
     &RegionMetrics::volume_error_ml},
}};

}  // namespace

std::span<const MetricInfo> metric_table() { return kMetrics; }

const MetricInfo* find_metric(std::string_view key) {
  const auto found =
      std::find_if(kMetrics.begin(), kMetrics.end(), [&](const MetricInfo& m) { return m.key == key; });
  return found == kMetrics.end() ? nullptr : &*found;
}

std::string metric_label(const MetricInfo& metric) {
  const std::string unit = metric.unit;
  return unit.empty() ? metric.short_title : metric.short_title + (" (" + unit + ")");
}

}  // namespace hepar
