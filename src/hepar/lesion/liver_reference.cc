// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/liver_reference.h"

#include <algorithm>
#include <cmath>

#include "hepar/core/parallel.h"
#include "hepar/imaging/image_quality.h"
#include "hepar/lesion/gaussian_fit.h"
#include "hepar/lesion/lesion_patch.h"
#include "hepar/numeric/histogram.h"
#include "hepar/numeric/statistics.h"

namespace hepar {
namespace {

constexpr int kLowestHu = -1024, kHighestHu = 3071;

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
  constexpr std::int64_t kEnoughVoxels = 250'000;
  const std::int64_t step = 1 + census.liver_voxels / kEnoughVoxels;
  std::vector<std::int64_t> rows;
  std::int64_t seen = 0;
  for (std::size_t row = 0; row < census.liver_in_row.size(); ++row) {
    if (census.liver_in_row[row] > 0 && seen++ % step == 0) rows.push_back(static_cast<std::int64_t>(row));
  }
  return rows;
}

// Adds the row's `left` liver voxels to the histogram; what follows the last is not read.
void add_liver_of_row(const float* hu, const std::uint8_t* row, std::int64_t left, UnitHistogram& histogram) {
  for (std::int64_t i = 0; left > 0;) {
    while (row[i] != kLiver) ++i;
    const std::int64_t start = i;
    while (i - start < left && row[i] == kLiver) ++i;
    histogram.add({hu + start, static_cast<std::size_t>(i - start)});
    left -= i - start;
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

namespace {

UnitHistogram histogram_of_label(const CtVolume& ct, const LabelMap& labels, const LabelCensus& census) {
  const std::vector<std::int64_t> rows = sampled_rows(census);
  constexpr std::int64_t kParts = 8;
  std::vector<UnitHistogram> parts(kParts, UnitHistogram(kLowestHu, kHighestHu));
  const auto row_count = static_cast<std::int64_t>(rows.size());
  const std::int64_t length = labels.size().i;
  parallel_for(kParts, [&](std::int64_t part) {
    const std::int64_t end = (part + 1) * row_count / kParts;
    for (std::int64_t n = part * row_count / kParts; n < end; ++n) {
      const std::int64_t row = rows[static_cast<std::size_t>(n)];
      add_liver_of_row(ct.voxels().data() + row * length, labels.voxels().data() + row * length,
                       census.liver_in_row[static_cast<std::size_t>(row)],
                       parts[static_cast<std::size_t>(part)]);
    }
  });
  for (std::size_t part = 1; part < parts.size(); ++part) parts[0].add(parts[part]);
  return parts[0];
}

UnitHistogram histogram_of_surroundings(const CtVolume& ct, const LabelMap& labels,
                                        std::span<const Component> lesions) {
  constexpr std::size_t kEnoughLesions = 100;
  UnitHistogram histogram(kLowestHu, kHighestHu);
  for (const Component& lesion : lesions.first(std::min(lesions.size(), kEnoughLesions))) {
    const LesionPatch patch = cut_patch(ct, labels, {}, lesion.bounds, {.liver_by_hu = true});
    for (std::size_t n = 0; n < patch.hu.size(); ++n) {
      if (patch.tissue[n] == Tissue::kParenchyma) histogram.add({&patch.hu[n], 1});
    }
  }
  return histogram;
}

// SD of the peak from the half of the voxels nearest to the median.
double rough_sd(const UnitHistogram& histogram, int median) {
  const std::int64_t half = histogram.inside() / 2;
  std::int64_t seen = 0;
  int reach = 0;
  const auto count = [&](int hu) {
    const bool inside = hu >= histogram.first() && hu <= histogram.last();
    return inside ? histogram.counts()[static_cast<std::size_t>(hu - histogram.first())] : 0;
  };
  for (seen = count(median); seen < half; seen += count(median - reach) + count(median + reach)) ++reach;
  return std::max(1.0, kSdPerMad * reach);
}

void fit_parenchyma(const UnitHistogram& histogram, LiverReference& liver) {
  const std::optional<int> median = histogram.median_bin();
  if (!median) return;
  liver.median_hu = *median;
  liver.unenhanced = *median <= kUnenhancedLiverHu;
  const double sd = rough_sd(histogram, *median);
  // Vessels and bile ducts lie in the tails beyond 1.5 SD.
  const auto peak = fit_peak(histogram, *median - static_cast<int>(std::ceil(1.5 * sd)),
                             *median + static_cast<int>(std::ceil(1.5 * sd)));
  liver.mean_hu = peak ? peak->mean_hu : *liver.median_hu;
  liver.std_hu = peak ? peak->std_hu : sd;
  liver.noise_hu = *liver.std_hu;
}

}  // namespace

LiverReference measure_liver(const CtVolume& ct, const LabelMap& labels, const LabelCensus& census,
                             std::span<const Component> lesions) {
  LiverReference liver;
  liver.voxels = census.liver_voxels;
  const bool labelled = liver.voxels >= kLeastLiverVoxels;
  fit_parenchyma(
      labelled ? histogram_of_label(ct, labels, census) : histogram_of_surroundings(ct, labels, lesions),
      liver);
  if (!liver.median_hu) return liver;
  liver.source = labelled ? LiverSource::kLabel : LiverSource::kSurroundings;
  if (labelled) {
    if (const auto noise = estimate_noise(ct, labels, kLiver)) {
      liver.noise_hu = noise->sd_hu;
      liver.correlated_voxels = noise->correlated_voxels;
    }
  }
  if (const auto sigma_mm = estimate_psf_sigma_mm(ct)) liver.psf_sigma_mm = *sigma_mm;
  return liver;
}

}  // namespace hepar
