// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/image_quality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/imaging/slice_frame.h"

namespace hepar {
namespace {

constexpr float kLowestHu = -1024;  // below lies padding
constexpr float kAirHu = -800, kSkinHu = -500, kTissueHu = -200, kDenseHu = 300;
// Slanted and rough skin only widens edges. With this share, phantoms of 0.75 mm pixels and spreads of 0.64 -
// 0.72 mm give 0.63 - 0.70 mm.
constexpr double kSharperEdges = 0.4;
constexpr std::int64_t kSampledSlices = 20, kSampledLines = 64;
constexpr std::size_t kFewestEdges = 50, kFewestBoxes = 30, kEnoughBoxes = 1000, kMostBoxes = 5000;

// Inverse of the normal distribution function by Newton's iteration, for p in [0.02, 0.98].
double probit(double p) {
  double x = 0;
  for (int n = 0; n < 6; ++n)
    x -= (0.5 * std::erfc(-x / std::sqrt(2.0)) - p) * 2.5066282746310002 * std::exp(0.5 * x * x);
  return x;
}

// One line of pixels, seen from its first pixel inwards; `across` and `slice` lead to the neighbours.
struct Line {
  const float* first;
  std::int64_t count, step, across, slice;
  double pixel_mm, across_mm, slice_mm;
  double at(std::int64_t n, std::int64_t aside = 0) const {
    return std::max(kLowestHu, first[n * step + aside]);
  }
};

// Mean of three pixels from `n` on, if all lie between the limits.
std::optional<double> plateau(const Line& line, std::int64_t n, double low, double high) {
  double sum = 0;
  for (std::int64_t m = n; m < n + 3; ++m) {
    const double hu = line.at(m);
    if (!(hu > low && hu < high)) return std::nullopt;
    sum += hu;
  }
  return sum / 3;
}

// Change of HU per mm towards a neighbouring line, at the pixels n - 1 and n.
double slope(const Line& line, std::int64_t n, std::int64_t aside, double aside_mm) {
  return (line.at(n, aside) - line.at(n, -aside) + line.at(n - 1, aside) - line.at(n - 1, -aside)) /
         (4 * aside_mm);
}

// Level behind the edge between pixels n - 1 and n: of the brightest two pixels in a row up to the plateau
// `away` pixels in, since skin is brighter than the fat below it.
std::optional<double> skin_level(const Line& line, std::int64_t n, std::int64_t away) {
  auto level = plateau(line, n + away, kTissueHu, kDenseHu);
  for (std::int64_t m = n + 1; level && m < n + away; ++m)
    level = std::max(*level, 0.5 * (line.at(m) + line.at(m + 1)));
  return level;
}

// Sigma of the edge where the line first meets the body, if that edge is clean.
std::optional<double> edge_sigma_mm(const Line& line) {
  // Every other pixel is looked at, as each one of a column costs an access to memory.
  std::int64_t n = 2;
  while (n < line.count && !(line.first[n * line.step] > kSkinHu)) n += 2;
  if (n < line.count && line.at(n - 1) > kSkinHu) --n;
  const auto away = static_cast<std::int64_t>(std::ceil(std::max(2.0 / line.pixel_mm, 2.5)));
  if (n - away - 3 < 0 || n + away + 3 > line.count) return std::nullopt;
  const auto air = plateau(line, n - away - 3, kLowestHu - 1, kAirHu);
  const auto tissue = skin_level(line, n, away);
  if (!air || !tissue) return std::nullopt;
  const double rise = (line.at(n) - line.at(n - 1)) / line.pixel_mm;
  const double across = slope(line, n, line.across, line.across_mm) / rise;
  // Steeper surfaces lie too flat to the line or, below, are smeared by the slice's thickness.
  if (!(std::abs(across) < 0.7)) return std::nullopt;
  const auto share = [&](std::int64_t m) { return (line.at(m) - *air) / (*tissue - *air); };
  const double low = share(n - 1), high = share(n);
  // No scanner's edge fits into one small pixel: there the field of view cuts the body.
  if (low < 0.02 && high > 0.98 && line.pixel_mm < 1.2) return std::nullopt;
  const double apart = probit(std::clamp(high, 0.02, 0.98)) - probit(std::clamp(low, 0.02, 0.98));
  if (!(apart > 0.1)) return std::nullopt;
  const double along_z = slope(line, n, line.slice, line.slice_mm) / rise;
  if (!(std::abs(along_z) * line.slice_mm < 0.5 * line.pixel_mm)) return std::nullopt;
  return line.pixel_mm / std::sqrt(1 + across * across) / apart;
}

// The sigmas of both ends of the lines of slice k along in-plane axis `along`.
std::vector<double> edge_sigmas_mm(const CtVolume& ct, const SliceFrame& axes, int along, std::int64_t k) {
  const int across = 1 - along;
  const std::int64_t line_step = std::max<std::int64_t>(1, axes.size[across] / kSampledLines);
  const std::int64_t last = (axes.size[along] - 1) * axes.stride[along];
  std::vector<double> sigmas;
  for (std::int64_t n = 1; n < axes.size[across] - 1; n += line_step) {
    const float* first = ct.voxels().data() + k * axes.stride.k + n * axes.stride[across];
    for (const bool backwards : {false, true}) {
      const Line line{backwards ? first + last : first,
                      axes.size[along],
                      backwards ? -axes.stride[along] : axes.stride[along],
                      axes.stride[across],
                      axes.stride.k,
                      axes.spacing_mm[along],
                      axes.spacing_mm[across],
                      axes.spacing_mm.z};
      if (const auto sigma = edge_sigma_mm(line)) sigmas.push_back(*sigma);
    }
  }
  return sigmas;
}

double quantile(std::vector<double>& values, double share) {
  const auto n = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + n, values.end());
  return values[static_cast<std::size_t>(n)];
}

// Interval of the smallest length that holds half of the values, and their mode: the peak of their density by
// a biweight kernel as wide as that interval to either side, climbed from its mean.
struct Mode {
  double value, high;
};
Mode mode_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  std::size_t best = 0;
  for (std::size_t n = 0; n + half < values.size(); ++n)
    if (values[n + half] - values[n] < values[best + half] - values[best]) best = n;
  double sum = 0;
  for (std::size_t n = best; n <= best + half; ++n) sum += values[n];
  Mode mode{sum / static_cast<double>(half + 1), values[best + half]};
  const double reach = values[best + half] - values[best];
  constexpr int kSteps = 10;
  for (int step = 0; step < kSteps && reach > 0; ++step) {
    double weights = 0, weighted = 0;
    for (const double value : values) {
      const double far = (value - mode.value) / reach, weight = std::max(0.0, 1 - far * far);
      weights += weight, weighted += weight * value;
    }
    mode.value = weighted / weights;
  }
  return mode;
}

