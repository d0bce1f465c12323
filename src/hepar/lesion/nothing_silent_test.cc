// SPDX-License-Identifier: Apache-2.0
// Every voxel of the tumour label is accounted for, whatever the input.
#include <gtest/gtest.h>

#include <algorithm>

#include "hepar/core/parallel.h"
#include "hepar/lesion/lesion_filter.h"
#include "hepar/lesion/lesion_json.h"
#include "hepar/lesion/test_case.h"

namespace hepar {
namespace {

using testing_case::grid;
using testing_case::PaintedCase;

// Sixty lesions: balls (some over the volume's border), boxes, single voxels; all HU from fat to bone. Liver,
// background and cysts that were there before lie around them.
PaintedCase random_case(std::uint64_t seed) {
  Random random(seed);
  const Int3 size{random.integer(40, 70), random.integer(40, 70), random.integer(10, 30)};
  PaintedCase c(static_cast<float>(random.uniform(40, 130)),
                grid(size, {random.uniform(0.6, 1.2), random.uniform(0.6, 1.2), random.uniform(0.8, 5)}));
  const Vec3 spacing = c.ct.geometry().spacing_mm;
  const Vec3 extent{static_cast<double>(size.i) * spacing.x, static_cast<double>(size.j) * spacing.y,
                    static_cast<double>(size.k) * spacing.z};
  for (std::size_t n = 0; n < c.labels.voxels().size() / 3; ++n) c.labels.voxels()[n] = kBackground;
  for (int n = 0; n < 60; ++n) {
    const Vec3 centre{random.uniform(0, extent.x), random.uniform(0, extent.y), random.uniform(0, extent.z)};
    const double hu = random.chance(0.5) ? random.uniform(-5, 20) : random.uniform(-120, 250);
    const double radius_mm = random.chance(0.3) ? 0.5 : random.uniform(1, 8);
    c.add({centre, radius_mm}, hu);
    if (n % 10 == 0) c.label({centre + Vec3{radius_mm, 0, 0}, 2}, kCyst);
    const Int3 voxel{random.integer(0, size.i - 1), random.integer(0, size.j - 1),
                     random.integer(0, size.k - 1)};
    c.labels[voxel] = kTumour;
  }
  c.add_noise(random.uniform(5, 30), seed);
  return c;
}

LesionFilterOptions random_options(std::uint64_t seed) {
  Random random = Random(seed).fork(1);
  LesionFilterOptions options;
  options.rule = random.chance(0.5) ? LesionRule::kPaper : LesionRule::kEvidence;
  options.grow_in_liver_only = random.chance(0.5);
  if (random.chance(0.5)) options.close_mm = random.uniform(0.3, 3);
  if (random.chance(0.7)) options.open_mm = random.uniform(0.3, 3);
  if (random.chance(0.5)) options.expand_mm = random.uniform(0.3, 3);
  return options;
}

// Voxels of one connected region of the input.
struct Account {
  std::int64_t tumour = 0, cyst = 0, other = 0;
  friend bool operator==(const Account&, const Account&) = default;
};

std::vector<Account> count_voxels(const LabelMap& before, const LabelMap& after) {
  const ComponentRuns found = find_components(before, kTumour);
  std::vector<Account> accounts(found.components.size());
  for (const VoxelRun& run : found.runs) {
    Account& account = accounts[static_cast<std::size_t>(run.component)];
    for (std::int64_t n = run.first; n < run.first + run.length; ++n) {
      const std::uint8_t label = after.voxels()[static_cast<std::size_t>(n)];
      ++(label == kTumour ? account.tumour : label == kCyst ? account.cyst : account.other);
    }
  }
  return accounts;
}

// What the regions say of the same voxels.
std::vector<Account> count_regions(const LesionFilterResult& result, std::size_t components) {
  std::vector<Account> accounts(components);
  for (const LesionRegion& region : result.regions) {
    Account& account = accounts.at(static_cast<std::size_t>(region.component) - 1);
    switch (region.verdict) {
      case Verdict::kCalledCyst:
        account.cyst += region.voxels;
        break;
      case Verdict::kOpened:
        account.other += region.voxels, account.tumour -= region.voxels;
        break;
      default:
        account.tumour += region.voxels;
    }
    EXPECT_FALSE(region.reason.empty());
  }
  return accounts;
}

class NothingSilent : public testing::TestWithParam<std::uint64_t> {};

TEST_P(NothingSilent, EveryTumourVoxelIsTumourCystOrListed) {
  PaintedCase c = random_case(GetParam());
  const LesionFilterOptions options = random_options(GetParam());
  const LabelMap before = c.labels;
  const LesionFilterResult result = filter_lesions(c.ct, c.labels, options);
  const std::vector<Account> seen = count_voxels(before, c.labels);
  EXPECT_TRUE(seen == count_regions(result, seen.size()));
  for (std::size_t n = 0; n < before.voxels().size(); ++n) {
    const std::uint8_t was = before.voxels()[n], is = c.labels.voxels()[n];
    if (was == kTumour) {
      ASSERT_TRUE(is == kTumour || is == kCyst || (is == kLiver && options.open_mm > 0)) << n;
    } else if (was == kCyst) {
      ASSERT_EQ(is, kCyst) << n;
    } else {
      const bool may_grow =
          (options.close_mm > 0 || options.expand_mm > 0) && (was == kLiver || !options.grow_in_liver_only);
      ASSERT_TRUE(is == was || (is == kTumour && may_grow)) << n;
    }
  }
  for (std::size_t n = 0; n < result.regions.size(); ++n)
    EXPECT_EQ(result.regions[n].id, static_cast<int>(n) + 1);
}

TEST_P(NothingSilent, AndTheSameForAnyThreadCount) {
  PaintedCase one = random_case(GetParam()), four = one;
  const LesionFilterOptions options = random_options(GetParam());
  const int threads = thread_count();
  set_thread_count(1);
  const std::string text = lesions_json(filter_lesions(one.ct, one.labels, options));
  set_thread_count(4);
  EXPECT_EQ(lesions_json(filter_lesions(four.ct, four.labels, options)), text);
  set_thread_count(threads);
  EXPECT_TRUE(
      std::equal(one.labels.voxels().begin(), one.labels.voxels().end(), four.labels.voxels().begin()));
}
INSTANTIATE_TEST_SUITE_P(Seeds, NothingSilent, testing::Range<std::uint64_t>(1, 13));

TEST(NothingSilentAtAll, TheRandomCasesHoldAllThatCanHappen) {
  std::int64_t cysts[2] = {}, opened = 0, doubtful = 0, parts = 0, added = 0;
  for (std::uint64_t seed = 1; seed < 13; ++seed) {
    PaintedCase c = random_case(seed);
    const LabelMap before = c.labels;
    const LesionFilterResult result = filter_lesions(c.ct, c.labels, random_options(seed));
    for (const LesionRegion& region : result.regions) {
      cysts[static_cast<int>(result.options.rule)] += region.verdict == Verdict::kCalledCyst;
      opened += region.verdict == Verdict::kOpened, doubtful += region.verdict == Verdict::kDoubtful;
      parts += region.is_part;
    }
    for (std::size_t n = 0; n < before.voxels().size(); ++n)
      added += before.voxels()[n] < kTumour && c.labels.voxels()[n] == kTumour;
  }
  EXPECT_GT(cysts[static_cast<int>(LesionRule::kPaper)], 20);
  EXPECT_GT(cysts[static_cast<int>(LesionRule::kEvidence)], 0);
  EXPECT_GT(opened, 20);
  EXPECT_GT(doubtful, 20);
  EXPECT_GT(parts, 0);
  EXPECT_GT(added, 1000);
}

// Volumes at the edge of what a volume is; all is tumour, in the plane's middle only, or everywhere but
// there.
class OddVolume : public testing::TestWithParam<std::tuple<Int3, int>> {};

TEST_P(OddVolume, IsFilteredWithoutLoss) {
  const auto& [size, way] = GetParam();
  for (const LesionRule rule : {LesionRule::kPaper, LesionRule::kEvidence}) {
    PaintedCase c(110, grid(size, {0.8, 0.8, 3}));
    Random random(9);
    for (std::size_t n = 0; n < c.labels.voxels().size(); ++n) {
      const auto at = static_cast<std::int64_t>(n) % size.i;
      const bool middle = at >= size.i / 4 && at <= 3 * size.i / 4;
      if (way == 0 || (way == 1) == middle) {
        c.labels.voxels()[n] = kTumour, c.ct.voxels()[n] = static_cast<float>(random.normal(10, 5));
      }
    }
    LesionFilterOptions options;
    options.rule = rule;
    options.close_mm = options.open_mm = options.expand_mm = 1;
    const LabelMap before = c.labels;
    const LesionFilterResult result = filter_lesions(c.ct, c.labels, options);
    const std::vector<Account> seen = count_voxels(before, c.labels);
    EXPECT_TRUE(seen == count_regions(result, seen.size()));
    EXPECT_FALSE(lesions_json(result).empty());
  }
}
INSTANTIATE_TEST_SUITE_P(Sizes, OddVolume,
                         testing::Combine(testing::Values(Int3{1, 1, 1}, Int3{40, 40, 1}, Int3{40, 1, 1},
                                                          Int3{1, 30, 2}, Int3{30, 1, 20}, Int3{24, 24, 8}),
                                          testing::Values(0, 1, 2)));

}  // namespace
}  // namespace hepar
