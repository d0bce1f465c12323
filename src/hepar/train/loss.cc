// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "hepar/core/error.h"

namespace hepar {
namespace {

using Tensors = std::vector<at::Tensor>;

// The background of formula 1 is what lies outside region 0.
void expect_nested(const std::vector<std::pair<std::string, std::vector<int>>>& regions) {
  const auto& [outer, outer_labels] = regions.front();
  for (const auto& [name, values] : regions) {
    for (const int value : values) {
      if (std::find(outer_labels.begin(), outer_labels.end(), value) != outer_labels.end()) continue;
      throw Error(
          ErrorCode::kInvalidInput,
          fmt::format("The paper's loss needs a first region that holds all others, and label {} of "
                      "{} is not in {}; put the outermost region first or train with the loss nnunet.",
                      value, name, outer));
    }
  }
}

at::Tensor with_background(const at::Tensor& regions) {
  return at::cat(Tensors{1 - regions.narrow(1, 0, 1), regions}, 1);
}

}  // namespace

std::vector<double> scale_weights(const LossSettings& settings, std::size_t outputs) {
  const std::size_t counted =
      settings.scales > 0 ? std::min(static_cast<std::size_t>(settings.scales), outputs) : outputs;
  std::vector<double> weights(outputs, 0.0);
  for (std::size_t i = 0; i < counted; ++i) weights[i] = settings.paper ? 1.0 : std::pow(0.5, i);
  if (!settings.paper && outputs > 1) weights.back() = 0;
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= sum;
  return weights;
}

at::Tensor labels_at_size(const at::Tensor& labels, at::IntArrayRef size) {
  if (labels.sizes().slice(1) == size) return labels.to(at::kLong);
  return at::_upsample_nearest_exact3d(labels.to(at::kFloat).unsqueeze(1), size).squeeze(1).to(at::kLong);
}

at::Tensor region_truth(const at::Tensor& labels,
                        const std::vector<std::pair<std::string, std::vector<int>>>& regions) {
  Tensors maps;
  for (const auto& [name, values] : regions) {
    at::Tensor inside = at::zeros_like(labels, at::kBool);
    for (const int value : values) inside.logical_or_(labels.eq(value));
    maps.push_back(inside);
  }
  return at::stack(maps, 1);
}

SegmentationLoss::SegmentationLoss(const DatasetLabels& labels, const LossSettings& settings,
                                   Communicator& processes)
    : labels_(labels), settings_(settings), processes_(processes) {
  if (settings.paper && labels.has_regions()) expect_nested(labels.regions);
}

at::Tensor SegmentationLoss::operator()(const Tensors& logits, const at::Tensor& labels) const {
  HEPAR_EXPECT(!logits.empty(), "a loss needs at least one output");
  const std::vector<double> weights = scale_weights(settings_, logits.size());
  at::Tensor sum;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (weights[i] == 0) continue;
    const at::Tensor part = at_one_scale(logits[i], labels) * weights[i];
    sum = sum.defined() ? sum + part : part;
  }
  return sum;
}

at::Tensor SegmentationLoss::at_one_scale(const at::Tensor& logits, const at::Tensor& labels) const {
  const at::Tensor truth = labels_at_size(labels, logits.sizes().slice(2));
  at::Tensor mask;  // (N, 1, D, H, W); not defined: all voxels count
  if (labels_.ignore_label) mask = truth.ne(*labels_.ignore_label).unsqueeze(1).to(logits.scalar_type());
  return labels_.has_regions() ? region_loss(logits, truth, mask) : softmax_loss(logits, truth, mask);
}

at::Tensor SegmentationLoss::softmax_loss(const at::Tensor& logits, const at::Tensor& labels,
                                          const at::Tensor& mask) const {
  at::Tensor cross_entropy;
  if (mask.defined()) {
    cross_entropy = mean_over_processes(
        at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum, *labels_.ignore_label), mask.sum());
  } else {
    cross_entropy = at::cross_entropy_loss(logits, labels);
  }
  const std::int64_t first = settings_.paper ? 0 : 1;
  const at::Tensor classes = at::arange(first, logits.size(1), labels.options()).view({1, -1, 1, 1, 1});
  const at::Tensor target = labels.unsqueeze(1).eq(classes).to(logits.scalar_type());
  const at::Tensor probability = at::softmax(logits, 1).narrow(1, first, logits.size(1) - first);
  return combined(cross_entropy, mean_dice(probability, target, mask));
}

at::Tensor SegmentationLoss::region_loss(const at::Tensor& logits, const at::Tensor& labels,
                                         const at::Tensor& mask) const {
  const at::Tensor target = region_truth(labels, labels_.regions).to(logits.scalar_type());
  at::Tensor cross_entropy;
  if (mask.defined()) {
    const at::Tensor each = at::binary_cross_entropy_with_logits(logits, target, {}, {}, at::Reduction::None);
    cross_entropy = mean_over_processes((each * mask).sum(), mask.sum());
    if (settings_.paper) cross_entropy = cross_entropy / static_cast<double>(logits.size(1));
  } else {
    cross_entropy = at::binary_cross_entropy_with_logits(logits, target);
  }
  const at::Tensor probability = at::sigmoid(logits);
  const at::Tensor dice = settings_.paper
                              ? mean_dice(with_background(probability), with_background(target), mask)
                              : mean_dice(probability, target, mask);
  return combined(cross_entropy, dice);
}

at::Tensor SegmentationLoss::mean_dice(const at::Tensor& probability, const at::Tensor& target,
                                       const at::Tensor& mask) const {
  constexpr double kSmooth = 1e-5;
  const std::vector<std::int64_t> space{2, 3, 4};
  const at::Tensor p = mask.defined() ? probability * mask : probability;
  const at::Tensor y = mask.defined() ? target * mask : target;
  at::Tensor sums = at::stack(Tensors{(p * y).sum(space), p.sum(space), y.sum(space)});  // (3, N, C)
  if (settings_.batch_dice) sums = sum_over_processes(sums.sum(1), processes_);
  return ((2 * sums[0] + kSmooth) / (sums[1] + sums[2] + kSmooth)).mean();
}

// The processes' counts of voxels differ, so that a mean of their means is not the mean.
at::Tensor SegmentationLoss::mean_over_processes(const at::Tensor& sum, const at::Tensor& count) const {
  const at::Tensor both = sum_over_processes(at::stack(Tensors{sum, count}), processes_);
  return both[0] / both[1].clamp_min(1);
}

at::Tensor SegmentationLoss::combined(const at::Tensor& cross_entropy, const at::Tensor& dice) const {
  return settings_.paper ? 0.5 * cross_entropy + 0.5 * (1 - dice) : cross_entropy - dice;
}

}  // namespace hepar