struct BoxStatistics {
  double mean, sd;  // sd: of the middle slice
};
// Boxes side by side along i, the first at `low`; `count` tells how many.
struct BoxRow {
  Int3 low;
  std::int64_t count;
};

// The boxes of one label that noise is measured in.
class NoiseSampler {
 public:
  NoiseSampler(const CtVolume& ct, const LabelMap& labels, std::uint8_t label)
      : ct_(ct), labels_(labels), label_(label), axes_(ct.geometry()) {
    const double pixel_mm = std::sqrt(axes_.spacing_mm.x * axes_.spacing_mm.y);
    width_ = std::clamp<std::int64_t>(std::llround(8 / pixel_mm), 4, 10);
    depth_ = std::clamp<std::int64_t>(std::llround(6 / axes_.spacing_mm.z), 1, 4);
  }
  std::int64_t voxels_per_box() const { return width_ * width_ * depth_; }
  const std::vector<double>& sds() const { return sds_; }
  const std::vector<std::array<BoxStatistics, 2>>& neighbours() const { return neighbours_; }

  // Measures boxes that are apart by the `share`-th part of half a box along i, a box along j and two along
  // k.
  void collect(std::int64_t share) {
    step_ = {std::max<std::int64_t>(1, width_ / (2 * share)), width_ / share,
             std::max<std::int64_t>(1, depth_ / share)};
    const std::vector<BoxRow> rows = thinned_rows();
    std::vector<std::vector<std::optional<BoxStatistics>>> boxes(rows.size());
    parallel_for(std::ssize(rows), [&](std::int64_t n) {
      boxes[static_cast<std::size_t>(n)] = measure(rows[static_cast<std::size_t>(n)]);
    });
    sds_.clear(), neighbours_.clear();
    const auto next = static_cast<std::size_t>((width_ + step_.i - 1) / step_.i);
    for (const auto& row : boxes)
      for (std::size_t n = 0; n < row.size(); ++n) {
        if (!row[n]) continue;
        sds_.push_back(row[n]->sd);
        if (n >= next && row[n - next]) neighbours_.push_back({*row[n - next], *row[n]});
      }
  }

