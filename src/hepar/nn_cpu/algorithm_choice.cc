// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/algorithm_choice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <vector>

#include "hepar/cpu_kernels/direct_convolution.h"
#include "hepar/nn_cpu/tuning_table.h"

namespace hepar::cpu {
namespace {

constexpr TileRules kAllF2{TileRule::kF2, TileRule::kF2, TileRule::kF2};
constexpr std::array<std::int64_t, 4> kGroups{24, 12, 48, 96};  // of tiles

// F(4,3) in three axes makes 8 weights of one; beyond this their reading costs more than the products saved,
// and they would take most of the engine's memory.
constexpr std::int64_t kMostWinogradWeights = std::int64_t{8} << 20;

std::int64_t out_size(const ConvolutionShape& shape, std::size_t axis) { return shape.out()[axis]; }

// The rule of an axis for `wanted`, or the only one there is; tiles of 4 are for at least 3 outputs.
bool choose_rule(const ConvolutionShape& shape, std::size_t axis, TileRule wanted, TileRule& rule) {
  if (wanted == TileRule::kF4 && out_size(shape, axis) < 3) wanted = TileRule::kF2;
  for (const TileRule candidate : {wanted, TileRule::kSingle, TileRule::kStrided}) {
    if (!fits(candidate, shape.kernel[axis], shape.stride[axis])) continue;
    rule = candidate;
    return true;
  }
  return false;
}

std::int64_t points_of(TileRule rule) {
  constexpr std::int64_t kPoints[] = {1, 4, 6, 4};  // weights, of which kStrided has one twice
  return kPoints[static_cast<int>(rule)];
}

void add_winograd(const ConvolutionShape& shape, const TileRules& wanted, std::vector<Algorithm>& list) {
  Algorithm algorithm{true, {}, 0};
  std::int64_t weights = shape.in_channels * shape.out_channels;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (!choose_rule(shape, axis, wanted[axis], algorithm.rules[axis])) return;
    weights *= points_of(algorithm.rules[axis]);
  }
  const bool all_single = algorithm.rules == TileRules{};
  if (all_single || weights > kMostWinogradWeights) return;
  algorithm.group = kGroups.front();
  if (std::find(list.begin(), list.end(), algorithm) == list.end()) list.push_back(algorithm);
}

// What is exact is chosen by rule, not by trial, so that it gives the same bytes on every run: F(2,3) and its
// strided kin where their tiles fill the register tiles of the products, direct loops for the rest.
std::vector<Algorithm> exact_choice(const ConvolutionShape& shape) {
  const bool strided = std::any_of(shape.stride.begin(), shape.stride.end(), [](auto s) { return s > 1; });
  const std::int64_t fewest_outputs = strided ? 4096 : 64;
  std::vector<Algorithm> list;
  if (voxels_of(shape.out()) >= fewest_outputs) add_winograd(shape, kAllF2, list);
  if (list.empty()) list.emplace_back();
  return list;
}

std::vector<Algorithm> candidates(const ConvolutionShape& shape, CpuAlgorithms algorithms) {
  if (algorithms == CpuAlgorithms::kExact) return exact_choice(shape);
  constexpr TileRule k2 = TileRule::kF2, k4 = TileRule::kF4;
  std::vector<Algorithm> list{Algorithm{}};
  add_winograd(shape, kAllF2, list);
  add_winograd(shape, {k2, k4, k4}, list);
  add_winograd(shape, {k4, k4, k4}, list);
  return list;
}

std::unique_ptr<Convolution> make_for_trial(const ConvolutionShape& shape, const Algorithm& algorithm) {
  const std::vector<float> bias(static_cast<std::size_t>(shape.out_channels), 0.0f);
  if (algorithm.winograd) return make_convolution(shape, algorithm, {{}, bias});
  const auto count = shape.in_channels * shape.out_channels * voxels_of(shape.kernel);
  return make_convolution(shape, algorithm,
                          {std::vector<float>(static_cast<std::size_t>(count), 0.0f), bias});
}

// Times algorithms in turn, so that other work on the machine slows all of them alike.
class Trial {
 public:
  explicit Trial(const ConvolutionShape& shape) : shape_(shape) {
    constexpr std::int64_t kPlanes = 8, kRows = 16;
    shape_.in[0] = std::min(shape_.in[0], kPlanes);
    shape_.in[1] = std::min(shape_.in[1], kRows);
    const std::int64_t in = shape_.in_channels * voxels_of(shape_.in);
    const std::int64_t out = shape_.out_channels * voxels_of(shape_.out());
    in_ = make_aligned(in);
    out_ = make_aligned(out);
    std::fill_n(in_.get(), in, 1.0f);
    std::fill_n(out_.get(), out, 0.0f);
  }

