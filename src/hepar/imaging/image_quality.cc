// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/image_quality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/imaging/slice_frame.h"

namespace hepar {
namespace {

constexpr float kLowestHu = -1024;  // below lies padding
constexpr float kAirHu = -800, kSkinHu = -500, kTissueHu = -200, kDenseHu = 300;
// Slanted and rough skin only widens edges. With this share, phantoms of 0.75 mm pixels and spreads of 0.64 -
// 0.72 mm give 0.63 - 0.70 mm.
constexpr double kSharperEdges = 0.4;
constexpr std::int64_t kSampledSlices = 40, kSampledLines = 64;
constexpr std::size_t kFewestEdges = 50, kFewestBoxes = 30, kEnoughBoxes = 300;

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
  std::int64_t n = 1;
  while (n < line.count && !(line.at(n) > kSkinHu)) ++n;
  const auto away = static_cast<std::int64_t>(std::ceil(std::max(2.0 / line.pixel_mm, 2.5)));
  if (n - away - 3 < 0 || n + away + 3 > line.count) return std::nullopt;
  const auto air = plateau(line, n - away - 3, kLowestHu - 1, kAirHu);
  const auto tissue = skin_level(line, n, away);
  if (!air || !tissue) return std::nullopt;
  const double rise = (line.at(n) - line.at(n - 1)) / line.pixel_mm;
  const double across = slope(line, n, line.across, line.across_mm) / rise;
  const double along_z = slope(line, n, line.slice, line.slice_mm) / rise;
  // Steeper surfaces are smeared by the slice's thickness or lie too flat to the line.
  if (!(std::abs(across) < 0.7 && std::abs(along_z) * line.slice_mm < 0.5 * line.pixel_mm))
    return std::nullopt;
  const auto share = [&](std::int64_t m) { return (line.at(m) - *air) / (*tissue - *air); };
  const double low = share(n - 1), high = share(n);
  // No scanner's edge fits into one small pixel: there the field of view cuts the body.
  if (low < 0.02 && high > 0.98 && line.pixel_mm < 1.2) return std::nullopt;
  const double apart = probit(std::clamp(high, 0.02, 0.98)) - probit(std::clamp(low, 0.02, 0.98));
  if (!(apart > 0.1)) return std::nullopt;
  return line.pixel_mm / std::sqrt(1 + across * across) / apart;
}

// The sigmas of both ends of lines along in-plane axis `along`.
void add_edges(const CtVolume& ct, const SliceFrame& axes, int along, std::vector<double>& sigmas) {
  const int across = 1 - along;
  const std::int64_t slice_step = std::max<std::int64_t>(1, axes.size.k / kSampledSlices);
  const std::int64_t line_step = std::max<std::int64_t>(1, axes.size[across] / kSampledLines);
  const std::int64_t last = (axes.size[along] - 1) * axes.stride[along];
  for (std::int64_t k = 1; k < axes.size.k - 1; k += slice_step)
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
}

double quantile(std::vector<double>& values, double share) {
  const auto n = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + n, values.end());
  return values[static_cast<std::size_t>(n)];
}

// Interval of the smallest length that holds half of the values, which get sorted.
struct ShortestHalf {
  double mean, high;
};
ShortestHalf shortest_half(std::vector<double>& values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  std::size_t best = 0;
  for (std::size_t n = 0; n + half < values.size(); ++n)
    if (values[n + half] - values[n] < values[best + half] - values[best]) best = n;
  double sum = 0;
  for (std::size_t n = best; n <= best + half; ++n) sum += values[n];
  return {sum / static_cast<double>(half + 1), values[best + half]};
}

// The boxes that noise is measured in.
struct BoxShape {
  std::int64_t width, depth;
  std::int64_t count() const { return width * width * depth; }
};
struct BoxStatistics {
  double mean, sd;  // sd: of the middle slice
};

class NoiseSampler {
 public:
  NoiseSampler(const CtVolume& ct, const LabelMap& labels, std::uint8_t label)
      : ct_(ct), labels_(labels), label_(label), axes_(ct.geometry()) {
    const double pixel_mm = std::sqrt(axes_.spacing_mm.x * axes_.spacing_mm.y);
    shape_.width = std::clamp<std::int64_t>(std::llround(8 / pixel_mm), 4, 10);
    shape_.depth = std::clamp<std::int64_t>(std::llround(6 / axes_.spacing_mm.z), 1, 4);
    find_slices();
  }
  std::int64_t voxels_per_box() const { return shape_.count(); }
  std::int64_t width() const { return shape_.width; }
  const std::vector<double>& sds() const { return sds_; }
  const std::vector<std::array<BoxStatistics, 2>>& neighbours() const { return neighbours_; }

