// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/patch.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hepar {
namespace {

struct Taps {
  std::int64_t low = 0;
  float weight_high = 0;
};

Taps taps_at(double coordinate) {
  const double low = std::floor(coordinate);
  return {static_cast<std::int64_t>(low), static_cast<float>(coordinate - low)};
}

// Reads a case by index; 0 outside.
class Reader {
 public:
  explicit Reader(const TrainingCase& source) : source_(source), size_(source.size()) {}

  float linear(const Vec3& at) const {
    const Taps d = taps_at(at.x);
    const Taps h = taps_at(at.y);
    const Taps w = taps_at(at.z);
    const float near = plane(d.low, h, w);
    return d.weight_high == 0 ? near : near + d.weight_high * (plane(d.low + 1, h, w) - near);
  }
  std::uint8_t nearest(const Vec3& at) const {
    const std::int64_t d = std::lround(at.x);
    const std::int64_t h = std::lround(at.y);
    const std::int64_t w = std::lround(at.z);
    return inside(d, h, w) ? source_.labels()[offset(d, h, w)] : std::uint8_t{0};
  }

 private:
  bool inside(std::int64_t d, std::int64_t h, std::int64_t w) const {
    return d >= 0 && h >= 0 && w >= 0 && d < size_[0] && h < size_[1] && w < size_[2];
  }
  std::size_t offset(std::int64_t d, std::int64_t h, std::int64_t w) const {
    return static_cast<std::size_t>((d * size_[1] + h) * size_[2] + w);
  }
  float value(std::int64_t d, std::int64_t h, std::int64_t w) const {
    return inside(d, h, w) ? source_.image()[offset(d, h, w)] : 0.0F;
  }
  float line(std::int64_t d, std::int64_t h, const Taps& w) const {
    const float near = value(d, h, w.low);
    return w.weight_high == 0 ? near : near + w.weight_high * (value(d, h, w.low + 1) - near);
  }
  float plane(std::int64_t d, const Taps& h, const Taps& w) const {
    const float near = line(d, h.low, w);
    return h.weight_high == 0 ? near : near + h.weight_high * (line(d, h.low + 1, w) - near);
  }

  const TrainingCase& source_;
  Kernel3 size_;
};

Mat3 rotation_about(int axis, double radians) {
  Mat3 m = Mat3::identity();
  const int a = (axis + 1) % 3;
  const int b = (axis + 2) % 3;
  const auto row = [&m](int r) -> std::array<double, 3>& { return m.at[static_cast<std::size_t>(r)]; };
  row(a)[static_cast<std::size_t>(a)] = row(b)[static_cast<std::size_t>(b)] = std::cos(radians);
  row(b)[static_cast<std::size_t>(a)] = std::sin(radians);
  row(a)[static_cast<std::size_t>(b)] = -std::sin(radians);
  return m;
}

// A random rotation and scaling in mm, as a map between voxel offsets.
Mat3 draw_geometry(const Augmentation& range, const std::array<double, 3>& spacing_mm, Random random) {
  if (!random.chance(range.geometry_chance)) return Mat3::identity();
  const double limit = range.rotation_deg * std::numbers::pi / 180;
  Mat3 m = Mat3::identity();
  for (int axis = 0; axis < 3; ++axis) m = m * rotation_about(axis, random.uniform(-limit, limit));
  const double scale = std::exp(random.uniform(-range.log_scale, range.log_scale));
  for (std::size_t r = 0; r < 3; ++r) {
    for (std::size_t c = 0; c < 3; ++c) m.at[r][c] *= scale * spacing_mm[c] / spacing_mm[r];
  }
  return m;
}

Vec3 draw_centre(const TrainingCase& source, const Kernel3& patch, std::optional<std::size_t> region,
                 Random random) {
  std::optional<std::int64_t> wanted;
  if (region && !source.voxels_of(*region).empty()) {
    const auto& voxels = source.voxels_of(*region);
    wanted =
        voxels[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(voxels.size()) - 1))];
  }
  Vec3 centre;
  for (int axis = 2; axis >= 0; --axis) {
    const std::int64_t size = source.size()[static_cast<std::size_t>(axis)];
    const std::int64_t length = patch[static_cast<std::size_t>(axis)];
    const std::int64_t room = size - length;
    std::int64_t start = room < 0 ? room / 2 : random.integer(0, room);
    if (wanted) {
      start = room < 0 ? start : std::clamp<std::int64_t>(*wanted % size - length / 2, 0, room);
      *wanted /= size;
    }
    centre[axis] = static_cast<double>(start) + static_cast<double>(length - 1) / 2;
  }
  return centre;
}

