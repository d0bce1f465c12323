// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/loss.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/random.h"
#include "hepar/tensors/test_npy.h"
#include "hepar/train/test_communicator.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;
using Doubles = std::vector<double>;

const fs::path kUnit = fs::path(HEPAR_GOLDEN) / "nnunet" / "unit";

DatasetLabels softmax_labels(std::optional<int> ignore = {}) {
  return {.regions = {{"liver", {1}}, {"tumour", {2}}},
          .regions_class_order = {},
          .foreground_labels = {1, 2},
          .ignore_label = ignore,
          .channel_names = {"CT"}};
}

DatasetLabels region_labels(std::optional<int> ignore = {}) {
  return {.regions = {{"liver", {1, 2}}, {"tumour", {2}}},
          .regions_class_order = {1, 2},
          .foreground_labels = {1, 2},
          .ignore_label = ignore,
          .channel_names = {"CT"}};
}

at::Tensor golden(const std::string& name) {
  const NpyArray array = read_npy(kUnit / name);
  return at::tensor(array.values).view(array.shape);
}

double value(const DatasetLabels& labels, const LossSettings& settings, const std::vector<at::Tensor>& logits,
             const at::Tensor& truth) {
  const auto alone = make_single_process();
  return SegmentationLoss(labels, settings, *alone)(logits, truth).item<double>();
}

// Values and gradients of nnU-Net's own losses; three outputs of a batch of two.
class NnunetLoss : public ::testing::TestWithParam<std::size_t> {
 protected:
  NnunetLoss() : golden_(nlohmann::json::parse(read_text_file(kUnit / "index.json"))["losses"][GetParam()]) {
    const bool softmax = golden_["loss"] == "DC_and_CE";
    labels_ = softmax ? softmax_labels() : region_labels();
    settings_.batch_dice = golden_["batch_dice"];
    for (const char* scale : {"0", "1", "2"}) {
      const at::Tensor logits = golden(fmt_name("loss_logits3_", scale)).to(at::kFloat);
      logits_.push_back(softmax ? logits : logits.slice(1, 1));
      truth_.push_back(golden(fmt_name("loss_target_labels_", scale)).squeeze(1).to(at::kShort));
    }
  }
  static std::string fmt_name(const char* stem, const char* scale) {
    return std::string(stem).append(scale).append(".npy");
  }
  nlohmann::json golden_;
  DatasetLabels labels_;
  LossSettings settings_;
  std::vector<at::Tensor> logits_, truth_;
};

TEST_P(NnunetLoss, ValuesAreNnunets) {
  const Doubles weights = scale_weights(settings_, 3);
  double sum = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const double loss = value(labels_, settings_, {logits_[i]}, truth_[i]);
    EXPECT_NEAR(loss, golden_["single_scale"][i].get<double>(), 1e-5);
    EXPECT_DOUBLE_EQ(weights[i], golden_["ds_weights"][i].get<double>());
    sum += weights[i] * loss;
  }
  EXPECT_NEAR(sum, golden_["ds_value"].get<double>(), 1e-5);
}

TEST_P(NnunetLoss, GradientsAreNnunets) {
  const auto alone = make_single_process();
  logits_[0] = logits_[0].contiguous().requires_grad_(true);
  SegmentationLoss(labels_, settings_, *alone)(logits_, truth_[0]).backward();
  const at::Tensor expected = golden(golden_["grad0"]);
  EXPECT_GT(expected.abs().max().item<double>(), 1e-4);
  // The gradients are small: 1e-5 of the largest, not 1e-5.
  const double most = 1e-5 * expected.abs().max().item<double>();
  EXPECT_LT((logits_[0].grad().to(at::kDouble) - expected).abs().max().item<double>(), most);
}

TEST_P(NnunetLoss, OutputsAreSummedByTheirWeights) {
  const std::vector<at::Tensor> two{logits_[0], logits_[1]};
  double expected = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    const at::Tensor coarse = labels_at_size(truth_[0], logits_[i].sizes().slice(2));
    expected += (i == 0 ? 2.0 / 3 : 1.0 / 3) * value(labels_, settings_, {logits_[i]}, coarse);
  }
  EXPECT_NEAR(value(labels_, settings_, logits_, truth_[0]), expected, 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Losses, NnunetLoss, ::testing::Range<std::size_t>(0, 4));

