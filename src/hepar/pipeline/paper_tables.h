// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hepar/pipeline/reproduce.h"
#include "hepar/report/document.h"

namespace hepar {

// Tables 1 and 2 of the paper with our figures beside the paper's own. Of the region tumour.
ReportTable paper_table_1(const Reproduction& reproduction);
ReportTable paper_table_2(const Reproduction& reproduction);

// What the reader must know before looking at them: that phantoms are no patients, and with what the network
// was trained.
std::string honest_heading(const Reproduction& reproduction);

}  // namespace hepar