  // Of equally fast ones the first.
  Algorithm fastest(const std::vector<Algorithm>& list) const {
    if (list.size() == 1) return list.front();
    std::vector<std::unique_ptr<Convolution>> convolutions;
    for (const Algorithm& algorithm : list) convolutions.push_back(make_for_trial(shape_, algorithm));
    std::vector<double> best(list.size(), std::numeric_limits<double>::infinity());
    constexpr int kRounds = 3;
    constexpr double kHopeless = 1.5;
    for (int round = 0; round < kRounds; ++round) {
      const double limit = kHopeless * *std::min_element(best.begin(), best.end());
      for (std::size_t n = 0; n < list.size(); ++n)
        if (round == 0 || best[n] < limit) best[n] = std::min(best[n], seconds_of(*convolutions[n]));
    }
    std::size_t choice = 0;
    constexpr double kClearly = 0.97;
    for (std::size_t n = 1; n < list.size(); ++n)
      if (best[n] < kClearly * best[choice]) choice = n;
    return list[choice];
  }

 private:
  double seconds_of(const Convolution& convolution) const {
    const MapsPart part{in_.get(), shape_.in_channels, 0, shape_.in[0]};
    const auto start = std::chrono::steady_clock::now();
    convolution.run({&part, 1}, out_.get(), {0, shape_.out()[0]});
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  ConvolutionShape shape_;
  AlignedFloats in_, out_;
};

Algorithm fastest(const ConvolutionShape& shape, CpuAlgorithms algorithms) {
  const Trial trial(shape);
  const Algorithm rules = trial.fastest(candidates(shape, algorithms));
  if (!rules.winograd) return rules;
  std::vector<Algorithm> groups;
  for (const std::int64_t group : kGroups) groups.push_back({true, rules.rules, group});
  return trial.fastest(groups);
}

std::string key_of(const ConvolutionShape& shape, CpuAlgorithms algorithms) {
  return fmt::format("{} {}->{} of {} kernel {} stride {}",
                     algorithms == CpuAlgorithms::kExact ? "exact" : "default", shape.in_channels,
                     shape.out_channels, fmt::join(shape.in, "x"), fmt::join(shape.kernel, "x"),
                     fmt::join(shape.stride, "x"));
}

// "direct" or "winograd 2 2 1 24": the rules' numbers along d, h, w, and the group.
std::string write_choice(const Algorithm& algorithm) {
  if (!algorithm.winograd) return "direct";
  return fmt::format("winograd {} {} {} {}", static_cast<int>(algorithm.rules[0]),
                     static_cast<int>(algorithm.rules[1]), static_cast<int>(algorithm.rules[2]),
                     algorithm.group);
}

// Whatever stands in the file, the answer is one of the candidates, or none.
bool read_choice(const std::string& text, const std::vector<Algorithm>& list, Algorithm& algorithm) {
  for (const Algorithm& candidate : list) {
    for (const std::int64_t group : kGroups) {
      Algorithm one = candidate;
      one.group = one.winograd ? group : 0;
      if (write_choice(one) != text) continue;
      algorithm = one;
      return true;
    }
  }
  return false;
}

}  // namespace

std::string Algorithm::name() const {
  if (!winograd) return "direct";
  constexpr int kOutputs[] = {1, 2, 4, 2};
  const auto outputs = [&](std::size_t axis) { return kOutputs[static_cast<int>(rules[axis])]; };
  return fmt::format("winograd {}x{}x{}", outputs(0), outputs(1), outputs(2));
}

std::unique_ptr<Convolution> make_convolution(const ConvolutionShape& shape, const Algorithm& algorithm,
                                              const ConvolutionWeights& weights) {
  if (!algorithm.winograd) return make_direct(shape, weights);
  return make_winograd(shape, algorithm.rules, weights, algorithm.group);
}

Algorithm choose_algorithm(const ConvolutionShape& shape, CpuAlgorithms algorithms,
                           const std::filesystem::path& tuning_file) {
  const std::string key = key_of(shape, algorithms);
  const std::string choice = tuning_table(tuning_file).find_or_make(key, [&](const std::string& known) {
    Algorithm algorithm;
    if (!known.empty() && read_choice(known, candidates(shape, algorithms), algorithm)) return known;
    return write_choice(fastest(shape, algorithms));
  });
  Algorithm algorithm;
  read_choice(choice, candidates(shape, algorithms), algorithm);
  return algorithm;
}

}  // namespace hepar::cpu
