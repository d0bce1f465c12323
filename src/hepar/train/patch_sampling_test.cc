// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/patch_sampling.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <numbers>
#include <set>

#include "hepar/train/test_dataset.h"

namespace hepar {
namespace {

using ::testing::ElementsAre;
using testing::ScratchFolder;

ModelPlan plan_of(const Kernel3& patch) {
  ModelPlan plan = testing::tiny_plan();
  plan.patch_size = patch;
  return plan;
}

TEST(TrainingGeometry, HasTheInitialPatchOfNnunet) {
  const auto index = nlohmann::json::parse(read_text_file(HEPAR_GOLDEN "/nnunet/unit/index.json"));
  ASSERT_EQ(index["initial_patch"].size(), 6U);
  for (const auto& entry : index["initial_patch"]) {
    const auto patch = entry["patch"].get<Kernel3>();
    const PatchGeometry geometry = training_geometry(plan_of(patch), {});
    EXPECT_EQ(geometry.in_plane, entry["dummy2d"].get<bool>());
    EXPECT_EQ(geometry.final_size, patch);
    EXPECT_EQ(geometry.initial_size, entry["initial"].get<Kernel3>()) << entry.dump();
  }
}

TEST(TrainingGeometry, TurnsInPlaneWhereSlicesAreFarApart) {
  // 96 / 32 = 3 is not above 3.
  EXPECT_FALSE(training_geometry(plan_of({32, 96, 64}), {}).in_plane);
  const PatchGeometry flat = training_geometry(plan_of({32, 100, 64}), {});
  EXPECT_TRUE(flat.in_plane);
  EXPECT_DOUBLE_EQ(flat.rotation_limit_rad, std::numbers::pi);
}

TEST(TrainingGeometry, OfSlicesFollowsTheirShape) {
  ModelPlan plan = plan_of({1, 128, 96});
  plan.two_dimensional = true;
  EXPECT_DOUBLE_EQ(training_geometry(plan, {}).rotation_limit_rad, std::numbers::pi);
  plan.patch_size = {1, 64, 128};  // twice as wide as long
  const PatchGeometry geometry = training_geometry(plan, {});
  EXPECT_TRUE(geometry.in_plane);
  EXPECT_DOUBLE_EQ(geometry.rotation_limit_rad, std::numbers::pi / 12);
  EXPECT_EQ(geometry.initial_size[0], 1);
}

TEST(TrainingGeometry, IsThePatchWithoutRotationAndScaling) {
  AugmentationRecipe recipe;
  recipe.rotation_chance = 0;
  // 64 / 0.85 = 75.3, which only scaling needs.
  EXPECT_THAT(training_geometry(plan_of({64, 64, 64}), recipe).initial_size, ElementsAre(75, 75, 75));
  recipe.scaling_chance = 0;
  EXPECT_THAT(training_geometry(plan_of({64, 64, 64}), recipe).initial_size, ElementsAre(64, 64, 64));
}

TEST(ShowsForeground, TheLastOfTheBatchDo) {
  // round(2 * 0.67) = 1, round(4 * 0.67) = 3, round(12 * 0.67) = 8; and 2.5 and 1.5 are rounded to 2.
  const auto first = [](std::int64_t batch, double share) {
    std::int64_t n = 0;
    while (n < batch && !shows_foreground(n, batch, share)) ++n;
    return n;
  };
  EXPECT_EQ(first(2, 0.33), 1);
  EXPECT_EQ(first(4, 0.33), 3);
  EXPECT_EQ(first(12, 0.33), 8);
  EXPECT_EQ(first(5, 0.5), 2);
  EXPECT_EQ(first(3, 0.5), 2);
  EXPECT_EQ(first(2, 0), 2);
  EXPECT_EQ(first(2, 1), 0);
}

// A case of 4 x 6 x 10 voxels whose tumour (label 2) is the voxel (3, 1, 9) and whose liver (1) is (0, 0, 0).
class DrawPatchStart : public ::testing::Test {
 protected:
  DrawPatchStart() : folder_("hepar_patch_sampling") {
    std::vector<std::int16_t> labels(240);
    labels[0] = 1;
    labels[3 * 60 + 1 * 10 + 9] = 2;
    write("a", labels);
    write("empty", std::vector<std::int16_t>(240));
  }
  void write(const std::string& name, const std::vector<std::int16_t>& labels) const {
    testing::write_case(file(name), {4, 6, 10}, std::vector<float>(240), labels);
  }
  std::filesystem::path file(const std::string& name) const {
    return folder_.path() / (name + ".safetensors");
  }
  TrainingCase source(const std::string& name = "a") const {
    return {file(name), 1, testing::region_labels()};
  }
  // All starts that 400 draws give.
  static std::set<Kernel3> starts(const TrainingCase& source, const PatchGeometry& geometry, bool foreground,
                                  const DatasetLabels& labels = testing::region_labels()) {
    std::set<Kernel3> drawn;
    for (std::uint64_t seed = 0; seed < 400; ++seed)
      drawn.insert(draw_patch_start(source, labels, geometry, foreground, Random(seed)));
    return drawn;
  }
  ScratchFolder folder_;
};

TEST_F(DrawPatchStart, LiesAnywhereInTheCase) {
  // A case of 4 holds a patch of 4 at 0; of 6 one of 4 at 0, 1 and 2; of 10 one of 8 at 0, 1 and 2.
  const PatchGeometry geometry{.final_size = {4, 4, 8}, .initial_size = {4, 4, 8}};
  std::set<Kernel3> all;
  for (std::int64_t h = 0; h < 3; ++h) {
    for (std::int64_t w = 0; w < 3; ++w) all.insert({0, h, w});
  }
  EXPECT_EQ(starts(source(), geometry, false), all);
}

TEST_F(DrawPatchStart, LeavesTheCaseByTheMarginOfTheInitialPatch) {
  // d: pad = max(7 - 4, 7 - 4) = 3, from floor(-1.5) = -2 to 4 + 1 + 1 - 7 = -1.
  // h: pad = max(5 - 4, 5 - 6) = 1, from -1 to 6 + 0 + 1 - 5 = 2.
  // w: pad = max(13 - 12, 13 - 10) = 3, from -2 to 10 + 1 + 1 - 13 = -1.
  const PatchGeometry geometry{.final_size = {4, 4, 12}, .initial_size = {7, 5, 13}};
  std::set<Kernel3> all;
  for (std::int64_t d = -2; d <= -1; ++d) {
    for (std::int64_t h = -1; h <= 2; ++h) {
      for (std::int64_t w = -2; w <= -1; ++w) all.insert({d, h, w});
    }
  }
  EXPECT_EQ(starts(source(), geometry, false), all);
}

TEST_F(DrawPatchStart, CentresOnAForegroundVoxel) {
  // Around (3, 1, 9) with half patches of 1, 1 and 2: h is held at 0, w is not held back at the other end.
  // The liver's voxels are that one and (0, 0, 0).
  const PatchGeometry geometry{.final_size = {2, 3, 4}, .initial_size = {2, 3, 4}};
  EXPECT_THAT(starts(source(), geometry, true), ElementsAre(Kernel3{0, 0, 0}, Kernel3{2, 0, 7}));
}

TEST_F(DrawPatchStart, DrawsTheClassBeforeTheVoxel) {
  // Tumour half of the time, liver the other half and then each of its two voxels: 3/4 for (3, 1, 9).
  const PatchGeometry geometry{.final_size = {1, 1, 1}, .initial_size = {1, 1, 1}};
  const TrainingCase whole = source();
  int tumours = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const Kernel3 start = draw_patch_start(whole, testing::region_labels(), geometry, true, Random(seed));
    tumours += start == Kernel3{3, 1, 9};
  }
  EXPECT_NEAR(tumours, 1500, 97);  // five SDs of sqrt(2000 * 3/4 * 1/4) = 19.4
}

TEST_F(DrawPatchStart, IsRandomWithoutForeground) {
  const PatchGeometry geometry{.final_size = {4, 6, 9}, .initial_size = {4, 6, 9}};
  EXPECT_THAT(starts(source("empty"), geometry, true), ElementsAre(Kernel3{0, 0, 0}, Kernel3{0, 0, 1}));
}

// The tumour alone is annotated: with an ignore label the third class holds (3, 1, 9) and (3, 1, 8).
class DrawAnnotatedStart : public DrawPatchStart {
 protected:
  DrawAnnotatedStart() {
    labels_ = testing::region_labels();
    labels_.ignore_label = 4;
    write("annotated", {199}, {199}, {198, 199});
    write("background", {}, {}, {198});
    write("ignored", {}, {}, {});
  }
  void write(const std::string& name, const std::vector<std::int64_t>& liver,
             const std::vector<std::int64_t>& tumour, const std::vector<std::int64_t>& annotated) const {
    const std::vector<float> image(240);
    const std::vector<std::int16_t> map(240, 4);
    std::vector<TensorToWrite> tensors{
        {"image", ElementType::kFloat32, {1, 4, 6, 10}, std::as_bytes(std::span(image))},
        {"labels", ElementType::kInt16, {4, 6, 10}, std::as_bytes(std::span(map))}};
    int n = 0;
    for (const auto* offsets : {&liver, &tumour, &annotated}) {
      tensors.push_back({"locations." + std::to_string(n++),
                         ElementType::kInt64,
                         {static_cast<std::int64_t>(offsets->size())},
                         std::as_bytes(std::span(*offsets))});
    }
    write_safetensors(file(name), tensors);
  }
  std::set<Kernel3> drawn(const std::string& name, bool foreground) const {
    const PatchGeometry geometry{.final_size = {1, 1, 1}, .initial_size = {1, 1, 1}};
    return starts(TrainingCase(file(name), 1, labels_), geometry, foreground, labels_);
  }
  DatasetLabels labels_;
};

TEST_F(DrawAnnotatedStart, StaysWhereTheTruthIsKnown) {
  EXPECT_THAT(drawn("annotated", false), ElementsAre(Kernel3{3, 1, 8}, Kernel3{3, 1, 9}));
  EXPECT_THAT(drawn("annotated", true), ElementsAre(Kernel3{3, 1, 9}));
  EXPECT_THAT(drawn("background", true), ElementsAre(Kernel3{3, 1, 8}));
  EXPECT_GT(drawn("ignored", false).size(), 100U);
}

}  // namespace
}  // namespace hepar
