// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "hepar/report/document.h"

namespace hepar {

// Takes slices out until the pictures weigh `bytes` less: of every stack the outermost first, down to the one
// that is first shown; then whole stacks, from the last case backwards, the last lesion of each first.
// Returns how many slices were taken, and of how many lesions none is left.
struct TrimmedSlices {
  std::size_t slices = 0, bare_lesions = 0;
};
TrimmedSlices trim_slices(ReportDocument& document, std::size_t bytes);

// Trims the document until its page is no larger than `most_bytes`, as far as slices are what makes it large,
// and says so in its first section.
void fit_page(ReportDocument& document, std::size_t most_bytes);

}  // namespace hepar
