// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/lesion_region.h"

#include <algorithm>

namespace hepar {

std::string_view verdict_name(Verdict verdict) {
  constexpr std::string_view kNames[] = {"tumour", "cyst", "doubtful", "opened"};
  return kNames[static_cast<std::size_t>(verdict)];
}

std::string_view flag_name(LesionFlag flag) {
  constexpr std::string_view kNames[] = {
      "small", "fit_failed", "poor_fit",    "near_threshold", "wide",      "unenhanced_liver", "no_liver",
      "rim",   "rim_unseen", "irregular",   "uneven",         "high_core", "bright_part",      "dense",
      "gas",   "touching",   "near_tumour", "equal_values",   "clipped",   "padding",          "implausible"};
  return kNames[static_cast<std::size_t>(flag)];
}

bool bars_cyst(LesionFlag flag) {
  switch (flag) {
    case LesionFlag::kNearThreshold:
    case LesionFlag::kWide:
    case LesionFlag::kUnenhancedLiver:
    case LesionFlag::kNoLiver:
    case LesionFlag::kPoorFit:
    case LesionFlag::kTouching:
      return false;
    default:
      return true;
  }
}

bool LesionRegion::has(LesionFlag flag) const {
  return std::find(flags.begin(), flags.end(), flag) != flags.end();
}

}  // namespace hepar
