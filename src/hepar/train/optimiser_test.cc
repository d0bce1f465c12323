// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/optimiser.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/random.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;
using Parameters = std::map<std::string, at::Tensor>;

TrainingRecipe recipe(const char* optimiser) {
  TrainingRecipe recipe;
  recipe.optimiser = optimiser;
  recipe.weight_decay = 0.1;
  return recipe;
}

Parameters two_parameters() {
  return {{"a", at::tensor(std::vector<float>{1, -2, 0.5}).requires_grad_(true)},
          {"b", at::tensor(std::vector<float>{0.25, 3}).view({2, 1}).requires_grad_(true)}};
}

float gradient(int step, std::int64_t v) {
  return static_cast<float>(std::sin(3.0 * step + static_cast<double>(v)));
}

void set_gradients(const Parameters& parameters, int step) {
  for (const auto& [name, parameter] : parameters) {
    at::Tensor values = at::empty_like(parameter.detach());
    for (std::int64_t v = 0; v < values.numel(); ++v) values.data_ptr<float>()[v] = gradient(step, v);
    at::Tensor(parameter).mutable_grad() = values;
  }
}

// The formulas of optimiser.h for one number, in double.
struct PlainSgd {
  double w, b = 0;
  void step(double g, int t, double rate) {
    g += 0.1 * w;
    b = t == 1 ? g : 0.99 * b + g;
    w -= rate * (g + 0.99 * b);
  }
};
struct PlainAdam {
  double w, m = 0, v = 0;
  void step(double g, int t, double rate) {
    g += 0.1 * w;
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    w -= rate * (m / (1 - std::pow(0.9, t))) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
  }
};

template <class Plain>
void expect_plain_formula(const char* name) {
  const Parameters parameters = two_parameters();
  const auto optimiser = make_optimiser(recipe(name), parameters);
  std::vector<Plain> expected{{1}, {-2}, {0.5}};
  for (int step = 1; step <= 20; ++step) {
    set_gradients(parameters, step);
    optimiser->step(0.01 / step);
    for (std::size_t v = 0; v < 3; ++v)
      expected[v].step(gradient(step, static_cast<std::int64_t>(v)), step, 0.01 / step);
  }
  for (std::size_t v = 0; v < 3; ++v) {
    EXPECT_NEAR(parameters.at("a")[static_cast<std::int64_t>(v)].item<double>(), expected[v].w, 2e-6);
  }
}

TEST(Sgd, IsTheFormula) { expect_plain_formula<PlainSgd>("sgd"); }
TEST(Adam, IsTheFormula) { expect_plain_formula<PlainAdam>("adam"); }

TEST(Sgd, TwoStepsByHand) {
  TrainingRecipe plain = recipe("sgd");
  plain.momentum = 0.9;
  plain.weight_decay = 0;
  const Parameters parameters{{"w", at::full({1}, 1.0).requires_grad_(true)}};
  const auto sgd = make_optimiser(plain, parameters);
  // Gradient 1: b = 1, w = 1 - 0.1 (1 + 0.9) = 0.81. Gradient 2: b = 2.9, w = 0.81 - 0.1 (2 + 2.61) = 0.349.
  for (const double g : {1.0, 2.0}) {
    at::Tensor(parameters.at("w")).mutable_grad() = at::full({1}, g);
    sgd->step(0.1);
  }
  EXPECT_NEAR(parameters.at("w").item<double>(), 0.349, 1e-6);
}

TEST(Adam, TwoStepsByHand) {
  TrainingRecipe plain = recipe("adam");
  plain.weight_decay = 0;
  const Parameters parameters{{"w", at::full({1}, 1.0).requires_grad_(true)}};
  const auto adam = make_optimiser(plain, parameters);
  // Step 1, gradient 2: m = 0.2, v = 0.004; corrected 2 and 4: w = 1 - 0.1 * 2 / 2 = 0.9.
  // Step 2, gradient 1: m = 0.28, v = 0.004996; corrected 0.28 / 0.19 = 1.473684 and 0.004996 / 0.001999
  // = 2.499250, root 1.580902: w = 0.9 - 0.1 * 1.473684 / 1.580902 = 0.806782.
  for (const double g : {2.0, 1.0}) {
    at::Tensor(parameters.at("w")).mutable_grad() = at::full({1}, g);
    adam->step(0.1);
  }
  EXPECT_NEAR(parameters.at("w").item<double>(), 0.806782, 2e-6);
}

class EachOptimiser : public ::testing::TestWithParam<const char*> {};

TEST_P(EachOptimiser, ClearsTheGradientsAndSkipsWhatHasNone) {
  const Parameters parameters = two_parameters();
  const auto optimiser = make_optimiser(recipe(GetParam()), parameters);
  set_gradients(parameters, 1);
  at::Tensor(parameters.at("b")).mutable_grad().reset();
  optimiser->step(0.1);
  EXPECT_FALSE(parameters.at("a").grad().defined());
  EXPECT_FALSE(at::equal(parameters.at("a"), two_parameters().at("a")));
  EXPECT_TRUE(at::equal(parameters.at("b"), two_parameters().at("b")));
  Weights state;
  optimiser->append_state(state);
  for (const auto& [name, tensor] : state) EXPECT_TRUE(name.ends_with(".a")) << name;
  EXPECT_FALSE(state.empty());
}

