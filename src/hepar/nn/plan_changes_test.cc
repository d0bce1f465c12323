// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn/plan_changes.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "hepar/core/error.h"
#include "hepar/nn/test_plan.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;

class PlanChangesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    folder_ = fs::temp_directory_path() / (std::string("hepar_plan_changes_") + name);
    fs::create_directories(folder_);
    write_plan(folder_ / "plans.json", testing::tiny_plan(), "Test");
  }
  void TearDown() override { fs::remove_all(folder_); }
  ModelPlan written(const PlanChanges& changes) const {
    write_changed_plan(folder_ / "plans.json", folder_ / "changed.json", "3d_fullres", changes);
    return read_plan(folder_ / "changed.json");
  }
  fs::path folder_;
};

std::string message_of(const PlanChanges& changes) {
  try {
    changed_plan(testing::tiny_plan(), changes);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST_F(PlanChangesTest, AreReadBackFromTheFile) {
  const PlanChanges changes{.patch_size = Kernel3{8, 12, 16}, .batch_size = 5, .dropout = 0.3};
  const ModelPlan plan = written(changes);
  EXPECT_EQ(plan.patch_size, (Kernel3{8, 12, 16}));
  EXPECT_EQ(plan.batch_size, 5);
  EXPECT_EQ(plan.network.dropout, 0.3);
  EXPECT_EQ(plan.spacing_mm, testing::tiny_plan().spacing_mm);
  const ModelPlan in_memory = changed_plan(testing::tiny_plan(), changes);
  EXPECT_EQ(in_memory.patch_size, plan.patch_size);
  EXPECT_EQ(in_memory.batch_size, plan.batch_size);
  EXPECT_EQ(in_memory.network.dropout, plan.network.dropout);
}

TEST_F(PlanChangesTest, NoneChangeNothing) {
  const ModelPlan plan = written({});
  EXPECT_EQ(plan.patch_size, testing::tiny_plan().patch_size);
  EXPECT_FALSE(plan.network.dropout);
}

TEST_F(PlanChangesTest, TakeADropoutAway) {
  ModelPlan with = testing::tiny_plan();
  with.network.dropout = 0.5;
  write_plan(folder_ / "plans.json", with, "Test");
  EXPECT_EQ(written({}).network.dropout, 0.5);
  EXPECT_FALSE(written({.patch_size = {}, .batch_size = {}, .dropout = 0}).network.dropout);
}

// The tiny network halves each axis twice.
TEST(ChangedPlan, RefusesPatchesThatDoNotFit) {
  EXPECT_EQ(message_of({.patch_size = Kernel3{8, 8, 10}, .batch_size = {}, .dropout = {}}),
            "a patch of 8 x 8 x 10 does not fit the planned network; give multiples of 4 x 4 x 4");
  EXPECT_EQ(message_of({.patch_size = Kernel3{4, 4, 4}, .batch_size = {}, .dropout = {}}),
            "a patch of 4 x 4 x 4 leaves the planned network a single voxel at its lowest resolution; give a "
            "larger one, in multiples of 4 x 4 x 4");
  EXPECT_EQ(message_of({.patch_size = Kernel3{4, 4, 8}, .batch_size = {}, .dropout = {}}), "no error");
}

}  // namespace
}  // namespace hepar