  // Measures boxes `step` pixels apart; neighbours are a whole box apart.
  void collect(std::int64_t step) {
    sds_.clear(), neighbours_.clear();
    const std::int64_t slice_step = std::max<std::int64_t>(1, (last_ - first_ + 1) / kSampledSlices);
    const std::int64_t next = (shape_.width + step - 1) / step;
    std::vector<std::optional<BoxStatistics>> row;
    for (std::int64_t k = first_; k <= last_ && k + shape_.depth <= axes_.size.k; k += slice_step)
      for (std::int64_t j = 0; j + shape_.width <= axes_.size.j; j += step) {
        row.clear();
        for (std::int64_t i = 0; i + shape_.width <= axes_.size.i; i += step) {
          row.push_back(measure({i, j, k}));
          if (!row.back()) continue;
          sds_.push_back(row.back()->sd);
          const auto before = static_cast<std::int64_t>(row.size()) - 1 - next;
          if (before >= 0 && row[static_cast<std::size_t>(before)])
            neighbours_.push_back({*row[static_cast<std::size_t>(before)], *row.back()});
        }
      }
  }

 private:
  bool inside(Int3 at) const { return labels_.voxels()[axes_.offset(at)] == label_; }

  // The slices that hold the label: any box inside it holds one of the places looked at.
  void find_slices() {
    first_ = axes_.size.k, last_ = -1;
    for (std::int64_t k = 0; k < axes_.size.k; ++k)
      for (std::int64_t j = 0; j < axes_.size.j && last_ < k; j += shape_.width)
        for (std::int64_t i = 0; i < axes_.size.i; i += shape_.width)
          if (inside({i, j, k})) first_ = std::min(first_, k), last_ = k;
  }

  std::optional<BoxStatistics> measure(Int3 low) const {
    const std::int64_t w = shape_.width, middle = shape_.depth / 2;
    if (!inside(low + Int3{w / 2, w / 2, middle})) return std::nullopt;
    double sum = 0, slice_sum = 0, slice_squares = 0;
    const double pivot = ct_.voxels()[axes_.offset(low)];
    for (std::int64_t k = 0; k < shape_.depth; ++k)
      for (std::int64_t j = 0; j < w; ++j)
        for (std::int64_t i = 0; i < w; ++i) {
          const Int3 at = low + Int3{i, j, k};
          if (!inside(at)) return std::nullopt;
          const double hu = static_cast<double>(ct_.voxels()[axes_.offset(at)]) - pivot;
          sum += hu;
          if (k == middle) slice_sum += hu, slice_squares += hu * hu;
        }
    const auto area = static_cast<double>(w * w);
    const double variance = (slice_squares - slice_sum * slice_sum / area) / (area - 1);
    if (!std::isfinite(variance)) return std::nullopt;
    return BoxStatistics{pivot + sum / static_cast<double>(shape_.count()),
                         std::sqrt(std::max(variance, 0.0))};
  }

  const CtVolume& ct_;
  const LabelMap& labels_;
  std::uint8_t label_;
  SliceFrame axes_;
  BoxShape shape_{};
  std::int64_t first_ = 0, last_ = -1;
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
  std::vector<double> sigmas;
  for (const int along : {0, 1}) add_edges(ct, axes, along, sigmas);
  if (sigmas.size() < kFewestEdges) return std::nullopt;
  return quantile(sigmas, kSharperEdges);
}

std::optional<NoiseEstimate> estimate_noise(const CtVolume& ct, const LabelMap& labels, std::uint8_t label) {
  HEPAR_EXPECT(ct.size() == labels.size(), "CT and labels must have one grid");
  NoiseSampler sampler(ct, labels, label);
  for (const std::int64_t share : {1, 2, 4}) {
    sampler.collect(sampler.width() / share);
    if (sampler.sds().size() >= kEnoughBoxes) break;
  }
  if (sampler.sds().size() < kFewestBoxes) return std::nullopt;
  std::vector<double> sds = sampler.sds();
  const ShortestHalf mode = shortest_half(sds);
  std::vector<double> differences;
  for (const auto& [a, b] : sampler.neighbours())
    if (a.sd <= mode.high && b.sd <= mode.high) differences.push_back(std::abs(a.mean - b.mean));
  NoiseEstimate noise{mode.mean, 1};
  if (differences.size() >= kFewestBoxes && noise.sd_hu > 0) {
    // The median of |x| is 0.6745 sd for a normal x; a difference has twice the variance.
    const double sd = quantile(differences, 0.5) / 0.6744897501960817;
    const double ratio = 0.5 * sd * sd / (noise.sd_hu * noise.sd_hu);
    noise.correlated_voxels = std::clamp(ratio * static_cast<double>(sampler.voxels_per_box()), 1.0, 64.0);
  }
  return noise;
}

}  // namespace hepar
