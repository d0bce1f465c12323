// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/ct_input.h"

#include <fmt/format.h>

#include "hepar/core/error.h"
#include "hepar/dicom/ct_series.h"
#include "hepar/io/image_io.h"

namespace hepar {

LoadedCt load_ct(const CtSource& source) {
  if (!std::filesystem::exists(source.path)) {
    throw Error(ErrorCode::kMissing, fmt::format("there is no {}", source.path.string()));
  }
  if (std::filesystem::is_directory(source.path)) {
    auto series = read_ct_series(source.path,
                                 {.series = source.series, .resample_irregular = source.resample_irregular});
    std::vector<std::string> notes = series.grid.notes;
    return {std::move(series.voxels), std::move(notes), std::move(series.grid)};
  }
  auto image = read_ct(source.path, {.accept_skewed_directions = source.accept_skewed_directions});
  return {std::move(image.voxels), std::move(image.notes), {}};
}

}  // namespace hepar
