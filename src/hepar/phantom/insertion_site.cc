// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/insertion_site.h"

#include <fmt/format.h>

#include <array>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/imaging/distance.h"

namespace hepar::phantom {
namespace {

constexpr double kCellMm = 3, kLeastLiverMl = 50;
constexpr int kLowestHu = -200, kHistogramSize = 600;

// Voxels of the liver and a histogram of those with a HU that tissue may have.
struct SlabCount {
  std::int64_t voxels = 0, plausible = 0;
  std::array<std::int64_t, kHistogramSize> histogram{};

  void add(float hu) {
    const double bin = static_cast<double>(hu) - kLowestHu;
    ++voxels;
    if (bin >= 0 && bin < kHistogramSize) ++plausible, ++histogram[static_cast<std::size_t>(bin)];
  }
  void add(const SlabCount& other) {
    voxels += other.voxels, plausible += other.plausible;
    for (std::size_t n = 0; n < histogram.size(); ++n) histogram[n] += other.histogram[n];
  }
  double median_hu() const {
    std::int64_t below = 0;
    std::size_t n = 0;
    while (n + 1 < histogram.size() && 2 * (below + histogram[n]) < plausible) below += histogram[n++];
    return kLowestHu + static_cast<double>(n);
  }
};

// One lesion or pair that is asked for.
struct Wish {
  LesionKind kind;
  bool pair;
  double low_mm, diameter_mm;       // of the tumour where it is a pair
  double cyst_low_mm, cyst_mm = 0;  // of a pair's cyst
};

double draw_diameter(Random& random, double low_mm, double high_mm) {
  return std::exp(random.uniform(std::log(low_mm), std::log(high_mm)));
}

std::vector<Wish> draw_wishes(const InsertionOptions& options, Random random) {
  std::vector<Wish> wishes;
  const auto add = [&](int count, LesionKind kind, double least_mm) {
    const double low = std::max(least_mm, options.smallest_mm);
    for (int n = 0; n < count; ++n)
      wishes.push_back(
          {kind, false, low, draw_diameter(random, low, std::max(low, options.largest_mm)), 0, 0});
  };
  add(options.tumours, LesionKind::kTumour, 0);
  add(options.necrotic, LesionKind::kNecrotic, 12);
  add(options.hypodense, LesionKind::kHypodense, 0);
  add(options.calcified, LesionKind::kCalcified, 0);
  add(options.cysts, LesionKind::kCyst, 0);
  for (int n = 0; n < options.touching; ++n) {
    const double low = std::clamp(options.smallest_mm, 12.0, 40.0),
                 cyst_low = std::clamp(low - 1, 11.0, 35.0);
    const double high = std::clamp(options.largest_mm, low, 40.0),
                 cyst_high = std::clamp(options.largest_mm, cyst_low, 35.0);
    wishes.push_back({LesionKind::kTumour, true, low, draw_diameter(random, low, high), cyst_low,
                      draw_diameter(random, cyst_low, cyst_high)});
  }
  return wishes;
}

// Finds places for one wish after another.
class Placer {
 public:
  Placer(const InsertionSite& site) : site_(site) {}

  std::optional<InsertedGroup> place(const Wish& wish, double share, Random random) {
    const LiverState liver{site_.liver_hu()};
    InsertedGroup group;
    group.lesions.emplace_back(wish.kind, std::max(wish.low_mm, share * wish.diameter_mm), liver,
                               random.fork(1));
    if (wish.pair)
      group.lesions.emplace_back(LesionKind::kCyst, std::max(wish.cyst_low_mm, share * wish.cyst_mm), liver,
                                 random.fork(2));
    Random own = random.fork(3);
    // A cut would take the rim off a core, or make a pair's parts smaller than promised.
    const bool whole = wish.pair || wish.kind == LesionKind::kNecrotic;
    const bool capsular = !whole && own.chance(1.0 / 3);
    const bool found = wish.pair ? place_pair(group, own) : place_one(group.lesions[0], capsular, own);
    if (!found) return std::nullopt;
    for (const InsertedLesion& lesion : group.lesions) placed_.push_back(lesion);
    return group;
  }

 private:
  bool clear(const InsertedLesion& lesion, const InsertionSite::Cell& cell, Vec3 centre) const {
    if (cell.lesion_mm < lesion.reach_mm() + site_.gap_mm()) return false;
    for (const InsertedLesion& other : placed_) {
      const double apart = (other.centre_mm - centre).norm();
      if (apart < other.reach_mm() + lesion.reach_mm() + site_.gap_mm()) return false;
    }
    return true;
  }

