// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/insertion_paint.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "hepar/core/parallel.h"
#include "hepar/imaging/box.h"
#include "hepar/phantom/acquisition.h"

namespace hepar::phantom {
namespace {

constexpr double kSubSliceMm = 1.0;   // slices thicker than this are drawn as several
constexpr float kLeastShare = 1e-3F;  // below it a voxel stays untouched

// Share of a pixel that lies inside, for a border as wide as given.
double ramp(double distance_mm, double width_mm) {
  return std::clamp(0.5 - distance_mm / width_mm, 0.0, 1.0);
}

// What a place is made of.
struct Content {
  double share = 0, hu_share = 0;  // sum of the lesions' shares, and of share * HU
  int owner = -1;                  // index in the group of the lesion whose voxel it would be
  double hu = 0;                   // of the owner
  bool contoured = false;
};

// Convolves a box's slice with a Gaussian along one axis; beyond the border lies 0.
void blur_lines(std::vector<float>& image, Int3 size, int axis, double sigma_pixels) {
  if (sigma_pixels < 0.1) return;
  const BlurKernel kernel(sigma_pixels);
  const std::int64_t count = size[axis], stride = axis == 0 ? 1 : size.i, step = axis == 0 ? size.i : 1;
  std::vector<float> padded(static_cast<std::size_t>(count + 2 * kernel.reach));
  for (std::int64_t line = 0; line < size[1 - axis]; ++line) {
    float* first = image.data() + line * step;
    for (std::int64_t n = 0; n < count; ++n)
      padded[static_cast<std::size_t>(n + kernel.reach)] = first[n * stride];
    for (std::int64_t n = 0; n < count; ++n) first[n * stride] = kernel.mean_at(padded, n);
  }
}

class GroupPainter {
 public:
  GroupPainter(const InsertedGroup& group, const ScanLook& look, double contour_error_mm,
               InsertedCase& result)
      : group_(group),
        look_(look),
        error_mm_(contour_error_mm),
        result_(result),
        frame_(result.ct.geometry()) {
    pixel_mm_ = std::sqrt(frame_.spacing_mm.x * frame_.spacing_mm.y);
    // A border one pixel wide is a blur of its own, of the variance of a box.
    const double own = pixel_mm_ * pixel_mm_ / 12, wanted = look.psf_sigma_mm * look.psf_sigma_mm;
    sigma_mm_ = std::sqrt(std::max(0.0, wanted - own));
    substeps_ = static_cast<std::int64_t>(std::ceil(frame_.spacing_mm.z / kSubSliceMm)) | 1;
    step_mm_ = frame_.spacing_mm.z / static_cast<double>(substeps_);
    profile_ = slice_profile(frame_.spacing_mm.z, step_mm_);
    find_box();
  }

  std::vector<InsertedSum> paint(std::uint8_t first_id, Random random) {
    noise_sd_hu_ = local_noise_sd_hu();
    draw_fine_slices();
    label_voxels(first_id);
    develop(random);
    std::vector<InsertedSum> total(group_.lesions.size());
    for (const auto& slice : sums_)
      for (std::size_t n = 0; n < total.size(); ++n) {
        total[n].voxels += slice[n].voxels, total[n].hu += slice[n].hu;
        total[n].place_mm = total[n].place_mm + slice[n].place_mm;
      }
    if (total.size() == 2) total[0].touching = total[1].touching = touch(first_id);
    return total;
  }

 private:
  std::int64_t half() const { return static_cast<std::int64_t>(profile_.size() / 2); }

  void find_box() {
    box_ = {frame_.size, {0, 0, 0}};
    for (const InsertedLesion& lesion : group_.lesions)
      for (int axis = 0; axis < 3; ++axis) {
        const double blur = axis == 2 ? frame_.spacing_mm.z + 1 : 3 * sigma_mm_ + 2 * pixel_mm_;
        const double reach = lesion.reach_mm() + lesion.margin_mm() + blur + 2.5 * error_mm_;
        const double low = (lesion.centre_mm[axis] - reach) / frame_.spacing_mm[axis],
                     high = (lesion.centre_mm[axis] + reach) / frame_.spacing_mm[axis];
        box_.low[axis] = std::min(box_.low[axis], static_cast<std::int64_t>(std::floor(low)));
        box_.high[axis] = std::max(box_.high[axis], static_cast<std::int64_t>(std::ceil(high)) + 1);
      }
    box_ = intersection(box_, {{0, 0, 0}, frame_.size});
  }

