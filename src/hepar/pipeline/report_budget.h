// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "hepar/report/document.h"

namespace hepar {

// Bytes of all slices' pictures as base64, which is nearly all that a page of many cases weighs, and of its
// figures.
std::size_t picture_bytes(const ReportDocument& document);

// Takes slices out until the pictures fit into `most_bytes`: of every stack the outermost first, down to the
// one that is first shown; then whole stacks, from the last case backwards, the last lesion of each first.
// Returns a sentence about what was taken; empty when nothing was.
std::string trim_slices(ReportDocument& document, std::size_t most_bytes);

}  // namespace hepar
