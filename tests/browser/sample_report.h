// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/report/document.h"

namespace hepar {

// Made-up results of three cases: "round_a" (a tumour and a cyst), "empty_b" (no lesion), "round_c" (a
// doubtful and a missed lesion). Each lesion has five slices; that of the feet is slice 1, slice 3 is first
// shown. The cyst is drawn in slices 2 to 4 only.
ReportDocument sample_report();

}  // namespace hepar
