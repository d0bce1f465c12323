// SPDX-License-Identifier: Apache-2.0
#include "hepar/leakage/slab_stack.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "hepar/core/parallel.h"
#include "hepar/imaging/connected_components.h"
#include "hepar/volume/reorient.h"

namespace hepar::leakage {
namespace {

constexpr double kSlabMm = 4;
constexpr std::int64_t kFewestSlabs = 48, kMostSlabs = 128;
constexpr std::int64_t kWidestPicture = 192;
constexpr float kWindowHu = 300;  // to either side of the mean tissue: fat, organs, bone

// Voxels spread evenly by the golden ratio, which no row or slice length is in step with; sorted.
std::vector<float> sample_voxels(std::span<const float> voxels) {
  constexpr std::size_t kMost = 40000;
  constexpr double kGolden = 0.6180339887498949;
  std::vector<float> sample(std::min(kMost, voxels.size()));
  for (std::size_t n = 0; n < sample.size(); ++n) {
    const double turns = static_cast<double>(n) * kGolden;
    sample[n] =
        voxels[static_cast<std::size_t>((turns - std::floor(turns)) * static_cast<double>(voxels.size()))];
  }
  std::sort(sample.begin(), sample.end());
  return sample;
}

struct Split {
  double low = 0, high = 0;    // means of the classes
  std::size_t high_first = 0;  // where the upper class begins
};
Split split_in_two(std::span<const float> sorted) {
  const double total = std::accumulate(sorted.begin(), sorted.end(), 0.0);
  const auto n = static_cast<double>(sorted.size());
  Split best{total / n, total / n, sorted.size()};
  double best_variance = 0, below = 0;
  for (std::size_t k = 1; k < sorted.size(); ++k) {
    below += sorted[k - 1];
    const auto count = static_cast<double>(k);
    const double low = below / count, high = (total - below) / (n - count);
    const double variance = count * (n - count) * (high - low) * (high - low);
    if (variance > best_variance) best_variance = variance, best = {low, high, k};
  }
  return best;
}

// The volume in patient order with its slices along the third axis.
struct View {
  Int3 size, stride;
  Vec3 spacing_mm;
  std::int64_t first = 0;  // offset of the first voxel
  bool exchanged = false;
};

View view_of(const Geometry& geometry, const AxisOrder& order) {
  const Int3 strides{1, geometry.size.i, geometry.size.i * geometry.size.j};
  View view;
  for (int axis = 0; axis < 3; ++axis) {
    const int from = order.source_axis[axis];
    view.size[axis] = geometry.size[from];
    view.spacing_mm[axis] = geometry.spacing_mm[from];
    view.stride[axis] = order.flipped[axis] ? -strides[from] : strides[from];
    if (order.flipped[axis]) view.first += (geometry.size[from] - 1) * strides[from];
  }
  return view;
}

// The smaller share of tissue in the two outermost layers along an axis.
double tissue_at_ends(const CtVolume& ct, const View& view, int axis, double threshold) {
  const int u = axis == 0 ? 1 : 0, v = axis == 2 ? 1 : 2;
  double smaller = 1;
  for (const std::int64_t layer : {std::int64_t{0}, view.size[axis] - 1}) {
    std::int64_t tissue = 0;
    for (std::int64_t m = 0; m < view.size[v]; ++m)
      for (std::int64_t n = 0; n < view.size[u]; ++n) {
        const std::int64_t at =
            view.first + layer * view.stride[axis] + m * view.stride[v] + n * view.stride[u];
        if (static_cast<double>(ct.voxels()[static_cast<std::size_t>(at)]) > threshold) ++tissue;
      }
    smaller =
        std::min(smaller, static_cast<double>(tissue) / static_cast<double>(view.size[u] * view.size[v]));
  }
  return smaller;
}

View axial_view(const CtVolume& ct, double threshold) {
  constexpr double kRunsThrough = 0.1, kClearlyMore = 3;
  AxisOrder order = axis_order_for(ct.geometry(), "LPS");
  const View view = view_of(ct.geometry(), order);
  const double ends = tissue_at_ends(ct, view, 2, threshold);
  for (const int axis : {0, 1}) {
    if (tissue_at_ends(ct, view, axis, threshold) < std::max(kRunsThrough, kClearlyMore * ends)) continue;
    std::swap(order.source_axis[axis], order.source_axis[2]);
    std::swap(order.flipped[axis], order.flipped[2]);
    View exchanged = view_of(ct.geometry(), order);
    exchanged.exchanged = true;
    return exchanged;
  }
  return view;
}

std::int64_t slices_per_slab(const View& view) {
  const std::int64_t fewest = 1 + (view.size.k - 1) / kMostSlabs;
  const std::int64_t most = std::max(fewest, view.size.k / kFewestSlabs);
  return std::clamp(static_cast<std::int64_t>(std::llround(kSlabMm / view.spacing_mm.z)), fewest, most);
}

// Where the pixels of a resized row come from. Each is the mean over a box as wide as the wider of both
// pixels, so that shrinking takes the mean and stretching interpolates linearly.
struct Resizing {
  std::vector<std::int64_t> first;
  std::vector<std::vector<float>> weights;
};
Resizing make_resizing(std::int64_t source, std::int64_t target, double step) {
  Resizing table;
  const auto end = static_cast<double>(source);
  for (std::int64_t t = 0; t < target; ++t) {
    const double centre =
        0.5 * end + step * (static_cast<double>(t) + 0.5 - 0.5 * static_cast<double>(target));
    const double low = std::clamp(centre - 0.5 * std::max(1.0, step), 0.0, end - 1e-3);
    const double high = std::clamp(centre + 0.5 * std::max(1.0, step), low + 1e-3, end);
    const auto first = static_cast<std::int64_t>(low);
    std::vector<float> weights;
    for (std::int64_t s = first; s < source && static_cast<double>(s) < high; ++s) {
      const auto left = static_cast<double>(s);
      weights.push_back(static_cast<float>((std::min(high, left + 1) - std::max(low, left)) / (high - low)));
    }
    table.first.push_back(first);
    table.weights.push_back(std::move(weights));
  }
  return table;
}

void resize_picture(std::span<const float> source, std::int64_t width, const Resizing& columns,
                    const Resizing& rows, std::span<float> result) {
  const std::size_t new_width = columns.first.size();
  std::vector<float> line(static_cast<std::size_t>(width));
  for (std::size_t y = 0; y < rows.first.size(); ++y) {
    std::fill(line.begin(), line.end(), 0.0F);
    for (std::size_t n = 0; n < rows.weights[y].size(); ++n) {
      const float* const from = source.data() + (rows.first[y] + static_cast<std::int64_t>(n)) * width;
      const float weight = rows.weights[y][n];
      for (std::size_t x = 0; x < line.size(); ++x) line[x] += weight * from[x];
    }
    for (std::size_t x = 0; x < new_width; ++x) {
      const auto& weights = columns.weights[x];
      result[y * new_width + x] =
          std::inner_product(weights.begin(), weights.end(), line.begin() + columns.first[x], 0.0F);
    }
  }
}

// Mean of the slices [low, high), each voxel cut to the window.
std::vector<float> mean_slice(const CtVolume& ct, const View& view, std::int64_t low, std::int64_t high,
                              float tissue) {
  std::vector<float> mean(static_cast<std::size_t>(view.size.i * view.size.j));
  const float floor = tissue - kWindowHu, ceiling = tissue + kWindowHu;
  for (std::int64_t k = low; k < high; ++k)
    for (std::int64_t j = 0; j < view.size.j; ++j) {
      const float* const from = ct.voxels().data() + view.first + k * view.stride.k + j * view.stride.j;
      float* const to = mean.data() + j * view.size.i;
      for (std::int64_t i = 0; i < view.size.i; ++i)
        to[i] += std::min(std::max(from[i * view.stride.i], floor), ceiling);
    }
  const float scale = 1 / (kWindowHu * static_cast<float>(high - low));
  for (float& value : mean) value = value * scale - tissue / kWindowHu;
  return mean;
}

// Marks the pixels that have body on either side, in their row and in their column.
void fill_slab(std::span<const std::uint8_t> body, std::int64_t width, std::int64_t height,
               std::span<std::uint8_t> inside) {
  const auto sweep = [&](std::int64_t lines, std::int64_t length, std::int64_t line_step, std::int64_t step) {
    for (std::int64_t line = 0; line < lines; ++line) {
      const auto at = [&](std::int64_t n) { return static_cast<std::size_t>(line * line_step + n * step); };
      std::int64_t first = 0, last = length - 1;
      while (first < length && body[at(first)] == 0) ++first;
      while (last > first && body[at(last)] == 0) --last;
      for (std::int64_t n = first; n <= last; ++n) ++inside[at(n)];
    }
  };
  sweep(height, width, width, 1);
  sweep(width, height, 1, width);
  for (std::uint8_t& count : inside) count = count == 2 ? 1 : 0;
}

void find_body(SlabStack& stack, float threshold) {
  Geometry grid;
  grid.size = {stack.width, stack.height, stack.count};
  Mask tissue(grid);
  std::transform(stack.pixels.begin(), stack.pixels.end(), tissue.voxels().begin(),
                 [threshold](float value) { return static_cast<std::uint8_t>(value > threshold ? 1 : 0); });
  const ComponentRuns found = find_components(tissue, 1, Connectivity::kFaces6);
  stack.inside.assign(stack.pixels.size(), 0);
  if (found.components.empty()) return;
  const auto& largest =
      *std::max_element(found.components.begin(), found.components.end(),
                        [](const Component& a, const Component& b) { return a.voxels < b.voxels; });
  std::vector<std::uint8_t> body(stack.pixels.size());
  for (const VoxelRun& run : found.runs_of(largest)) std::fill_n(body.begin() + run.first, run.length, 1);
  for (std::int64_t slab = 0; slab < stack.count; ++slab) {
    const std::size_t first = static_cast<std::size_t>(slab) * stack.area();
    fill_slab(std::span(body).subspan(first, stack.area()), stack.width, stack.height,
              std::span(stack.inside).subspan(first, stack.area()));
  }
}

}  // namespace

TissueLevels tissue_levels(const CtVolume& ct) {
  // Below this difference both classes are tissue; air and tissue are about 1000 HU apart.
  constexpr double kAirToTissueHu = 600;
  constexpr std::size_t kSmallestPart = 7;  // metal is a smaller part of what is no padding
  const std::vector<float> sample = sample_voxels(ct.voxels());
  Split split = split_in_two(sample);
  const auto above = std::span(sample).subspan(split.high_first);
  if (above.size() > 1) {
    const Split again = split_in_two(above);
    if (again.high - again.low > kAirToTissueHu &&
        (above.size() - again.high_first) * kSmallestPart > above.size())
      split = {again.low, again.high, split.high_first + again.high_first};
  }
  const double share =
      static_cast<double>(sample.size() - split.high_first) / static_cast<double>(sample.size());
  return {0.5 * (split.low + split.high), split.high, share};
}

SlabStack make_slab_stack(const CtVolume& ct) {
  const TissueLevels levels = tissue_levels(ct);
  const View view = axial_view(ct, levels.threshold);
  const double width_mm = static_cast<double>(view.size.i) * view.spacing_mm.x;
  const double height_mm = static_cast<double>(view.size.j) * view.spacing_mm.y;
  const double pixel_mm = std::max(std::sqrt(levels.share * width_mm * height_mm) / kBodyPixels,
                                   std::max(width_mm, height_mm) / static_cast<double>(kWidestPicture));
  SlabStack stack;
  stack.axes_exchanged = view.exchanged;
  stack.slices = view.size.k;
  stack.slices_per_slab = slices_per_slab(view);
  stack.count = view.size.k / stack.slices_per_slab;
  stack.width = std::max<std::int64_t>(1, std::llround(width_mm / pixel_mm));
  stack.height = std::max<std::int64_t>(1, std::llround(height_mm / pixel_mm));
  stack.pixels.resize(static_cast<std::size_t>(stack.count) * stack.area());
  const Resizing columns = make_resizing(view.size.i, stack.width, pixel_mm / view.spacing_mm.x);
  const Resizing rows = make_resizing(view.size.j, stack.height, pixel_mm / view.spacing_mm.y);
  parallel_for(stack.count, [&](std::int64_t slab) {
    const auto mean = mean_slice(ct, view, slab * stack.slices_per_slab, (slab + 1) * stack.slices_per_slab,
                                 static_cast<float>(levels.tissue));
    resize_picture(
        mean, view.size.i, columns, rows,
        std::span(stack.pixels).subspan(static_cast<std::size_t>(slab) * stack.area(), stack.area()));
  });
  // Means of cut values: where air and tissue share a pixel, the middle lies no lower than this.
  constexpr float kLowestThreshold = -0.9F;
  find_body(stack,
            std::max(kLowestThreshold, static_cast<float>(levels.threshold - levels.tissue) / kWindowHu));
  return stack;
}

}  // namespace hepar::leakage