 private:
  // The rows of slice k from the first to the last box whose middle has the label.
  std::vector<BoxRow> rows_of_slice(std::int64_t k) const {
    std::vector<BoxRow> rows;
    for (std::int64_t j = 0; j + width_ <= axes_.size.j; j += step_.j) {
      const std::uint8_t* const middles =
          labels_.voxels().data() + axes_.offset({width_ / 2, j + width_ / 2, k + depth_ / 2});
      std::int64_t first = -1, last = -1;
      for (std::int64_t i = 0; i + width_ <= axes_.size.i; i += step_.i) {
        if (middles[i * axes_.stride.i] != label_) continue;
        if (first < 0) first = i;
        last = i;
      }
      if (first >= 0) rows.push_back({{first, j, k}, 1 + (last - first) / step_.i});
    }
    return rows;
  }

  // Every n-th of the rows, so that they hold about kMostBoxes.
  std::vector<BoxRow> thinned_rows() const {
    const std::int64_t slices = axes_.size.k < depth_ ? 0 : 1 + (axes_.size.k - depth_) / step_.k;
    std::vector<std::vector<BoxRow>> by_slice(static_cast<std::size_t>(slices));
    parallel_for(slices,
                 [&](std::int64_t n) { by_slice[static_cast<std::size_t>(n)] = rows_of_slice(n * step_.k); });
    std::int64_t boxes = 0;
    for (const auto& slice : by_slice)
      for (const BoxRow& row : slice) boxes += row.count;
    const std::int64_t every = 1 + boxes / kMostBoxes;
    std::vector<BoxRow> thinned;
    std::int64_t seen = 0;
    for (const auto& slice : by_slice)
      for (const BoxRow& row : slice) {
        if (seen++ % every == 0) thinned.push_back(row);
      }
    return thinned;
  }

  // Sums over the columns of a row of boxes, which boxes then share.
  struct Columns {
    explicit Columns(std::size_t count) : all(count), slice(count), squares(count), strange(count) {}
    std::vector<double> all, slice, squares;
    std::vector<std::uint8_t> strange;  // not 0: a voxel without the label
  };

  Columns sum_columns(const BoxRow& row) const {
    const std::int64_t count = (row.count - 1) * step_.i + width_, stride = axes_.stride.i;
    const std::uint8_t label = label_;
    Columns columns(static_cast<std::size_t>(count));
    for (std::int64_t k = 0; k < depth_; ++k)
      for (std::int64_t j = 0; j < width_; ++j) {
        const std::size_t offset = axes_.offset(row.low + Int3{0, j, k});
        const float* const hu = ct_.voxels().data() + offset;
        const std::uint8_t* const labels = labels_.voxels().data() + offset;
        double *const all = columns.all.data(), *const slice = columns.slice.data(),
                      *const squares = columns.squares.data();
        std::uint8_t* const strange = columns.strange.data();
        for (std::int64_t i = 0; i < count; ++i)
          strange[i] = static_cast<std::uint8_t>(strange[i] | (labels[i * stride] ^ label));
        for (std::int64_t i = 0; i < count; ++i) all[i] += static_cast<double>(hu[i * stride]);
        if (k != depth_ / 2) continue;
        for (std::int64_t i = 0; i < count; ++i) {
          const double value = hu[i * stride];
          slice[i] += value, squares[i] += value * value;
        }
      }
    return columns;
  }

