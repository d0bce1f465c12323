// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "hepar/core/error.h"
#include "hepar/dicom/ct_series.h"

namespace hepar {

// A CT on such a grid, with slices 1.2.3.0, 1.2.3.1, ...
inline CtGrid grid_of(const Geometry& geometry) {
  CtGrid ct{geometry, {}, false, "1.2.3", "1.2", "1.2.9", {}};
  for (std::int64_t k = 0; k < geometry.size.k; ++k) {
    ct.slices.push_back({fmt::format("1.2.3.{}", k), geometry.world_from_index(to_vec({0, 0, k})), {}});
  }
  return ct;
}

inline CtGrid small_grid() {
  return grid_of({.size = {10, 8, 4}, .spacing_mm = {1, 1, 4}, .origin_mm = {100, 200, 300}});
}

// The message of a call that must be refused.
template <class Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    return error.what();
  }
  ADD_FAILURE() << "not refused";
  return "";
}

}  // namespace hepar