TEST(ScaleWeights, AreTheRecipes) {
  EXPECT_EQ(scale_weights({}, 1), Doubles{1});
  const Doubles five = scale_weights({}, 5);  // 8, 4, 2, 1, 0 of 15
  for (std::size_t i = 0; i < 5; ++i) EXPECT_DOUBLE_EQ(five[i], (Doubles{8, 4, 2, 1, 0})[i] / 15);
  EXPECT_EQ(scale_weights({.scales = 1}, 3), (Doubles{1, 0, 0}));
  EXPECT_EQ(scale_weights({.scales = 2}, 3), scale_weights({}, 3));
  EXPECT_EQ(scale_weights({.paper = true, .scales = 4}, 5), (Doubles{0.25, 0.25, 0.25, 0.25, 0}));
  EXPECT_EQ(scale_weights({.paper = true, .scales = 4}, 2), (Doubles{0.5, 0.5}));
}

TEST(LabelsAtSize, AreNnunetsTargets) {
  const at::Tensor fine = golden("ds_seg_0.npy").to(at::kShort);
  for (const char* name : {"ds_seg_0.npy", "ds_seg_1.npy", "ds_seg_2.npy"}) {
    const at::Tensor expected = golden(name).to(at::kLong);
    EXPECT_TRUE(at::equal(labels_at_size(fine, expected.sizes().slice(1)), expected)) << name;
  }
}