  std::vector<std::optional<BoxStatistics>> measure(const BoxRow& row) const {
    const Columns columns = sum_columns(row);
    std::vector<std::optional<BoxStatistics>> boxes(static_cast<std::size_t>(row.count));
    const auto area = static_cast<double>(width_ * width_);
    auto first = static_cast<std::ptrdiff_t>(0);
    for (auto& box : boxes) {
      const auto total = [&](const auto& sums, auto zero) {
        return std::accumulate(sums.begin() + first, sums.begin() + first + width_, zero);
      };
      const double sum = total(columns.all, 0.0), slice_sum = total(columns.slice, 0.0);
      const double variance = (total(columns.squares, 0.0) - slice_sum * slice_sum / area) / (area - 1);
      if (total(columns.strange, 0) == 0 && std::isfinite(variance) && std::isfinite(sum)) {
        box = {sum / static_cast<double>(voxels_per_box()), std::sqrt(std::max(variance, 0.0))};
      }
      first += step_.i;
    }
    return boxes;
  }

  const CtVolume& ct_;
  const LabelMap& labels_;
  std::uint8_t label_;
  SliceFrame axes_;
  std::int64_t width_, depth_;
  Int3 step_;
  std::vector<double> sds_;
  std::vector<std::array<BoxStatistics, 2>> neighbours_;
};

}  // namespace

int slice_axis(const Geometry& geometry) {
  int best = 2;
  for (const int axis : {1, 0}) {
    const double nearer =
        std::abs(geometry.direction.column(axis).z) - std::abs(geometry.direction.column(best).z);
    const bool wider = geometry.spacing_mm[axis] > geometry.spacing_mm[best];
    if (nearer > 1e-3 || (nearer > -1e-3 && wider)) best = axis;
  }
  return best;
}

std::optional<double> estimate_psf_sigma_mm(const CtVolume& ct) {
  const SliceFrame axes(ct.geometry());
  const std::int64_t step = std::max<std::int64_t>(1, axes.size.k / kSampledSlices);
  const std::int64_t slices = std::max<std::int64_t>(0, (axes.size.k - 2 + step - 1) / step);
  std::vector<std::vector<double>> found(static_cast<std::size_t>(2 * slices));
  parallel_for(2 * slices, [&](std::int64_t n) {
    found[static_cast<std::size_t>(n)] = edge_sigmas_mm(ct, axes, static_cast<int>(n % 2), 1 + n / 2 * step);
  });
  std::vector<double> sigmas;
  for (const auto& some : found) sigmas.insert(sigmas.end(), some.begin(), some.end());
  if (sigmas.size() < kFewestEdges) return std::nullopt;
  return quantile(sigmas, kSharperEdges);
}

std::optional<NoiseEstimate> estimate_noise(const CtVolume& ct, const LabelMap& labels, std::uint8_t label) {
  HEPAR_EXPECT(ct.size() == labels.size(), "CT and labels must have one grid");
  NoiseSampler sampler(ct, labels, label);
  for (const std::int64_t share : {1, 2, 4}) {
    sampler.collect(share);
    if (sampler.sds().size() >= kEnoughBoxes) break;
  }
  if (sampler.sds().size() < kFewestBoxes) return std::nullopt;
  const Mode mode = mode_of(sampler.sds());
  std::vector<double> differences;
  for (const auto& [a, b] : sampler.neighbours())
    if (a.sd <= mode.high && b.sd <= mode.high) differences.push_back(std::abs(a.mean - b.mean));
  NoiseEstimate noise{mode.value, 1};
  if (differences.size() >= kFewestBoxes && noise.sd_hu > 0) {
    // The median of |x| is 0.6745 sd for a normal x; a difference has twice the variance.
    const double sd = quantile(differences, 0.5) / 0.6744897501960817;
    const double ratio = 0.5 * sd * sd / (noise.sd_hu * noise.sd_hu);
    noise.correlated_voxels = std::clamp(ratio * static_cast<double>(sampler.voxels_per_box()), 1.0, 64.0);
  }
  return noise;
}

}  // namespace hepar
