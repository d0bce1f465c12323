// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "hepar/lesion/lesion_filter.h"

namespace hepar {

// One line per region for people to read: volume, A, M and S of the fit to all voxels, the interior's mean,
// its contrast to the liver, probability of cyst, verdict, flags. "-" is undefined. Ends with a newline.
std::string lesion_table(const LesionFilterResult& result);

// The same for `hepar calibrate`: one row per judged region under the header
//   case,region,volume_ml,mean_hu,std_hu,interior_mean_hu,contrast_hu,probability_cyst,verdict,guards,truth
// `guards` are the flags that keep the region from being called cyst, joined by "|"; `truth` is empty, for a
// person to fill in. Regions whose evidence was not weighed (paper's rule) are left out.
std::string regions_csv(const LesionFilterResult& result, std::string_view case_name);

// What the fits were made to, for plots: one line per region and bin of 1 HU that the region's values span
// under the header region,hu,voxels,smoothed ("smoothed" by the kernel of kSmoothingSdHu).
std::string histograms_csv(const LesionFilterResult& result);

}  // namespace hepar