// A patch of a batch as plain loops: logits[channel][voxel], labels[voxel].
struct Plain {
  std::vector<Doubles> logits;
  std::vector<int> labels;
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// What one patch gives: probabilities and targets of the Dice's channels, and the cross-entropy's sum over
// the counted voxels.
struct PlainTerms {
  std::vector<Doubles> p, y;
  double cross_entropy = 0, counted = 0;
};

PlainTerms region_terms(const Plain& patch, std::optional<int> ignore) {
  PlainTerms terms{std::vector<Doubles>(3), std::vector<Doubles>(3)};
  for (std::size_t v = 0; v < patch.labels.size(); ++v) {
    if (patch.labels[v] == ignore) continue;
    ++terms.counted;
    const std::array<double, 2> y{patch.labels[v] >= 1 ? 1.0 : 0.0, patch.labels[v] == 2 ? 1.0 : 0.0};
    const std::array<double, 2> p{sigmoid(patch.logits[0][v]), sigmoid(patch.logits[1][v])};
    for (std::size_t r = 0; r < 2; ++r) {
      terms.cross_entropy -= y[r] * std::log(p[r]) + (1 - y[r]) * std::log(1 - p[r]);
      terms.p[r].push_back(p[r]);
      terms.y[r].push_back(y[r]);
    }
    terms.p[2].push_back(1 - p[0]);  // the background
    terms.y[2].push_back(1 - y[0]);
  }
  return terms;
}

PlainTerms softmax_terms(const Plain& patch, std::optional<int> ignore) {
  PlainTerms terms{std::vector<Doubles>(3), std::vector<Doubles>(3)};
  for (std::size_t v = 0; v < patch.labels.size(); ++v) {
    if (patch.labels[v] == ignore) continue;
    ++terms.counted;
    double sum = 0;
    for (std::size_t c = 0; c < 3; ++c) sum += std::exp(patch.logits[c][v]);
    for (std::size_t c = 0; c < 3; ++c) {
      terms.p[c].push_back(std::exp(patch.logits[c][v]) / sum);
      terms.y[c].push_back(patch.labels[v] == static_cast<int>(c) ? 1.0 : 0.0);
      if (terms.y[c].back() == 1) terms.cross_entropy -= std::log(terms.p[c].back());
    }
  }
  return terms;
}

struct Sums {
  double py = 0, p = 0, y = 0;
  double dice() const { return (2 * py + 1e-5) / (p + y + 1e-5); }
};

// The mean Dice over the channels from `first` on and the patches, or of the whole batch.
double plain_dice(const std::vector<PlainTerms>& batch, std::size_t first, bool batch_dice) {
  double total = 0, count = 0;
  for (std::size_t c = first; c < 3 && c < batch[0].p.size(); ++c) {
    Sums whole;
    for (const PlainTerms& patch : batch) {
      Sums own;
      for (std::size_t v = 0; v < patch.p[c].size(); ++v) {
        own.py += patch.p[c][v] * patch.y[c][v];
        own.p += patch.p[c][v];
        own.y += patch.y[c][v];
      }
      whole.py += own.py;
      whole.p += own.p;
      whole.y += own.y;
      if (!batch_dice) total += own.dice();
      if (!batch_dice) ++count;
    }
    if (batch_dice) total += whole.dice();
    if (batch_dice) ++count;
  }
  return total / count;
}

struct Situation {
  bool paper, regions, ignore, batch_dice;
};

// The definition of the loss at one scale, loop by loop.
double plain_loss(const Situation& s, const std::vector<Plain>& batch) {
  const std::optional<int> ignore = s.ignore ? std::optional(3) : std::nullopt;
  std::vector<PlainTerms> terms;
  double cross_entropy = 0, counted = 0;
  for (const Plain& patch : batch) {
    terms.push_back(s.regions ? region_terms(patch, ignore) : softmax_terms(patch, ignore));
    cross_entropy += terms.back().cross_entropy;
    counted += terms.back().counted;
  }
  // nnU-Net's masked binary cross-entropy divides by the voxels alone.
  const double heads = s.regions && (s.paper || !s.ignore) ? 2 : 1;
  cross_entropy = counted > 0 ? cross_entropy / (counted * heads) : 0;
  if (s.paper) return 0.5 * cross_entropy + 0.5 * (1 - plain_dice(terms, 0, s.batch_dice));
  if (s.regions) {  // without the background
    for (PlainTerms& patch : terms) patch.p.pop_back();
  }
  return cross_entropy - plain_dice(terms, s.regions ? 0 : 1, s.batch_dice);
}

class EachLoss : public ::testing::TestWithParam<int> {
 protected:
  EachLoss() {
    const int bits = GetParam();
    situation_ = {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0};
    const std::optional<int> ignore = situation_.ignore ? std::optional(3) : std::nullopt;
    labels_ = situation_.regions ? region_labels(ignore) : softmax_labels(ignore);
    settings_ = {.paper = situation_.paper, .batch_dice = situation_.batch_dice};
    Random random(7);
    // Patches of 12 voxels with different numbers of ignored ones; the fourth has no tumour.
    batch_.resize(4);
    for (std::size_t n = 0; n < 4; ++n) {
      batch_[n].logits.resize(situation_.regions ? 2 : 3);
      for (std::size_t v = 0; v < 12; ++v) {
        const auto label = static_cast<int>(random.integer(0, n == 3 ? 1 : 2));
        batch_[n].labels.push_back(situation_.ignore && v < 2 * n ? 3 : label);
        for (Doubles& channel : batch_[n].logits) channel.push_back(random.normal(0, 1));
      }
    }
  }
  at::Tensor logits() const {
    std::vector<double> values;
    for (const Plain& patch : batch_)
      for (const Doubles& channel : patch.logits) values.insert(values.end(), channel.begin(), channel.end());
    return at::tensor(values).view({4, -1, 2, 3, 2});
  }
  at::Tensor truth() const {
    std::vector<int> values;
    for (const Plain& patch : batch_) values.insert(values.end(), patch.labels.begin(), patch.labels.end());
    return at::tensor(values).to(at::kShort).view({4, 2, 3, 2});
  }
  Situation situation_{};
  DatasetLabels labels_;
  LossSettings settings_;
  std::vector<Plain> batch_;
};

TEST_P(EachLoss, IsTheFormula) {
  EXPECT_NEAR(value(labels_, settings_, {logits()}, truth()), plain_loss(situation_, batch_), 1e-12);
}

TEST_P(EachLoss, GradientAgreesWithDifferences) {
  const auto alone = make_single_process();
  at::Tensor given = logits().requires_grad_(true);
  SegmentationLoss(labels_, settings_, *alone)({given}, truth()).backward();
  const at::Tensor gradient = given.grad().view(-1);
  std::int64_t at = 0;
  for (Plain& patch : batch_) {
    for (Doubles& channel : patch.logits) {
      for (double& logit : channel) {
        const double h = 1e-5, middle = logit;
        logit = middle + h;
        const double up = plain_loss(situation_, batch_);
        logit = middle - h;
        const double down = plain_loss(situation_, batch_);
        logit = middle;
        EXPECT_NEAR(gradient[at++].item<double>(), (up - down) / (2 * h), 1e-9);
      }
    }
  }
}

// The mean of two processes' gradients, each of half the batch, is the gradient of the whole batch; so is
// the mean of the values.
TEST_P(EachLoss, TwoProcessesMakeTheWholeBatchsLoss) {
  std::array<double, 2> values{};
  std::array<at::Tensor, 2> gradients;
  testing::run_two_processes([&](int rank, Communicator& processes) {
    at::Tensor half = logits().narrow(0, 2 * rank, 2).clone().requires_grad_(true);
    const at::Tensor loss =
        SegmentationLoss(labels_, settings_, processes)({half}, truth().narrow(0, 2 * rank, 2));
    loss.backward();
    values[static_cast<std::size_t>(rank)] = loss.item<double>();
    gradients[static_cast<std::size_t>(rank)] = half.grad();
  });
  EXPECT_NEAR((values[0] + values[1]) / 2, plain_loss(situation_, batch_), 1e-12);
  const auto alone = make_single_process();
  at::Tensor whole = logits().requires_grad_(true);
  SegmentationLoss(labels_, settings_, *alone)({whole}, truth()).backward();
  // A logit is in one half alone: its gradient in the other is 0, in the mean half of its own.
  const at::Tensor averaged = at::cat(std::vector<at::Tensor>{gradients[0], gradients[1]}, 0) / 2;
  EXPECT_LT((averaged - whole.grad()).abs().max().item<double>(), 1e-15);
}

INSTANTIATE_TEST_SUITE_P(Losses, EachLoss, ::testing::Range(0, 16));

TEST(SegmentationLoss, FormulaOneByHand) {
  // Two voxels; p(liver) = 0.8, 0.4 and p(tumour) = 0.5, 0.2; liver in both voxels, tumour in the first.
  const auto logit = [](double p) { return std::log(p / (1 - p)); };
  const at::Tensor logits =
      at::tensor(Doubles{logit(0.8), logit(0.4), logit(0.5), logit(0.2)}).view({1, 2, 1, 1, 2});
  const at::Tensor truth = at::tensor(std::vector<int>{2, 1}).to(at::kShort).view({1, 1, 1, 2});
  // BCE = -(ln 0.8 + ln 0.4 + ln 0.5 + ln 0.8) / 4 = (0.2231436 + 0.9162907 + 0.6931472 + 0.2231436) / 4.
  const double bce = 2.0557251 / 4;
  // Liver 2 * 1.2 / (2 + 1.2) = 0.75; tumour 2 * 0.5 / (1 + 0.7) = 0.5882353; background, not there:
  // 1e-5 / (0 + 0.8 + 1e-5) = 0.0000125.
  const double dice = (0.75 + 0.5882353 + 0.0000125) / 3;
  EXPECT_NEAR(value(region_labels(), {.paper = true}, {logits}, truth), 0.5 * bce + 0.5 * (1 - dice), 2e-6);
}

TEST(SegmentationLoss, CrossEntropyIsZeroWhereAllIsIgnored) {
  const at::Tensor truth = at::full({1, 2, 2, 2}, 3, at::kShort);
  for (const DatasetLabels& labels : {softmax_labels(3), region_labels(3)}) {
    const auto alone = make_single_process();
    at::Tensor logits = at::ones({1, labels.heads(), 2, 2, 2}).requires_grad_(true);
    const at::Tensor loss = SegmentationLoss(labels, {}, *alone)({logits}, truth);
    loss.backward();
    // Nothing against nothing: D = s / s = 1.
    EXPECT_EQ(loss.item<double>(), -1);
    EXPECT_EQ(logits.grad().abs().max().item<double>(), 0);
  }
}

TEST(SegmentationLoss, PaperNeedsARegionThatHoldsTheOthers) {
  const auto alone = make_single_process();
  DatasetLabels labels = region_labels();
  labels.regions.push_back({"vessel", {2, 5}});
  try {
    SegmentationLoss(labels, {.paper = true}, *alone);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    EXPECT_NE(std::string(error.what()).find("label 5 of vessel is not in liver"), std::string::npos);
  }
  EXPECT_NO_THROW(SegmentationLoss(labels, {}, *alone));
}

TEST(SegmentationLoss, NeedsAnOutput) {
  const auto alone = make_single_process();
  const SegmentationLoss loss(region_labels(), {}, *alone);
  EXPECT_THROW(loss({}, at::zeros({1, 2, 2, 2}, at::kShort)), Error);
}

}  // namespace
}  // namespace hepar