  // Noise differs from place to place. Median of the differences of liver voxels two pixels apart along one
  // axis, as a standard deviation of single voxels; half to twice that of the whole liver.
  double local_noise_sd_hu() const {
    double sd = 0;
    for (const int axis : {0, 1}) {
      Int3 next;
      next[axis] = 2;
      std::vector<float> differences;
      for (std::int64_t k = box_.low.k; k < box_.high.k; ++k)
        for (std::int64_t j = box_.low.j; j + next.j < box_.high.j; j += 3)
          for (std::int64_t i = box_.low.i; i + next.i < box_.high.i; i += 3) {
            const std::size_t a = frame_.offset({i, j, k}), b = frame_.offset(Int3{i, j, k} + next);
            if (result_.truth.voxels()[a] != kLiver || result_.truth.voxels()[b] != kLiver) continue;
            const float difference = std::abs(result_.ct.voxels()[a] - result_.ct.voxels()[b]);
            if (std::isfinite(difference)) differences.push_back(difference);
          }
      if (differences.size() < 100) return look_.noise.sd_hu;
      const auto middle = differences.begin() + static_cast<std::ptrdiff_t>(differences.size() / 2);
      std::nth_element(differences.begin(), middle, differences.end());
      // The median of |x| is 0.6745 sd for a normal x.
      const double difference_sd = static_cast<double>(*middle) / 0.6744897501960817;
      sd += 0.5 * difference_sd / std::sqrt(2 * std::max(0.1, 1 - look_.noise.correlation(axis, 2)));
    }
    return std::clamp(sd, 0.5 * look_.noise.sd_hu, 2 * look_.noise.sd_hu);
  }

  Content content(Vec3 place) const {
    Content found;
    double distances[2] = {1e9, 1e9}, shares[2] = {0, 0};
    for (std::size_t n = 0; n < group_.lesions.size(); ++n) {
      const InsertedLesion& lesion = group_.lesions[n];
      const double width = pixel_mm_ + lesion.margin_mm();
      if ((place - lesion.centre_mm).norm() > lesion.reach_mm() + width + 2.5 * error_mm_) continue;
      distances[n] = lesion.distance(place);
      shares[n] = ramp(distances[n], width);
      const double most = 0.4 * lesion.radius_mm();
      const double error = error_mm_ > 0 ? error_mm_ * lesion.contour_offset(place) : 0;
      found.contoured |= distances[n] < std::clamp(error, -most, most);
    }
    if (group_.lesions.size() == 2) share_out(distances, shares);
    for (std::size_t n = 0; n < group_.lesions.size(); ++n) {
      if (shares[n] <= 0 && distances[n] >= 0) continue;
      const double hu = group_.lesions[n].hu(place, distances[n]);
      found.share += shares[n], found.hu_share += shares[n] * hu;
      if (distances[n] < 0) found.owner = static_cast<int>(n), found.hu = hu;
    }
    return found;
  }

  // Divides the overlap of two lesions: one's inside is the other's outside.
  void share_out(double (&distances)[2], double (&shares)[2]) const {
    if (group_.border == PairBorder::kHalves) {
      const double side = 0.5 * (distances[0] - distances[1]);
      shares[0] = std::min(shares[0], ramp(side, pixel_mm_));
      shares[1] = std::min(shares[1], ramp(-side, pixel_mm_));
      distances[0] = std::max(distances[0], side), distances[1] = std::max(distances[1], -side);
    } else {
      const int winner = group_.border == PairBorder::kTumourWins ? 0 : 1;
      shares[1 - winner] = std::min(shares[1 - winner], 1 - shares[winner]);
      distances[1 - winner] = std::max(distances[1 - winner], -distances[winner]);
    }
  }

  // Whether lesions may lie here: in label 1 of the input; between two slices, partly.
  double liver_share(std::int64_t i, std::int64_t j, double slice) const {
    const double clamped = std::clamp(slice, 0.0, static_cast<double>(frame_.size.k - 1));
    const auto k = static_cast<std::int64_t>(clamped);
    const double t = clamped - static_cast<double>(k);
    const auto is_liver = [&](std::int64_t n) {
      return result_.truth.voxels()[frame_.offset({i, j, n})] == kLiver ? 1.0 : 0.0;
    };
    return t > 0 ? (1 - t) * is_liver(k) + t * is_liver(k + 1) : is_liver(k);
  }

  void draw_fine_slices() {
    const Int3 size = box_.size();
    const auto area = static_cast<std::size_t>(size.i * size.j);
    const std::int64_t count = (size.k - 1) * substeps_ + 1 + 2 * half();
    shares_.assign(static_cast<std::size_t>(count), std::vector<float>(area));
    hu_shares_ = shares_;
    owners_.assign(static_cast<std::size_t>(size.k), std::vector<Content>(area));
    parallel_for(count, [&](std::int64_t m) {
      auto& share = shares_[static_cast<std::size_t>(m)];
      auto& hu_share = hu_shares_[static_cast<std::size_t>(m)];
      const std::int64_t from_first = m - half();
      const double slice =
          static_cast<double>(box_.low.k) + static_cast<double>(from_first) / static_cast<double>(substeps_);
      const bool stored = from_first >= 0 && from_first % substeps_ == 0 && from_first / substeps_ < size.k;
      std::size_t at = 0;
      for (std::int64_t j = box_.low.j; j < box_.high.j; ++j)
        for (std::int64_t i = box_.low.i; i < box_.high.i; ++i, ++at) {
          const double liver = liver_share(i, j, slice);
          if (liver <= 0) continue;
          Vec3 place = frame_.place_mm({i, j, 0});
          place.z = slice * frame_.spacing_mm.z;
          const Content found = content(place);
          share[at] = static_cast<float>(liver * found.share);
          hu_share[at] = static_cast<float>(liver * found.hu_share);
          if (stored) owners_[static_cast<std::size_t>(from_first / substeps_)][at] = found;
        }
      for (auto* image : {&share, &hu_share}) {
        blur_lines(*image, size, 0, sigma_mm_ / frame_.spacing_mm.x);
        blur_lines(*image, size, 1, sigma_mm_ / frame_.spacing_mm.y);
      }
    });
  }

