// SPDX-License-Identifier: Apache-2.0
// kernel_bench [SUBSTRING]: layers of U-Nets by our own direct and Winograd kernels and by oneDNN,
// alternating, in CPU time of one thread: the least of several runs, as effective GFLOP/s (2 for each
// multiply-add of the layer's definition); for layers that only move data, in GB/s read and written.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hepar/core/parallel.h"
#include "hepar/core/random.h"
#include "hepar/cpu_kernels/average_pooling.h"
#include "hepar/cpu_kernels/direct_convolution.h"
#include "hepar/cpu_kernels/head.h"
#include "hepar/cpu_kernels/instruction_set.h"
#include "hepar/cpu_kernels/upsampling.h"
#include "hepar/cpu_kernels/winograd.h"
#include "hepar/nn_cpu/instance_norm.h"
#include "hepar/nn_cpu/onednn_convolution.h"

namespace hepar::cpu {
namespace {

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

NamedTensor random_tensor(const std::vector<std::int64_t>& shape) {
  NamedTensor tensor{shape, {}};
  std::int64_t count = 1;
  for (const auto size : shape) count *= size;
  Random random(1);
  for (std::int64_t n = 0; n < count; ++n)
    tensor.values.push_back(static_cast<float>(random.normal(0, 0.05)));
  return tensor;
}

AlignedFloats random_maps(std::int64_t count) {
  AlignedFloats maps = make_aligned(count);
  Random random(2);
  for (std::int64_t n = 0; n < count; ++n)
    maps[static_cast<std::size_t>(n)] = static_cast<float>(random.normal());
  return maps;
}

using Work = std::function<void()>;

// The least CPU seconds of each, run by turns.
std::vector<double> least_seconds(const std::vector<Work>& works) {
  constexpr double kEnough = 0.6;
  std::vector<double> least(works.size(), 1e9);
  double spent = 0;
  for (int turn = 0; turn < 5 || spent < kEnough * static_cast<double>(works.size()); ++turn) {
    for (std::size_t n = 0; n < works.size(); ++n) {
      if (!works[n]) continue;
      const double before = cpu_seconds();
      works[n]();
      const double seconds = cpu_seconds() - before;
      spent += seconds;
      least[n] = std::min(least[n], seconds);
    }
  }
  return least;
}

void print(const std::string& name, const char* unit, double amount, const std::vector<Work>& works) {
  const std::vector<double> seconds = least_seconds(works);
  std::string line =
      fmt::format("{:34} {:9.3f} ms {:7.1f} {}", name, 1e3 * seconds[0], amount / seconds[0] / 1e9, unit);
  if (works.size() > 1 && works[1])
    line += fmt::format("   oneDNN {:9.3f} ms {:7.1f} {}   ratio {:.2f}", 1e3 * seconds[1],
                        amount / seconds[1] / 1e9, unit, seconds[1] / seconds[0]);
  fmt::print("{}\n", line);
}

struct ConvolutionCase {
  std::string name;
  std::int64_t in, out;
  Size3 size, kernel, stride;
};

using Own = std::function<std::unique_ptr<Convolution>(const ConvolutionShape&, const ConvolutionWeights&)>;

void time_convolution(const ConvolutionCase& c, const Own& make_own) {
  const bool plain = c.in < channel_block();
  const ConvolutionShape shape{plain ? c.in : padded(c.in, channel_block()), padded(c.out, channel_block()),
                               c.size, c.kernel, c.stride};
  const NamedTensor weight =
      random_tensor({shape.out_channels, shape.in_channels, c.kernel[0], c.kernel[1], c.kernel[2]});
  const NamedTensor bias = random_tensor({shape.out_channels});
  const ConvolutionWeights weights{weight.values, bias.values};
  const AlignedFloats in = random_maps(shape.in_channels * voxels_of(c.size));
  const AlignedFloats out = random_maps(shape.out_channels * voxels_of(shape.out()));
  const auto own = make_own(shape, weights);
  const auto peer = make_onednn_convolution(shape, weights, plain);
  const MapsPart part{in.get(), shape.in_channels, 0, c.size[0]};
  const auto run = [&](const Convolution& convolution) {
    convolution.run({&part, 1}, out.get(), {0, shape.out()[0]});
  };
  std::vector<Work> works = {[&] { run(*own); }};
  if (peer) works.push_back([&] { run(*peer); });
  print(c.name, "GFLOP/s",
        2.0 * static_cast<double>(c.in * c.out * voxels_of(c.kernel) * voxels_of(shape.out())), works);
}

void time_direct(const ConvolutionCase& c) {
  time_convolution(c, c.in < channel_block() ? make_first : make_direct);
}

struct WinogradCase {
  ConvolutionCase convolution;
  TileRule rule;  // of all axes
};

void time_winograd(const WinogradCase& c) {
  constexpr std::int64_t kGroup = 24;
  time_convolution(c.convolution, [&](const ConvolutionShape& shape, const ConvolutionWeights& weights) {
    return make_winograd(shape, {c.rule, c.rule, c.rule}, weights, kGroup);
  });
}

void time_upsampling(const std::string& name, std::int64_t in, std::int64_t out, const Size3& size,
                     const Size3& kernel) {
  const std::int64_t block = channel_block();
  const NamedTensor weight = random_tensor({in, out, kernel[0], kernel[1], kernel[2]}),
                    bias = random_tensor({out});
  const Upsampling layer({in, out, size, kernel}, {weight.values, bias.values});
  const AlignedFloats maps = random_maps(padded(in, block) * voxels_of(size));
  const AlignedFloats result = random_maps(padded(out, block) * voxels_of(size) * voxels_of(kernel));
  print(name, "GFLOP/s", 2.0 * static_cast<double>(in * out * voxels_of(kernel) * voxels_of(size)), {[&] {
          layer.run(maps.get(), result.get(), {0, layer.shape().out()[0]});
        }});
}

void time_head(const std::string& name, std::int64_t channels, std::int64_t heads, const Size3& size) {
  const NamedTensor weight = random_tensor({heads, channels, 1, 1, 1}), bias = random_tensor({heads});
  const Head layer(channels, heads, {weight.values, bias.values});
  const AlignedFloats maps = random_maps(padded(channels, channel_block()) * voxels_of(size));
  const AlignedFloats logits = random_maps(heads * voxels_of(size));
  print(name, "GFLOP/s", 2.0 * static_cast<double>(channels * heads * voxels_of(size)),
        {[&] { layer.run(maps.get(), voxels_of(size), logits.get()); }});
}

void time_norm(const std::string& name, std::int64_t channels, const Size3& size) {
  const NamedTensor weight = random_tensor({channels}), bias = random_tensor({channels});
  const InstanceNorm norm({voxels_of(size), 1e-5, 0.01}, {weight, bias});
  std::vector<float> factors(static_cast<std::size_t>(norm.factor_count()));
  const std::int64_t count = padded(channels, channel_block()) * voxels_of(size);
  const AlignedFloats maps = random_maps(count);
  print(name, "GB/s", 12.0 * static_cast<double>(count), {[&] {
          norm.find_factors(maps.get(), factors.data());
          norm.apply(factors.data(), maps.get());
        }});
}

void time_pooling(const std::string& name, std::int64_t channels, const Size3& size) {
  const std::int64_t wide = padded(channels, channel_block()), count = wide * voxels_of(size);
  const AlignedFloats maps = random_maps(count), out = random_maps(count / 8);
  print(name, "GB/s", 4.5 * static_cast<double>(count), {[&] {
          average_pool(maps.get(), size, wide, {2, 2, 2}, out.get());
        }});
}

const ConvolutionCase kConvolutions[] = {
    {"1->32 @64^3", 1, 32, {64, 64, 64}, {3, 3, 3}, {1, 1, 1}},
    {"3->32 @64^3", 3, 32, {64, 64, 64}, {3, 3, 3}, {1, 1, 1}},
    {"1->32 @28x128^2 1x3x3", 1, 32, {28, 128, 128}, {1, 3, 3}, {1, 1, 1}},
    {"32->32 @64^3", 32, 32, {64, 64, 64}, {3, 3, 3}, {1, 1, 1}},
    {"64->32 @64^3", 64, 32, {64, 64, 64}, {3, 3, 3}, {1, 1, 1}},
    {"32->64 @64^3 stride 2", 32, 64, {64, 64, 64}, {3, 3, 3}, {2, 2, 2}},
    {"64->128 @32^3 stride 2", 64, 128, {32, 32, 32}, {3, 3, 3}, {2, 2, 2}},
    {"128->256 @16^3 stride 2", 128, 256, {16, 16, 16}, {3, 3, 3}, {2, 2, 2}},
    {"256->256 @8^3", 256, 256, {8, 8, 8}, {3, 3, 3}, {1, 1, 1}},
    {"256->320 @8^3 stride 2", 256, 320, {8, 8, 8}, {3, 3, 3}, {2, 2, 2}},
    {"320->320 @4^3", 320, 320, {4, 4, 4}, {3, 3, 3}, {1, 1, 1}},
    {"640->320 @4^3", 640, 320, {4, 4, 4}, {3, 3, 3}, {1, 1, 1}},
    {"320->320 @4^3 stride 2", 320, 320, {4, 4, 4}, {3, 3, 3}, {2, 2, 2}},
    {"320->320 @2^3", 320, 320, {2, 2, 2}, {3, 3, 3}, {1, 1, 1}},
    {"320->320 @1^3", 320, 320, {1, 1, 1}, {3, 3, 3}, {1, 1, 1}},
    {"64->64 @32^3 5x1x3", 64, 64, {32, 32, 32}, {5, 1, 3}, {1, 1, 1}},
    {"64->64 @28x64^2 1x3x3 stride 1x2x2", 64, 64, {28, 64, 64}, {1, 3, 3}, {1, 2, 2}},
    {"320->320 @7x5x5", 320, 320, {7, 5, 5}, {3, 3, 3}, {1, 1, 1}},
    {"64->128 @32^3 1x1x1", 64, 128, {32, 32, 32}, {1, 1, 1}, {1, 1, 1}},
};

constexpr Size3 kThree{3, 3, 3}, kOne{1, 1, 1}, kTwo{2, 2, 2};
const WinogradCase kWinograd[] = {
    {{"F(2,3) 32->32 @64^3", 32, 32, {64, 64, 64}, kThree, kOne}, TileRule::kF2},
    {{"F(4,3) 32->32 @64^3", 32, 32, {64, 64, 64}, kThree, kOne}, TileRule::kF4},
    {{"F(2,3) 64->64 @32^3", 64, 64, {32, 32, 32}, kThree, kOne}, TileRule::kF2},
    {{"F(4,3) 64->64 @32^3", 64, 64, {32, 32, 32}, kThree, kOne}, TileRule::kF4},
    {{"F(2,3) 128->128 @16^3", 128, 128, {16, 16, 16}, kThree, kOne}, TileRule::kF2},
    {{"F(4,3) 128->128 @16^3", 128, 128, {16, 16, 16}, kThree, kOne}, TileRule::kF4},
    {{"F(2,3) 256->256 @8^3", 256, 256, {8, 8, 8}, kThree, kOne}, TileRule::kF2},
    {{"F(4,3) 256->256 @8^3", 256, 256, {8, 8, 8}, kThree, kOne}, TileRule::kF4},
    {{"F(2,3) 64->32 @64^3", 64, 32, {64, 64, 64}, kThree, kOne}, TileRule::kF2},
    {{"F(4,3) 64->32 @64^3", 64, 32, {64, 64, 64}, kThree, kOne}, TileRule::kF4},
    {{"F(2,2) 32->64 @64^3 stride 2", 32, 64, {64, 64, 64}, kThree, kTwo}, TileRule::kStrided},
    {{"F(2,2) 64->128 @32^3 stride 2", 64, 128, {32, 32, 32}, kThree, kTwo}, TileRule::kStrided},
    {{"F(2,2) 128->256 @16^3 stride 2", 128, 256, {16, 16, 16}, kThree, kTwo}, TileRule::kStrided},
};

void time_all(const std::string& wanted) {
  const auto is_wanted = [&](const std::string& name) { return name.find(wanted) != std::string::npos; };
  for (const ConvolutionCase& c : kConvolutions)
    if (is_wanted(c.name)) time_direct(c);
  for (const WinogradCase& c : kWinograd)
    if (is_wanted(c.convolution.name)) time_winograd(c);
  if (is_wanted("upsampling")) {
    time_upsampling("upsampling 320->320 @2^3", 320, 320, {2, 2, 2}, {2, 2, 2});
    time_upsampling("upsampling 320->256 @4^3", 320, 256, {4, 4, 4}, {2, 2, 2});
    time_upsampling("upsampling 128->64 @16^3", 128, 64, {16, 16, 16}, {2, 2, 2});
    time_upsampling("upsampling 64->32 @32^3", 64, 32, {32, 32, 32}, {2, 2, 2});
    time_upsampling("upsampling 64->32 @28x32^2 1x2x2", 64, 32, {28, 32, 32}, {1, 2, 2});
  }
  if (is_wanted("head")) {
    time_head("head 32->3 @64^3", 32, 3, {64, 64, 64});
    time_head("head 32->3 @16^3", 32, 3, {16, 16, 16});
  }
  if (is_wanted("norm")) {
    time_norm("norm 32 @64^3", 32, {64, 64, 64});
    time_norm("norm 32 @16^3", 32, {16, 16, 16});
  }
  if (is_wanted("pooling")) time_pooling("pooling 32 @64^3", 32, {64, 64, 64});
}

}  // namespace
}  // namespace hepar::cpu

int main(int argc, char** argv) {
  hepar::set_thread_count(1);
  fmt::print("instruction set {}\n", hepar::cpu::name_of(hepar::cpu::instruction_set()));
  hepar::cpu::time_all(argc > 1 ? argv[1] : "");
  return 0;
}