  // All cells in a range of depths that are free for this lesion.
  std::vector<const InsertionSite::Cell*> free_cells(const InsertedLesion& lesion, double low_mm,
                                                     double high_mm) const {
    std::vector<const InsertionSite::Cell*> cells;
    for (const auto& cell : site_.cells())
      if (cell.depth_mm >= low_mm && cell.depth_mm <= high_mm && clear(lesion, cell, cell.place_mm))
        cells.push_back(&cell);
    return cells;
  }

  bool place_one(InsertedLesion& lesion, bool capsular, Random& random) const {
    const double r = lesion.radius_mm();
    auto cells =
        capsular ? free_cells(lesion, 0.4 * r, 0.85 * r) : free_cells(lesion, lesion.reach_mm(), 1e9);
    if (cells.empty() && capsular) cells = free_cells(lesion, lesion.reach_mm(), 1e9);
    if (cells.empty()) return false;
    const auto n = random.integer(0, static_cast<std::int64_t>(cells.size()) - 1);
    lesion.centre_mm = cells[static_cast<std::size_t>(n)]->place_mm;
    return true;
  }

  bool place_pair(InsertedGroup& group, Random& random) const {
    InsertedLesion &tumour = group.lesions[0], &cyst = group.lesions[1];
    const double least = std::min(tumour.radius_mm(), cyst.radius_mm());
    const double overlap =
        std::min(0.4 * least, std::max(site_.gap_mm() / 4, random.uniform(0.1, 0.2) * least));
    group.border = static_cast<PairBorder>(random.integer(0, 2));
    const auto cells = free_cells(tumour, tumour.reach_mm(), 1e9);
    for (int tries = 0; tries < 200 && !cells.empty(); ++tries) {
      const auto n = random.integer(0, static_cast<std::int64_t>(cells.size()) - 1);
      tumour.centre_mm = cells[static_cast<std::size_t>(n)]->place_mm;
      Vec3 way{random.normal(), random.normal(), random.normal()};
      way = (1 / std::max(way.norm(), 1e-6)) * way;
      const double apart = tumour.surface_mm(way) + cyst.surface_mm(-1 * way) - overlap;
      cyst.centre_mm = tumour.centre_mm + apart * way;
      const auto* cell = site_.cell_at(cyst.centre_mm);
      if (cell != nullptr && cell->depth_mm >= cyst.reach_mm() && clear(cyst, *cell, cyst.centre_mm))
        return true;
    }
    return false;
  }

  const InsertionSite& site_;
  std::vector<InsertedLesion> placed_;
};

std::string wish_name(const Wish& wish) {
  return wish.pair ? "touching pair of tumour and cyst" : lesion_kind_name(wish.kind);
}

}  // namespace

InsertionSite::InsertionSite(const CtVolume& ct, const LabelMap& labels, const SliceFrame& frame) {
  for (int axis = 0; axis < 3; ++axis) {
    step_[axis] = std::max<std::int64_t>(1, std::llround(kCellMm / frame.spacing_mm[axis]));
    size_[axis] = (frame.size[axis] + step_[axis] - 1) / step_[axis] + 2;  // one cell more at each end
    cell_mm_[axis] = static_cast<double>(step_[axis]) * frame.spacing_mm[axis];
  }
  const double voxel_mm = std::max({frame.spacing_mm.x, frame.spacing_mm.y, frame.spacing_mm.z});
  gap_mm_ = std::clamp(3 * voxel_mm, 4.0, 15.0);
  count(ct, labels, frame);
  const double liver_ml = static_cast<double>(liver_voxels_) * ct.geometry().voxel_volume_ml();
  if (liver_ml < kLeastLiverMl) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("the label map holds {:.1f} mL of liver (label 1), lesions need {:.0f} mL; give a "
                    "map of the whole liver",
                    liver_ml, kLeastLiverMl));
  }
  if (2 * plausible_voxels_ < liver_voxels_) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("only {:.0f} % of the liver's voxels lie between {} and {} HU; give a CT in HU",
                    100.0 * static_cast<double>(plausible_voxels_) / static_cast<double>(liver_voxels_),
                    kLowestHu, kLowestHu + kHistogramSize));
  }
  measure_depths(frame);
}