  void label_voxels(std::uint8_t first_id) {
    const Int3 size = box_.size();
    sums_.assign(static_cast<std::size_t>(size.k), std::vector<InsertedSum>(group_.lesions.size()));
    parallel_for(size.k, [&](std::int64_t k) {
      const auto& contents = owners_[static_cast<std::size_t>(k)];
      for (std::size_t n = 0; n < contents.size(); ++n) {
        const Content& found = contents[n];
        const auto in_row = static_cast<std::int64_t>(n);
        const Int3 at = box_.low + Int3{in_row % size.i, in_row / size.i, k};
        const std::size_t voxel = frame_.offset(at);
        if (found.contoured) result_.contoured.voxels()[voxel] = kTumour;
        if (found.owner < 0) continue;
        const auto owner = static_cast<std::size_t>(found.owner);
        result_.truth.voxels()[voxel] = group_.lesions[owner].is_cyst() ? kCyst : kTumour;
        result_.lesion_ids.voxels()[voxel] = static_cast<std::uint8_t>(first_id + found.owner);
        InsertedSum& sum = sums_[static_cast<std::size_t>(k)][owner];
        ++sum.voxels, sum.hu += found.hu;
        sum.place_mm = sum.place_mm + frame_.place_mm(at);
      }
    });
  }

  void develop(Random random) {
    const Int3 size = box_.size();
    const auto side = static_cast<std::int64_t>(
        std::bit_ceil(static_cast<std::uint64_t>(std::max({size.i, size.j, look_.noise.pixels}))));
    const auto noise = look_.noise.draw(random, side, size.k);
    parallel_for(size.k, [&](std::int64_t k) {
      std::size_t n = 0;
      for (std::int64_t j = 0; j < size.j; ++j)
        for (std::int64_t i = 0; i < size.i; ++i, ++n) {
          double share = 0, hu_share = 0;
          for (std::size_t m = 0; m < profile_.size(); ++m) {
            const std::size_t fine = static_cast<std::size_t>(k * substeps_) + m;
            share += profile_[m] * static_cast<double>(shares_[fine][n]);
            hu_share += profile_[m] * static_cast<double>(hu_shares_[fine][n]);
          }
          if (share < kLeastShare) continue;
          share = std::min(share, 1.0);
          float& hu = result_.ct.voxels()[frame_.offset(box_.low + Int3{i, j, k})];
          const double grain =
              noise_sd_hu_ *
              static_cast<double>(noise[static_cast<std::size_t>(k)][static_cast<std::size_t>(j * side + i)]);
          const double mixed = (1 - share) * static_cast<double>(hu) + hu_share;
          // Scanners store whole HU.
          hu = static_cast<float>(std::round(mixed + std::sqrt(share * (2 - share)) * grain));
        }
    });
  }

  // Whether a voxel of the first lesion is a 26-neighbour of the second.
  bool touch(std::uint8_t first_id) const {
    const auto id = [&](Int3 at) { return result_.lesion_ids.voxels()[frame_.offset(at)]; };
    for (std::int64_t k = box_.low.k; k + 1 < box_.high.k; ++k)
      for (std::int64_t j = box_.low.j; j + 1 < box_.high.j; ++j)
        for (std::int64_t i = box_.low.i; i + 1 < box_.high.i; ++i) {
          bool first = false, second = false;
          for (std::int64_t n = 0; n < 8; ++n) {
            const int found = id({i + n % 2, j + n / 2 % 2, k + n / 4});
            first |= found == first_id, second |= found == first_id + 1;
          }
          if (first && second) return true;
        }
    return false;
  }

  const InsertedGroup& group_;
  const ScanLook& look_;
  double error_mm_;
  InsertedCase& result_;
  SliceFrame frame_;
  double pixel_mm_ = 1, sigma_mm_ = 0, step_mm_ = 1, noise_sd_hu_ = 0;
  std::int64_t substeps_ = 1;
  std::vector<double> profile_;
  Box3 box_;
  std::vector<std::vector<float>> shares_, hu_shares_;  // by fine slice, blurred in plane
  std::vector<std::vector<Content>> owners_;            // by stored slice
  std::vector<std::vector<InsertedSum>> sums_;          // by stored slice and lesion
};

}  // namespace

std::vector<InsertedSum> paint_group(const InsertedGroup& group, const ScanLook& look,
                                     double contour_error_mm, std::uint8_t first_id, Random random,
                                     InsertedCase& result) {
  return GroupPainter(group, look, contour_error_mm, result).paint(first_id, random);
}

}  // namespace hepar::phantom