TEST_P(EachOptimiser, GoesOnToTheBitAfterARestore) {
  const Parameters whole = two_parameters();
  const auto uninterrupted = make_optimiser(recipe(GetParam()), whole);
  Parameters parts;
  std::unique_ptr<Optimiser> restored;
  for (int step = 1; step <= 20; ++step) {
    set_gradients(whole, step);
    uninterrupted->step(0.01);
    if (step > 10) {
      set_gradients(parts, step);
      restored->step(0.01);
    }
    if (step != 10) continue;
    for (const auto& [name, parameter] : whole) {
      parts[name] = parameter.detach().clone().requires_grad_(true);
    }
    Weights checkpoint;
    uninterrupted->append_state(checkpoint);
    restored = make_optimiser(recipe(GetParam()), parts);
    restored->restore(checkpoint, 10);
  }
  for (const auto& [name, parameter] : whole) EXPECT_TRUE(at::equal(parameter, parts.at(name))) << name;
}

TEST_P(EachOptimiser, RefusesAStateThatIsNotItsOwn) {
  const Parameters parameters = two_parameters();
  const auto optimiser = make_optimiser(recipe(GetParam()), parameters);
  const auto refuses = [&](const Weights& state) {
    try {
      optimiser->restore(state, 1);
    } catch (const Error& error) {
      return error.code() == ErrorCode::kCorrupt;
    }
    return false;
  };
  EXPECT_TRUE(refuses({}));
  EXPECT_TRUE(refuses({{"encoder.weight", {{3}, {1, 2, 3}}}}));
  set_gradients(parameters, 1);
  optimiser->step(0.1);
  Weights state;
  optimiser->append_state(state);
  state.begin()->second = {{1}, {1}};
  EXPECT_TRUE(refuses(state));
}

INSTANTIATE_TEST_SUITE_P(Optimisers, EachOptimiser, ::testing::Values("sgd", "adam"));

TEST(Adam, RefusesAStateWithoutTheSecondMoment) {
  const auto adam = make_optimiser(recipe("adam"), two_parameters());
  EXPECT_THROW(adam->restore({{"adam.m.a", {{3}, {1, 2, 3}}}}, 1), Error);
}

TEST(ClipGradients, ShortensTheWholeVector) {
  // Gradients (3, 0, 0) and (4, 0): norm 5. Limited to 1: factor 1 / (5 + 1e-6).
  const Parameters parameters = two_parameters();
  at::Tensor(parameters.at("a")).mutable_grad() = at::tensor(std::vector<float>{3, 0, 0});
  at::Tensor(parameters.at("b")).mutable_grad() = at::tensor(std::vector<float>{4, 0}).view({2, 1});
  EXPECT_NEAR(clip_gradients(parameters, 12), 5, 1e-6);
  EXPECT_NEAR(clip_gradients(parameters, 0), 5, 1e-6);
  EXPECT_EQ(parameters.at("a").grad()[0].item<double>(), 3);
  EXPECT_NEAR(clip_gradients(parameters, 1), 5, 1e-6);
  EXPECT_NEAR(parameters.at("a").grad()[0].item<double>(), 0.6, 1e-6);
  EXPECT_NEAR(parameters.at("b").grad()[0].item<double>(), 0.8, 1e-6);
}

TEST(ClipGradients, LeavesWhatIsNotFinite) {
  const Parameters parameters = two_parameters();
  EXPECT_EQ(clip_gradients(parameters, 1), 0);  // no gradient at all
  const float infinity = std::numeric_limits<float>::infinity();
  at::Tensor(parameters.at("a")).mutable_grad() = at::tensor(std::vector<float>{3, infinity, 0});
  EXPECT_FALSE(std::isfinite(clip_gradients(parameters, 1)));
  EXPECT_EQ(parameters.at("a").grad()[0].item<double>(), 3);
}

TEST(LearningRate, IsNnunets) {
  const auto golden = nlohmann::json::parse(
      read_text_file(fs::path(HEPAR_GOLDEN) / "nnunet" / "unit" / "index.json"))["poly_lr"];
  TrainingRecipe poly;
  poly.learning_rate = golden["initial"];
  poly.epochs = golden["max"];
  ASSERT_EQ(golden["values"].size(), 7U);
  for (const auto& [epoch, rate] : golden["values"].items()) {
    EXPECT_NEAR(learning_rate(poly, std::stol(epoch)), rate.get<double>(), 1e-15);
  }
}

TEST(LearningRate, CanBeConstant) {
  TrainingRecipe constant;
  constant.schedule = "constant";
  EXPECT_EQ(learning_rate(constant, 999), constant.learning_rate);
}

}  // namespace
}  // namespace hepar