void InsertionSite::count(const CtVolume& ct, const LabelMap& labels, const SliceFrame& frame) {
  Geometry raster;
  raster.size = size_, raster.spacing_mm = cell_mm_;
  outside_ = Mask(raster, 1), lesions_ = Mask(raster);
  std::vector<SlabCount> slabs(static_cast<std::size_t>(size_.k - 2));
  parallel_for(size_.k - 2, [&](std::int64_t slab) {
    SlabCount& counted = slabs[static_cast<std::size_t>(slab)];
    const std::int64_t first = slab * step_.k, middle = first + step_.k / 2;
    for (std::int64_t k = first; k < std::min(first + step_.k, frame.size.k); ++k)
      for (std::int64_t j = 0; j < frame.size.j; ++j)
        for (std::int64_t i = 0; i < frame.size.i; ++i) {
          const std::size_t at = frame.offset({i, j, k});
          const std::uint8_t label = labels.voxels()[at];
          if (label == kBackground || label > kCyst) continue;
          const Int3 cell{i / step_.i + 1, j / step_.j + 1, slab + 1};
          if (label == kLiver) counted.add(ct.voxels()[at]);
          if (label != kLiver) lesions_[cell] = 1;
          const bool central = i % step_.i == step_.i / 2 && j % step_.j == step_.j / 2;
          if (central && k == middle) outside_[cell] = 0;
        }
  });
  SlabCount total;
  for (const SlabCount& slab : slabs) total.add(slab);
  liver_voxels_ = total.voxels, plausible_voxels_ = total.plausible;
  liver_hu_ = total.median_hu();
}

void InsertionSite::measure_depths(const SliceFrame& frame) {
  const Volume<double> border = squared_distance_mm2(outside_), lesion = squared_distance_mm2(lesions_);
  cell_of_.assign(static_cast<std::size_t>(size_.count()), -1);
  const double half_cell = 0.5 * std::max({cell_mm_.x, cell_mm_.y, cell_mm_.z});
  for (Int3 at; at.k < size_.k; ++at.k)
    for (at.j = 0; at.j < size_.j; ++at.j)
      for (at.i = 0; at.i < size_.i; ++at.i) {
        if (outside_[at] != 0) continue;
        Vec3 place;
        for (int axis = 0; axis < 3; ++axis)
          place[axis] =
              frame.spacing_mm[axis] * static_cast<double>((at[axis] - 1) * step_[axis] + step_[axis] / 2);
        cell_of_[outside_.offset(at)] = static_cast<std::int32_t>(cells_.size());
        cells_.push_back({place, std::sqrt(border[at]) - half_cell, std::sqrt(lesion[at]) - 1.8 * half_cell});
      }
}

const InsertionSite::Cell* InsertionSite::cell_at(Vec3 place_mm) const {
  Int3 at;
  for (int axis = 0; axis < 3; ++axis) {
    at[axis] = static_cast<std::int64_t>(std::floor(place_mm[axis] / cell_mm_[axis])) + 1;
    if (at[axis] < 0 || at[axis] >= size_[axis]) return nullptr;
  }
  const std::int32_t n = cell_of_[outside_.offset(at)];
  return n < 0 ? nullptr : &cells_[static_cast<std::size_t>(n)];
}

std::vector<InsertedGroup> place_lesions(const InsertionSite& site, const InsertionOptions& options,
                                         Random random, std::vector<std::string>& notes) {
  std::vector<Wish> wishes = draw_wishes(options, random.fork(1));
  std::stable_sort(wishes.begin(), wishes.end(), [](const Wish& a, const Wish& b) {
    return a.diameter_mm + a.cyst_mm > b.diameter_mm + b.cyst_mm;
  });
  Placer placer(site);
  std::vector<InsertedGroup> groups;
  for (std::size_t n = 0; n < wishes.size(); ++n) {
    const Wish& wish = wishes[n];
    std::optional<InsertedGroup> group;
    double share = 1;
    for (std::uint64_t tries = 0; !group; ++tries, share *= 0.8) {
      group = placer.place(wish, share, random.fork(100 + 32 * n + tries));
      if (group || (share * wish.diameter_mm <= wish.low_mm && share * wish.cyst_mm <= wish.cyst_low_mm))
        break;
    }
    if (!group) {
      notes.push_back(fmt::format("no place in the liver for a {} of {:.0f} mm or less: it was left out",
                                  wish_name(wish), wish.diameter_mm));
    } else {
      if (share < 1)
        notes.push_back(fmt::format("no place in the liver for a {} of {:.0f} mm: it became {:.0f} mm",
                                    wish_name(wish), wish.diameter_mm, 2 * group->lesions[0].radius_mm()));
      groups.push_back(std::move(*group));
    }
  }
  return groups;
}

}  // namespace hepar::phantom
