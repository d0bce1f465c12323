// SPDX-License-Identifier: Apache-2.0
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/blocked_kernels.h"
#include "hepar/cpu_kernels/training_kernels.h"
#include "hepar/nn_torch/blocked_ops.h"
#include "hepar/nn_torch/blocked_tensors.h"

namespace hepar::blocked {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// Runs task(map, first voxel, voxels, chunk) over chunks of all samples' channel blocks; their size is fixed,
// so that what is summed by chunks does not depend on the threads.
class Chunks {
 public:
  static constexpr std::int64_t kVoxels = 4096;
  explicit Chunks(const at::Tensor& maps)
      : maps_(maps.size(0) * maps.size(1)),
        voxels_(maps.size(2) * maps.size(3) * maps.size(4)),
        each_((voxels_ + kVoxels - 1) / kVoxels) {}
  std::int64_t maps() const { return maps_; }
  std::int64_t voxels() const { return voxels_; }
  template <class Task>
  void run(const Task& task) const {
    parallel_for(maps_ * each_, [&](std::int64_t chunk) {
      const std::int64_t first = chunk % each_ * kVoxels;
      task(chunk / each_, first, std::min(kVoxels, voxels_ - first), chunk);
    });
  }
  // Sums of `count` doubles a chunk, over the chunks of each map: [map][count].
  template <class Task>
  std::vector<double> sum(std::int64_t count, const Task& task) const {
    std::vector<double> parts(static_cast<std::size_t>(maps_ * each_ * count), 0.0);
    run([&](std::int64_t map, std::int64_t first, std::int64_t voxels, std::int64_t chunk) {
      task(map, first, voxels, parts.data() + chunk * count);
    });
    std::vector<double> sums(static_cast<std::size_t>(maps_ * count), 0.0);
    for (std::int64_t n = 0; n < maps_ * each_ * count; ++n)
      sums[static_cast<std::size_t>(n / (each_ * count) * count + n % count)] +=
          parts[static_cast<std::size_t>(n)];
    return sums;
  }

 private:
  std::int64_t maps_, voxels_, each_;
};

// A map is one channel block of one sample.
const float* map_of(const at::Tensor& maps, std::int64_t map) {
  const std::int64_t blocks = maps.size(1);
  return sample_of(maps, map / blocks) + map % blocks * maps.stride(1);
}

// For each map the means, scales and shifts of its lanes, and what (x - mean) is multiplied with before
// weight and bias: [map][4][lane].
at::Tensor norms_of(const at::Tensor& maps, const at::Tensor& weight, const at::Tensor& bias,
                    const at::Tensor& factors, double eps) {
  const std::int64_t lanes = maps.size(5), blocks = maps.size(1), channels = weight.numel();
  const Chunks chunks(maps);
  const std::vector<double> moments =
      chunks.sum(2 * lanes, [&](std::int64_t map, std::int64_t first, std::int64_t voxels, double* sums) {
        cpu::blocked_kernels().add_moments(map_of(maps, map) + first * lanes, voxels, sums);
      });
  const std::vector<float> weights = pad_vector(weight, blocks * lanes),
                           biases = pad_vector(bias, blocks * lanes);
  const at::Tensor plain_factors = factors.defined() ? factors.contiguous() : factors;
  at::Tensor norms = at::empty({chunks.maps(), 4, lanes}, at::kFloat);
  for (std::int64_t map = 0; map < chunks.maps(); ++map) {
    const double* sums = moments.data() + map * 2 * lanes;
    float* norm = norms.data_ptr<float>() + map * 4 * lanes;
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      const std::int64_t channel = map % blocks * lanes + lane;
      double factor = 1;
      if (factors.defined() && channel < channels)
        factor = static_cast<double>(plain_factors.data_ptr<float>()[map / blocks * channels + channel]);
      const double mean = sums[lane] / static_cast<double>(chunks.voxels());
      const double variance =
          std::max(0.0, sums[lanes + lane] / static_cast<double>(chunks.voxels()) - mean * mean);
      // Of factor * x: its mean and deviation are factor times those of x.
      const double spread = factor / std::sqrt(factor * factor * variance + eps);
      norm[lane] = static_cast<float>(mean);
      norm[lanes + lane] = static_cast<float>(spread) * weights[static_cast<std::size_t>(channel)];
      norm[2 * lanes + lane] = biases[static_cast<std::size_t>(channel)];
      norm[3 * lanes + lane] = static_cast<float>(spread);
    }
  }
  return norms;
}

// With h = spread (x - mean), the normed values, and g the gradient of weight h + bias: that of x is
//   weight spread (g - mean(g) - h mean(g h)),
// those of weight and bias are sum(g h) and sum(g). As Ioffe and Szegedy, ICML 2015, section 3.
class NormGradient {
 public:
  NormGradient(const at::Tensor& maps, const at::Tensor& norms, const at::Tensor& gradient, double slope)
      : maps_(maps),
        norms_(norms),
        gradient_(gradient),
        slope_(static_cast<float>(slope)),
        lanes_(maps.size(5)),
        chunks_(maps) {
    sums_ =
        chunks_.sum(2 * lanes_, [&](std::int64_t map, std::int64_t first, std::int64_t voxels, double* sums) {
          cpu::training_kernels().add_gradient_sums(row(map, first, voxels),
                                                    map_of(gradient_, map) + first * lanes_, sums);
        });
  }

