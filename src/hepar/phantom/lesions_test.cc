// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/lesions.h"

#include <gtest/gtest.h>

#include <array>
#include <map>

namespace hepar::phantom {
namespace {

constexpr int kCases = 150;

std::vector<std::vector<Lesion>> draw_many(const Anatomy& body, const PhantomOptions& options) {
  std::vector<std::vector<Lesion>> cases;
  for (std::uint64_t seed = 0; seed < kCases; ++seed)
    cases.push_back(draw_lesions(Random(seed), body, draw_tissues(Random(seed)), options, 9));
  return cases;
}

TEST(DrawLesions, MakesTumoursOfTheStatedSizesAndNoCystUnlessAsked) {
  const Anatomy body{Random(1)};
  int empty = 0;
  for (const auto& lesions : draw_many(body, {})) {
    empty += lesions.empty() ? 1 : 0;
    EXPECT_LE(lesions.size(), 6U);
    for (const Lesion& lesion : lesions) {
      EXPECT_FALSE(lesion.is_cyst());
      EXPECT_GE(lesion.radius_mm, 5);
      EXPECT_LE(lesion.radius_mm, 30);
      EXPECT_LT(body.liver_at(lesion.shape.centre), 2) << "the centre lies in the liver";
    }
  }
  // Three in a hundred are drawn empty: 4.5 expected, sd 2.1.
  EXPECT_GT(empty, 0);
  EXPECT_LT(empty, 12);
}

TEST(DrawLesions, AddsCystsOfWaterAndNowAndThenSetsOneAgainstATumour) {
  const Anatomy body{Random(2)};
  int with_cyst = 0, touching = 0;
  for (const auto& lesions : draw_many(body, {.cysts = CystContent::kSome})) {
    bool cyst = false, touch = false;
    for (const Lesion& a : lesions) {
      if (!a.is_cyst()) continue;
      cyst = true;
      EXPECT_GE(a.value_hu, 0);
      EXPECT_LE(a.value_hu, 30);
      for (const Lesion& b : lesions)
        touch |= !b.is_cyst() && (a.shape.centre - b.shape.centre).norm() < a.radius_mm + b.radius_mm;
    }
    with_cyst += cyst ? 1 : 0, touching += touch ? 1 : 0;
  }
  EXPECT_GT(with_cyst, kCases * 9 / 10);
  // One in five where there is room: 30 expected at most, sd 4.9.
  EXPECT_GT(touching, 5);
  EXPECT_LT(touching, 50);
}

TEST(DrawLesions, KeepsTheOthersApart) {
  const Anatomy body{Random(3)};
  for (const auto& lesions : draw_many(body, {}))
    for (std::size_t a = 0; a < lesions.size(); ++a)
      for (std::size_t b = 0; b < a; ++b)
        EXPECT_GT((lesions[a].shape.centre - lesions[b].shape.centre).norm(),
                  1.2 * (lesions[a].radius_mm + lesions[b].radius_mm) + 8.99);
}

TEST(DrawLesions, MakesEveryLargeTumourNecroticWhenAskedTo) {
  const Anatomy body{Random(4)};
  for (const auto& lesions : draw_many(body, {.necrotic_probability = 1}))
    for (const Lesion& lesion : lesions)
      EXPECT_EQ(lesion.kind == LesionKind::kNecrotic, lesion.radius_mm >= 10);
  for (const auto& lesions : draw_many(body, {.necrotic_probability = 0}))
    for (const Lesion& lesion : lesions) EXPECT_NE(lesion.kind, LesionKind::kNecrotic);
}

TEST(Lesion, HasARimRoundItsCore) {
  const NoiseField texture(Random(1), {-100, -100, -100}, {100, 100, 100}, std::array<Octave, 1>{{{20, 1}}});
  Lesion lesion;
  lesion.kind = LesionKind::kNecrotic;
  lesion.radius_mm = 15;
  lesion.shape = {{0, 0, 0}, {15, 15, 15}};
  lesion.value_hu = 90, lesion.core_hu = 30, lesion.rim_mm = 4, lesion.texture_sd_hu = 0;
  EXPECT_DOUBLE_EQ(lesion.hu({14, 0, 0}, -1, texture), 90);
  EXPECT_DOUBLE_EQ(lesion.hu({0, 0, 0}, -15, texture), 30);
  EXPECT_DOUBLE_EQ(lesion.hu({11, 0, 0}, -4, texture), 60);  // half way at the border of the core
}

TEST(LesionKindName, IsWhatTruthFilesHold) {
  EXPECT_STREQ(lesion_kind_name(LesionKind::kTumour), "tumour");
  EXPECT_STREQ(lesion_kind_name(LesionKind::kNecrotic), "necrotic_tumour");
  EXPECT_STREQ(lesion_kind_name(LesionKind::kHypodense), "hypodense_tumour");
  EXPECT_STREQ(lesion_kind_name(LesionKind::kCalcified), "calcified_tumour");
  EXPECT_STREQ(lesion_kind_name(LesionKind::kCyst), "cyst");
}

}  // namespace
}  // namespace hepar::phantom
