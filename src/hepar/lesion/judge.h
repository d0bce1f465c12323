// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/lesion/lesion_filter.h"

namespace hepar {

// Fill flags, probability, verdict and reason of a region whose measurements are there. Flags that the region
// already has stay.
void judge_by_paper(LesionRegion& region, const LiverReference& liver, const LesionFilterOptions& options);
void judge_by_evidence(LesionRegion& region, const LiverReference& liver, const LesionFilterOptions& options,
                       double slice_mm);

// Turns a cyst into a doubtful region because of a flag that was found later.
void bar_cyst(LesionRegion& region, LesionFlag flag, const LiverReference& liver);

}  // namespace hepar
