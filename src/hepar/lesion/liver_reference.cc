// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/liver_reference.h"

#include <algorithm>

#include "hepar/core/parallel.h"
#include "hepar/numeric/histogram.h"

namespace hepar {
namespace {

struct RowCount {
  std::int32_t liver = 0, cyst = 0;
  std::uint8_t largest = 0;
};

// Counts in bytes over short stretches, which the compiler turns into a few wide instructions.
RowCount count_row(const std::uint8_t* row, std::int64_t length) {
  constexpr std::int64_t kStretch = 128;
  RowCount total;
  for (std::int64_t start = 0; start < length; start += kStretch) {
    const std::int64_t end = std::min(length, start + kStretch);
    std::uint8_t liver = 0, cyst = 0, largest = total.largest;
    for (std::int64_t i = start; i < end; ++i) {
      liver = static_cast<std::uint8_t>(liver + (row[i] == kLiver));
      cyst = static_cast<std::uint8_t>(cyst + (row[i] == kCyst));
      largest = std::max(largest, row[i]);
    }
    total.liver += liver, total.cyst += cyst, total.largest = largest;
  }
  return total;
}

// Every n-th of the rows that hold liver.
std::vector<std::int64_t> sampled_rows(const LabelCensus& census) {
  constexpr std::int64_t kEnoughVoxels = 1'000'000;
  const std::int64_t step = 1 + census.liver_voxels / kEnoughVoxels;
  std::vector<std::int64_t> rows;
  std::int64_t seen = 0;
  for (std::size_t row = 0; row < census.liver_in_row.size(); ++row) {
    if (census.liver_in_row[row] > 0 && seen++ % step == 0) rows.push_back(static_cast<std::int64_t>(row));
  }
  return rows;
}

void add_liver_of_row(const float* hu, const std::uint8_t* row, std::int64_t length,
                      UnitHistogram& histogram) {
  for (std::int64_t i = 0; i < length;) {
    if (row[i] != kLiver) {
      ++i;
      continue;
    }
    const std::int64_t start = i;
    while (i < length && row[i] == kLiver) ++i;
    histogram.add({hu + start, static_cast<std::size_t>(i - start)});
  }
}

}  // namespace

LabelCensus take_census(const LabelMap& labels) {
  const Int3 size = labels.size();
  LabelCensus census;
  census.liver_in_row.resize(static_cast<std::size_t>(size.j * size.k));
  std::vector<RowCount> slices(static_cast<std::size_t>(size.k));
  parallel_for(size.k, [&](std::int64_t k) {
    RowCount& slice = slices[static_cast<std::size_t>(k)];
    for (std::int64_t j = 0; j < size.j; ++j) {
      const RowCount row = count_row(&labels[{0, j, k}], size.i);
      census.liver_in_row[static_cast<std::size_t>(j + size.j * k)] = row.liver;
      slice.liver += row.liver, slice.cyst += row.cyst, slice.largest = std::max(slice.largest, row.largest);
    }
  });
  for (const RowCount& slice : slices) {
    census.liver_voxels += slice.liver, census.cyst_voxels += slice.cyst;
    census.largest = std::max(census.largest, slice.largest);
  }
  return census;
}

LiverReference measure_liver(const CtVolume& ct, const LabelMap& labels, const LabelCensus& census) {
  LiverReference liver;
  liver.voxels = census.liver_voxels;
  if (liver.voxels < kLeastLiverVoxels) return liver;
  const std::vector<std::int64_t> rows = sampled_rows(census);
  constexpr std::int64_t kParts = 16;
  std::vector<UnitHistogram> parts(kParts, UnitHistogram(-1024, 3071));
  const auto row_count = static_cast<std::int64_t>(rows.size());
  const std::int64_t length = labels.size().i;
  parallel_for(kParts, [&](std::int64_t part) {
    const std::int64_t end = (part + 1) * row_count / kParts;
    for (std::int64_t n = part * row_count / kParts; n < end; ++n) {
      const std::int64_t offset = rows[static_cast<std::size_t>(n)] * length;
      add_liver_of_row(ct.voxels().data() + offset, labels.voxels().data() + offset, length,
                       parts[static_cast<std::size_t>(part)]);
    }
  });
  for (std::size_t part = 1; part < parts.size(); ++part) parts[0].add(parts[part]);
  if (const std::optional<int> median = parts[0].median_bin()) {
    liver.median_hu = *median;
    liver.unenhanced = *median <= kUnenhancedLiverHu;
  }
  return liver;
}

}  // namespace hepar
