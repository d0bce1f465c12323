// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/plan/grid_plan.h"
#include "hepar/plan/grid_view.h"
#include "hepar/plan/nonzero.h"
#include "hepar/plan/preprocess.h"

namespace hepar {
namespace {

using Label = std::int16_t;

template <class T>
void check_labels(const Volume<T>& labels, const PreprocessedCase& prepared) {
  const Geometry grid = reorient(labels.geometry(), prepared.order);
  if (const auto difference = grid_difference(prepared.reordered, grid)) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("The labels lie on another grid than the scan: {}; resample them first.", *difference));
  }
  const auto greatest = *std::max_element(labels.voxels().begin(), labels.voxels().end());
  if (greatest > std::numeric_limits<Label>::max()) {
    throw Error(ErrorCode::kUnsupported, fmt::format("The labels reach {}; Hepar resamples labels up to {}.",
                                                     greatest, std::numeric_limits<Label>::max()));
  }
}

// The labels along the network's axes, cut as the scan.
template <class T>
std::vector<Label> cut_labels(const Volume<T>& labels, const PreprocessedCase& prepared) {
  const GridView<T> view = view_of(labels, prepared.order, prepared.crop);
  const std::int64_t slice = view.size.i * view.size.j;
  std::vector<Label> result(static_cast<std::size_t>(view.size.count()));
  parallel_for(view.size.k, [&](std::int64_t k) {
    auto to = result.begin() + k * slice;
    view.for_each_in_slice(2, k, [&](T label) { *to++ = static_cast<Label>(label); });
  });
  return result;
}

void mark_outside(const Mask& mask, const PreprocessedCase& prepared, std::vector<Label>& labels) {
  const GridView<std::uint8_t> view = view_of(mask, prepared.order, prepared.crop);
  const std::int64_t slice = view.size.i * view.size.j;
  parallel_for(view.size.k, [&](std::int64_t k) {
    auto at = labels.begin() + k * slice;
    view.for_each_in_slice(2, k, [&](std::uint8_t inside) {
      if (inside == 0 && *at == 0) *at = -1;
      ++at;
    });
  });
}

std::vector<Label> resampled(const std::vector<Label>& labels, const PreprocessedCase& prepared,
                             const ModelPlan& plan) {
  const GridPlan grid = plan_grid(prepared, plan);
  std::vector<Label> result(static_cast<std::size_t>(grid.new_size.count()));
  resize_labels(grid.size, labels, grid.new_size, resize_rule(plan.label_resampling, grid), result);
  return result;
}

}  // namespace

template <class T>
std::vector<std::int16_t> preprocess_labels(const Volume<T>& labels, std::span<const CtVolume> channels,
                                            const PreprocessedCase& prepared, const ModelPlan& plan) {
  check_labels(labels, prepared);
  std::vector<Label> cut = cut_labels(labels, prepared);
  if (const auto mask = nonzero_mask(channels)) mark_outside(*mask, prepared, cut);
  return resampled(cut, prepared, plan);
}

template std::vector<std::int16_t> preprocess_labels(const LabelMap&, std::span<const CtVolume>,
                                                     const PreprocessedCase&, const ModelPlan&);
template std::vector<std::int16_t> preprocess_labels(const WideLabelMap&, std::span<const CtVolume>,
                                                     const PreprocessedCase&, const ModelPlan&);

void append_previous_stage(PreprocessedCase& prepared, const WideLabelMap& previous, const ModelPlan& plan,
                           const std::vector<int>& foreground_labels) {
  check_labels(previous, prepared);
  // The background's -1 outside the mask does not matter here: it is written before any foreground label.
  const std::vector<Label> labels = resampled(cut_labels(previous, prepared), prepared, plan);
  HEPAR_EXPECT(labels.size() == static_cast<std::size_t>(prepared.image.shape.voxels()),
               "the case was prepared by another plan");
  prepared.image.values.reserve(prepared.image.values.size() + foreground_labels.size() * labels.size());
  for (const int wanted : foreground_labels) {
    for (const Label label : labels) prepared.image.values.push_back(label == wanted ? 1.0F : 0.0F);
    ++prepared.image.shape.c;
  }
}

}  // namespace hepar
