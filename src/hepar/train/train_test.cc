// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/train.h"

#include <gtest/gtest.h>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/nn/model_folder.h"
#include "hepar/train/test_dataset.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;
using testing::ScratchFolder;

class Recorder final : public TrainingObserver {
 public:
  void step_done(const TrainingStep& step) override { steps.push_back(step); }
  void validated(std::int64_t, const std::vector<ValidationScore>& given) override { scores = given; }
  bool cancelled() const override { return steps.size() >= stop_after; }
  std::vector<TrainingStep> steps;
  std::vector<ValidationScore> scores;
  std::size_t stop_after = 1'000'000;
};

class TrainTest : public ::testing::Test {
 protected:
  TrainTest() : folder_("hepar_train") {
    set_thread_count(1);
    testing::write_dataset(data(), 3);
  }
  fs::path data() const { return folder_.path() / "data"; }
  fs::path run(const char* name) const { return folder_.path() / name; }
  std::string final_bytes(const char* name) const {
    return read_text_file(run(name) / "fold_0" / "checkpoint_final.safetensors");
  }
  ScratchFolder folder_;
};

TEST_F(TrainTest, SameSeedSameWeights) {
  const TrainOptions options{.iterations = 3, .seed = 9};
  Recorder observer;
  train(data(), run("a"), options, observer);
  train(data(), run("b"), options, observer);
  EXPECT_TRUE(final_bytes("a") == final_bytes("b"));
  train(data(), run("c"), {.iterations = 3, .seed = 10}, observer);
  EXPECT_FALSE(final_bytes("a") == final_bytes("c"));
}

TEST_F(TrainTest, ResumedRunEndsInTheSameWeights) {
  Recorder observer;
  train(data(), run("whole"), {.iterations = 4, .checkpoint_every = 2}, observer);
  Recorder stopped;
  stopped.stop_after = 3;
  EXPECT_THROW(train(data(), run("parts"), {.iterations = 4, .checkpoint_every = 2}, stopped), Error);
  Recorder resumed;
  train(data(), run("parts"), {.iterations = 4, .checkpoint_every = 2, .resume = true}, resumed);
  EXPECT_EQ(resumed.steps.size(), 1U);
  EXPECT_TRUE(final_bytes("whole") == final_bytes("parts"));
}

TEST_F(TrainTest, LearnsAnEasyTask) {
  Recorder observer;
  train(data(), run("a"), {.iterations = 150, .learning_rate = 1e-2, .checkpoint_every = 150}, observer);
  ASSERT_EQ(observer.scores.size(), 2U);
  EXPECT_EQ(observer.scores[0].region, "liver");
  EXPECT_GT(observer.scores[0].dsc, 0.9);
  EXPECT_GT(observer.scores[1].dsc, 0.7);
  EXPECT_LT(observer.steps.back().loss, 0.5 * observer.steps.front().loss);
}

TEST_F(TrainTest, MakesAModelFolder) {
  Recorder observer;
  train(data(), run("a"), {.iterations = 1}, observer);
  const ModelFolder model = read_model_folder(run("a"));
  ASSERT_EQ(model.checkpoints.size(), 1U);
  EXPECT_EQ(read_fold(model, 0).size(), parameters_of(model.plan.network).size());
}

TEST_F(TrainTest, StartsFromAnotherModel) {
  Recorder observer;
  train(data(), run("a"), {.iterations = 1, .seed = 1}, observer);
  // With a learning rate that is 0 in float32 the weights stay those of the model, whatever the seed.
  train(data(), run("b"), {.iterations = 1, .learning_rate = 1e-300, .seed = 2, .initial_model = run("a")},
        observer);
  EXPECT_TRUE(final_bytes("a") == final_bytes("b"));
}

TEST_F(TrainTest, LearningRateFallsAsPlanned) {
  Recorder observer;
  train(data(), run("a"), {.iterations = 2, .learning_rate = 0.5e-3}, observer);
  EXPECT_DOUBLE_EQ(observer.steps[0].learning_rate, 0.5e-3);
  EXPECT_NEAR(observer.steps[1].learning_rate, 0.5e-3 * 0.535887, 1e-9);  // 0.5^0.9
}

TEST_F(TrainTest, RefusesNonsense) {
  Recorder observer;
  EXPECT_THROW(train(data(), run("a"), {.iterations = 0}, observer), Error);
  EXPECT_THROW(train(data(), run("a"), {.learning_rate = -1}, observer), Error);
  EXPECT_THROW(train(folder_.path() / "nowhere", run("a"), {}, observer), Error);
  EXPECT_THROW(train(data(), run("a"), {.resume = true}, observer), Error);
}

}  // namespace
}  // namespace hepar