  at::Tensor of_maps() const {
    const auto count = static_cast<std::size_t>(chunks_.maps() * lanes_);
    std::vector<float> constants(count), linears(count);
    for (std::int64_t map = 0; map < chunks_.maps(); ++map)
      for (std::int64_t lane = 0; lane < lanes_; ++lane) {
        const auto n = static_cast<std::size_t>(map * lanes_ + lane);
        const double scale = norm(map, 1, lane) / static_cast<double>(chunks_.voxels()),
                     spread = norm(map, 3, lane);
        constants[n] = static_cast<float>(scale * sum(map, 0, lane));
        linears[n] = static_cast<float>(scale * spread * spread * sum(map, 1, lane));
      }
    at::Tensor out = make_maps(maps_.size(0), padded_channels(maps_), size_of(maps_));
    chunks_.run([&](std::int64_t map, std::int64_t first, std::int64_t voxels, std::int64_t) {
      cpu::training_kernels().norm_gradient(
          {row(map, first, voxels), map_of(gradient_, map) + first * lanes_, constants.data() + map * lanes_,
           linears.data() + map * lanes_, out.data_ptr<float>() + (map * chunks_.voxels() + first) * lanes_});
    });
    return out;
  }

  at::Tensor of_weight(std::int64_t channels) const {
    return over_samples(channels, [&](std::int64_t map, std::int64_t lane) {
      return norm(map, 3, lane) * sum(map, 1, lane);
    });
  }
  at::Tensor of_bias(std::int64_t channels) const {
    return over_samples(channels, [&](std::int64_t map, std::int64_t lane) { return sum(map, 0, lane); });
  }

 private:
  cpu::NormRow row(std::int64_t map, std::int64_t first, std::int64_t voxels) const {
    return {map_of(maps_, map) + first * lanes_, voxels, norms_.data_ptr<float>() + map * 4 * lanes_, slope_};
  }
  double norm(std::int64_t map, std::int64_t n, std::int64_t lane) const {
    return static_cast<double>(norms_.data_ptr<float>()[(map * 4 + n) * lanes_ + lane]);
  }
  double sum(std::int64_t map, std::int64_t n, std::int64_t lane) const {
    return sums_[static_cast<std::size_t>((map * 2 + n) * lanes_ + lane)];
  }
  template <class Value>
  at::Tensor over_samples(std::int64_t channels, const Value& value) const {
    at::Tensor out = at::empty({channels}, at::kFloat);
    for (std::int64_t c = 0; c < channels; ++c) {
      double total = 0;
      for (std::int64_t n = 0; n < maps_.size(0); ++n)
        total += value(n * maps_.size(1) + c / lanes_, c % lanes_);
      out.data_ptr<float>()[c] = static_cast<float>(total);
    }
    return out;
  }

  at::Tensor maps_, norms_, gradient_;
  float slope_;
  std::int64_t lanes_;
  Chunks chunks_;
  std::vector<double> sums_;
};

class Normalise : public Function<Normalise> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& weight,
                            const at::Tensor& bias, const NormSettings& settings) {
    const at::Tensor maps = with_whole_samples(input);
    const at::Tensor norms = norms_of(maps, weight, bias, settings.factors, settings.eps);
    const std::int64_t lanes = maps.size(5);
    at::Tensor out = make_maps(maps.size(0), padded_channels(maps), size_of(maps));
    const Chunks chunks(maps);
    chunks.run([&](std::int64_t map, std::int64_t first, std::int64_t voxels, std::int64_t) {
      cpu::training_kernels().normalise(
          {map_of(maps, map) + first * lanes, voxels, norms.data_ptr<float>() + map * 4 * lanes,
           static_cast<float>(settings.slope)},
          out.data_ptr<float>() + (map * chunks.voxels() + first) * lanes);
    });
    context->save_for_backward({input, weight, norms});
    context->saved_data["slope"] = settings.slope;
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const std::int64_t channels = saved[1].numel();
    const NormGradient gradient(with_whole_samples(saved[0]), saved[2], with_whole_samples(gradients[0]),
                                context->saved_data["slope"].toDouble());
    return {gradient.of_maps(), gradient.of_weight(channels), gradient.of_bias(channels), {}};
  }
};

}  // namespace

at::Tensor normalise(const at::Tensor& maps, const at::Tensor& weight, const at::Tensor& bias,
                     const NormSettings& settings) {
  return Normalise::apply(maps, weight, bias, settings);
}

at::Tensor channel_sums(const at::Tensor& maps, std::int64_t channels) {
  const std::int64_t lanes = maps.size(5);
  const std::vector<double> sums =
      Chunks(maps).sum(lanes, [&](std::int64_t map, std::int64_t first, std::int64_t voxels, double* part) {
        cpu::training_kernels().add_sums(map_of(maps, map) + first * lanes, voxels, part);
      });
  at::Tensor out = at::empty({channels}, at::kFloat);
  for (std::int64_t c = 0; c < channels; ++c) {
    double total = 0;
    for (std::int64_t n = 0; n < maps.size(0); ++n)
      total += sums[static_cast<std::size_t>(n * padded_channels(maps) + c)];
    out.data_ptr<float>()[c] = static_cast<float>(total);
  }
  return out;
}

}  // namespace hepar::blocked
