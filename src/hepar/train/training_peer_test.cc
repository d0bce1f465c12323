// SPDX-License-Identifier: Apache-2.0
// Optimisers and whole training steps against Python's torch; registered where it is installed.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hepar/core/random.h"
#include "hepar/nn/test_plan.h"
#include "hepar/nn_torch/torch_network.h"
#include "hepar/numeric/test_peer.h"
#include "hepar/recipe/training_recipe.h"
#include "hepar/train/loss.h"
#include "hepar/train/optimiser.h"

namespace hepar {
namespace {

using nlohmann::json;
using Floats = std::vector<float>;

constexpr int kSteps = 20;

Floats values_of(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

Floats normal(Random& random, std::int64_t count) {
  Floats values;
  for (std::int64_t n = 0; n < count; ++n) values.push_back(static_cast<float>(random.normal(0, 1)));
  return values;
}

json optimiser_of(const TrainingRecipe& recipe) {
  return {{"optimiser", recipe.optimiser},
          {"momentum", recipe.momentum},
          {"weight_decay", recipe.weight_decay},
          {"clip", recipe.gradient_clip}};
}

constexpr const char* kOptimisers = R"(
import json, sys
import torch

question = json.load(open(sys.argv[1]))
w = torch.tensor(question['start'], requires_grad=True)
if question['optimiser'] == 'sgd':
    optimiser = torch.optim.SGD([w], 1, question['momentum'], nesterov=True,
                                weight_decay=question['weight_decay'])
else:
    optimiser = torch.optim.Adam([w], 1, weight_decay=question['weight_decay'])
for rate, gradient in zip(question['rates'], question['gradients']):
    optimiser.param_groups[0]['lr'] = rate
    w.grad = torch.tensor(gradient)
    if question['clip'] > 0:
        torch.nn.utils.clip_grad_norm_([w], question['clip'])
    optimiser.step()
json.dump(w.tolist(), open(sys.argv[2], 'w'))
)";

class OptimiserPeer : public ::testing::TestWithParam<const char*> {};

TEST_P(OptimiserPeer, IsTorchs) {
  TrainingRecipe recipe;
  recipe.optimiser = GetParam();
  Random random(3);
  const Floats start = normal(random, 40);
  const std::map<std::string, at::Tensor> parameters{{"w", at::tensor(start).requires_grad_(true)}};
  const auto optimiser = make_optimiser(recipe, parameters);
  json question = optimiser_of(recipe);
  question["start"] = start;
  for (int step = 0; step < kSteps; ++step) {
    // Norms of about 6 and 19: the limit of 12 cuts every other one.
    Floats gradient = normal(random, 40);
    for (float& g : gradient) g *= step % 2 == 0 ? 1.0F : 3.0F;
    question["gradients"].push_back(gradient);
    question["rates"].push_back(0.01 / (1 + step));
    at::Tensor(parameters.at("w")).mutable_grad() = at::tensor(gradient);
    clip_gradients(parameters, recipe.gradient_clip);
    optimiser->step(0.01 / (1 + step));
  }
  const Floats expected = ask_peer(HEPAR_PEER_PYTHON, kOptimisers, question);
  const Floats actual = values_of(parameters.at("w"));
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t v = 0; v < expected.size(); ++v) EXPECT_NEAR(actual[v], expected[v], 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Optimisers, OptimiserPeer, ::testing::Values("sgd", "adam"));

// The network of network_spec.h by torch.nn.functional, the losses from their formulas (loss.h).
constexpr const char* kTraining = R"(
import json, sys
import torch
import torch.nn.functional as F

question = json.load(open(sys.argv[1]))
names = sorted(question['weights'])
weights = {name: torch.tensor(w['values']).reshape(w['shape']).requires_grad_(True)
           for name, w in question['weights'].items()}

def block(name, x, stride):
    w = weights[name + '.conv.weight']
    x = F.conv3d(x, w, weights.get(name + '.conv.bias'), stride, [k // 2 for k in w.shape[2:]])
    return F.leaky_relu(F.instance_norm(x, weight=weights[name + '.norm.weight'],
                                        bias=weights[name + '.norm.bias'], eps=1e-5), 0.01)

def forward(x):
    strides, skips, outputs = question['strides'], [], []
    for s, stride in enumerate(strides):
        j = 0
        while f'encoder.stages.{s}.0.convs.{j}.conv.weight' in weights:
            x = block(f'encoder.stages.{s}.0.convs.{j}', x, stride if j == 0 else 1)
            j += 1
        skips.append(x)
    for s in range(len(strides) - 1):
        up = f'decoder.transpconvs.{s}'
        x = F.conv_transpose3d(x, weights[up + '.weight'], weights.get(up + '.bias'), strides[-1 - s])
        x = torch.cat([x, skips[-2 - s]], 1)
        j = 0
        while f'decoder.stages.{s}.convs.{j}.conv.weight' in weights:
            x = block(f'decoder.stages.{s}.convs.{j}', x, 1)
            j += 1
        head = f'decoder.seg_layers.{s}'
        outputs.append(F.conv3d(x, weights[head + '.weight'], weights[head + '.bias']))
    return outputs[::-1]

def dice(p, y):
    axes = (2, 3, 4)
    return ((2 * (p * y).sum(axes) + 1e-5) / (p.sum(axes) + y.sum(axes) + 1e-5)).mean()

def one_scale(x, labels):
    y = torch.stack([labels >= 1, labels == 2], 1).float()
    p = torch.sigmoid(x)
    cross_entropy = -(y * F.logsigmoid(x) + (1 - y) * F.logsigmoid(-x)).mean()
    if question['paper']:
        three = lambda m: torch.cat([m, 1 - m[:, :1]], 1)
        return 0.5 * cross_entropy + 0.5 * (1 - dice(three(p), three(y)))
    return cross_entropy - dice(p, y)

def loss(outputs, labels):
    # All strides are 2: a coarse voxel's centre is a corner of fine ones; nearest-exact takes the upper one.
    total = 0
    for i, (weight, x) in enumerate(zip(question['scale_weights'], outputs)):
        start, step = 2 ** i // 2, 2 ** i
        total = total + weight * one_scale(x, labels[:, start::step, start::step, start::step])
    return total

parameters = [weights[name] for name in names]
if question['optimiser'] == 'sgd':
    optimiser = torch.optim.SGD(parameters, question['rate'], question['momentum'], nesterov=True,
                                weight_decay=question['weight_decay'])
else:
    optimiser = torch.optim.Adam(parameters, question['rate'], weight_decay=question['weight_decay'])
losses = []
for step in range(question['steps']):
    n = step % len(question['images'])
    image = torch.tensor(question['images'][n]).reshape(2, 1, 16, 16, 16)
    labels = torch.tensor(question['labels'][n]).reshape(2, 16, 16, 16)
    optimiser.zero_grad(set_to_none=True)
    value = loss(forward(image), labels)
    value.backward()
    if question['clip'] > 0:
        torch.nn.utils.clip_grad_norm_([p for p in parameters if p.grad is not None], question['clip'])
    optimiser.step()
    losses.append(value.item())
json.dump({'losses': losses, 'weights': {n: weights[n].flatten().tolist() for n in names}},
          open(sys.argv[2], 'w'))
)";

struct PeerRun {
  TrainingRecipe recipe;
  bool conv_bias;
  std::vector<double> scale_weights;  // by hand, for the three outputs
};

// nnU-Net's recipe as it is. The paper's with Adam has no biases before the norms: they don't change the
// output, their gradients are rounding errors, and Adam makes full steps of those.
PeerRun run_of(const std::string& name) {
  PeerRun run{named_recipe(name), name == "nnunet", {2.0 / 3, 1.0 / 3, 0}};
  if (name == "paper") run.scale_weights = {1.0 / 3, 1.0 / 3, 1.0 / 3};
  return run;
}

class TrainingPeer : public ::testing::TestWithParam<const char*> {
 protected:
  TrainingPeer() : run_(run_of(GetParam())) {
    spec_ = testing::tiny_plan().network;
    spec_.features_per_stage = {4, 6, 8, 8};
    spec_.kernel_sizes.assign(4, {3, 3, 3});
    spec_.strides = {{1, 1, 1}, {2, 2, 2}, {2, 2, 2}, {2, 2, 2}};
    spec_.conv_per_stage = {1, 2, 1, 1};
    spec_.conv_per_stage_decoder = {1, 1, 2};
    spec_.conv_bias = run_.conv_bias;
    Random random(5);
    for (int n = 0; n < 4; ++n) {
      images_.push_back(normal(random, 2 * 16 * 16 * 16));
      std::vector<int> labels;
      for (std::int64_t v = 0; v < 2 * 16 * 16 * 16; ++v) {
        const std::int64_t d = v / 256 % 16, h = v / 16 % 16, w = v % 16;
        labels.push_back(d < 4 + n ? 0 : h > 8 && w < 6 + n ? 2 : 1);
        images_.back()[static_cast<std::size_t>(v)] += static_cast<float>(labels.back());
      }
      labels_.push_back(labels);
    }
  }

  json question(const Weights& weights) const {
    json question = optimiser_of(run_.recipe);
    question["rate"] = run_.recipe.learning_rate;
    question["paper"] = run_.recipe.loss == "paper";
    question["scale_weights"] = run_.scale_weights;
    question["strides"] = spec_.strides;
    question["steps"] = kSteps;
    question["images"] = images_;
    question["labels"] = labels_;
    for (const auto& [name, tensor] : weights) {
      question["weights"][name] = {{"shape", tensor.shape}, {"values", tensor.values}};
    }
    return question;
  }

  // Trains the network as a run does and returns the losses.
  std::vector<double> train(TorchNetwork& network) const {
    const DatasetLabels labels{.regions = {{"liver", {1, 2}}, {"tumour", {2}}},
                               .regions_class_order = {1, 2},
                               .foreground_labels = {1, 2},
                               .ignore_label = {},
                               .channel_names = {"CT"}};
    const auto alone = make_single_process();
    const SegmentationLoss loss(labels, {.paper = run_.recipe.loss == "paper", .scales = run_.recipe.scales},
                                *alone);
    const auto optimiser = make_optimiser(run_.recipe, network.parameters());
    std::vector<double> losses;
    for (std::size_t step = 0; step < kSteps; ++step) {
      const at::Tensor image = at::tensor(images_[step % 4]).view({2, 1, 16, 16, 16});
      const at::Tensor truth = at::tensor(labels_[step % 4]).to(at::kShort).view({2, 16, 16, 16});
      const at::Tensor value = loss(network.forward(image), truth);
      value.backward();
      clip_gradients(network.parameters(), run_.recipe.gradient_clip);
      optimiser->step(run_.recipe.learning_rate);
      losses.push_back(value.item<double>());
    }
    return losses;
  }

  PeerRun run_;
  NetworkSpec spec_;
  std::vector<Floats> images_;
  std::vector<std::vector<int>> labels_;
};

TEST_P(TrainingPeer, TwentyStepsAreTorchs) {
  TorchNetwork network(spec_, 11);
  const Weights start = network.weights();
  const std::vector<double> losses = train(network);
  const json expected = ask_peer(HEPAR_PEER_PYTHON, kTraining, question(start));
  const std::vector<double> expected_losses = expected.at("losses");
  ASSERT_EQ(expected_losses.size(), losses.size());
  EXPECT_NEAR(losses.front(), expected_losses.front(), 1e-5);
  EXPECT_LT(expected_losses.back(), expected_losses.front() - 0.01);  // something was learnt
  for (std::size_t n = 0; n < losses.size(); ++n) EXPECT_NEAR(losses[n], expected_losses[n], 1e-3) << n;
  for (const auto& [name, tensor] : network.weights()) {
    const Floats weights = expected.at("weights").at(name);
    ASSERT_EQ(weights.size(), tensor.values.size());
    // Biases that began with 0 are still small, and Adam's first steps have the size of the rate whatever the
    // gradient: theirs is an absolute bound.
    double largest = 1e-2, difference = 0;
    for (std::size_t v = 0; v < weights.size(); ++v) {
      largest = std::max(largest, std::abs(static_cast<double>(weights[v])));
      difference = std::max(difference, std::abs(static_cast<double>(weights[v] - tensor.values[v])));
    }
    EXPECT_LT(difference, 1e-4 * largest) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Recipes, TrainingPeer, ::testing::Values("nnunet", "paper"));

}  // namespace
}  // namespace hepar