void darken_lesions(Patch& patch, const Augmentation& range, const IntensityProperties& normalization,
                    Random random) {
  if (!random.chance(range.darkening_chance)) return;
  constexpr double kFluidHu = 10;
  std::vector<std::size_t> lesion;
  double sum = 0;
  for (std::size_t v = 0; v < patch.labels.size(); ++v) {
    if (std::count(range.lesion_labels.begin(), range.lesion_labels.end(), patch.labels[v]) == 0) continue;
    lesion.push_back(v);
    sum += static_cast<double>(patch.image[v]);
  }
  if (lesion.empty()) return;
  const double fluid = (kFluidHu - normalization.mean) / normalization.std;
  const double to_fluid = std::min(0.0, fluid - sum / static_cast<double>(lesion.size()));
  const auto shift = static_cast<float>(random.uniform() * to_fluid);
  for (const std::size_t v : lesion) patch.image[v] += shift;
}

// Gamma over the value range, nnU-Net's default transform without its retained statistics.
void apply_gamma(std::vector<float>& image, double exponent) {
  const auto [low, high] = std::minmax_element(image.begin(), image.end());
  const float base = *low;
  const float range = std::max(*high - base, 1e-7F);
  for (float& v : image) v = base + range * std::pow((v - base) / range, static_cast<float>(exponent));
}

void change_intensities(std::vector<float>& image, const Augmentation& range, const Random& random) {
  const auto drawn = [&](std::uint64_t stream, double limit) {
    Random own = random.fork(stream);
    return own.chance(range.intensity_chance) ? own.uniform(-limit, limit) : 0.0;
  };
  if (const double log_gamma = drawn(0, range.log_gamma); log_gamma != 0)
    apply_gamma(image, std::exp(log_gamma));
  const auto gain = static_cast<float>(std::exp(drawn(1, range.log_gain)));
  const auto shift = static_cast<float>(drawn(2, range.shift));
  const double noise_sd = std::abs(drawn(3, range.noise_sd));
  Random noise = random.fork(4);
  for (float& v : image) {
    v = v * gain + shift;
    if (noise_sd > 0) v += static_cast<float>(noise.normal(0, noise_sd));
  }
}

}  // namespace

Patch cut_patch(const TrainingCase& source, const Kernel3& size, const Vec3& centre,
                const Mat3& source_from_patch) {
  const Reader reader(source);
  const auto count = static_cast<std::size_t>(size[0] * size[1] * size[2]);
  Patch patch{std::vector<float>(count), std::vector<std::uint8_t>(count)};
  const auto offset = [&](std::size_t axis, std::int64_t n) {
    return static_cast<double>(n) - static_cast<double>(size[axis] - 1) / 2;
  };
  std::size_t v = 0;
  for (std::int64_t d = 0; d < size[0]; ++d) {
    for (std::int64_t h = 0; h < size[1]; ++h) {
      for (std::int64_t w = 0; w < size[2]; ++w, ++v) {
        const Vec3 at = centre + source_from_patch * Vec3{offset(0, d), offset(1, h), offset(2, w)};
        patch.image[v] = reader.linear(at);
        patch.labels[v] = reader.nearest(at);
      }
    }
  }
  return patch;
}

Patch draw_patch(const TrainingCase& source, const ModelPlan& plan, std::optional<std::size_t> region,
                 const Augmentation& augmentation, Random random) {
  const Vec3 centre = draw_centre(source, plan.patch_size, region, random.fork(0));
  const Mat3 geometry = draw_geometry(augmentation, plan.spacing_mm, random.fork(1));
  Patch patch = cut_patch(source, plan.patch_size, centre, geometry);
  if (!augmentation.lesion_labels.empty()) {
    darken_lesions(patch, augmentation, plan.intensities.at(0), random.fork(3));
  }
  change_intensities(patch.image, augmentation, random.fork(2));
  return patch;
}

}  // namespace hepar
