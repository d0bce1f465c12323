// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_reference/reference_layers.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace hepar::reference {
namespace {

// The sum over the kernel for one output voxel and one input channel.
double correlate(const Maps& input, std::int64_t channel, const float* kernel, const Kernel3& size,
                 const Kernel3& corner) {
  double sum = 0;
  for (std::int64_t a = 0; a < size[0]; ++a) {
    for (std::int64_t b = 0; b < size[1]; ++b) {
      for (std::int64_t c = 0; c < size[2]; ++c, ++kernel) {
        const std::int64_t d = corner[0] + a, h = corner[1] + b, w = corner[2] + c;
        const bool inside =
            d >= 0 && h >= 0 && w >= 0 && d < input.shape.d && h < input.shape.h && w < input.shape.w;
        if (inside) sum += *kernel * input.at(channel, d, h, w);
      }
    }
  }
  return sum;
}

std::int64_t product(const Kernel3& size) { return size[0] * size[1] * size[2]; }

Kernel3 kernel_of(const NamedTensor& weight) { return {weight.shape[2], weight.shape[3], weight.shape[4]}; }

}  // namespace

Maps convolve(const Maps& input, const Affine& layer, const Kernel3& stride) {
  const Kernel3 kernel = kernel_of(layer.weight);
  const TensorShape& in = input.shape;
  const auto reduced = [](std::int64_t size, std::int64_t step) { return (size + step - 1) / step; };
  Maps output({1, layer.weight.shape[0], reduced(in.d, stride[0]), reduced(in.h, stride[1]),
               reduced(in.w, stride[2])});
  std::size_t n = 0;
  for (std::int64_t c = 0; c < output.shape.c; ++c) {
    for (std::int64_t d = 0; d < output.shape.d; ++d) {
      for (std::int64_t h = 0; h < output.shape.h; ++h) {
        for (std::int64_t w = 0; w < output.shape.w; ++w, ++n) {
          const Kernel3 corner{d * stride[0] - kernel[0] / 2, h * stride[1] - kernel[1] / 2,
                               w * stride[2] - kernel[2] / 2};
          output.values[n] = layer.bias.values[static_cast<std::size_t>(c)];
          for (std::int64_t i = 0; i < in.c; ++i) {
            const float* weights = layer.weight.values.data() + (c * in.c + i) * product(kernel);
            output.values[n] += correlate(input, i, weights, kernel, corner);
          }
        }
      }
    }
  }
  return output;
}

Maps upsample(const Maps& input, const Affine& layer) {
  const Kernel3 k = kernel_of(layer.weight);
  const TensorShape& in = input.shape;
  Maps output({1, layer.weight.shape[1], in.d * k[0], in.h * k[1], in.w * k[2]});
  std::size_t n = 0;
  for (std::int64_t c = 0; c < output.shape.c; ++c) {
    for (std::int64_t d = 0; d < output.shape.d; ++d) {
      for (std::int64_t h = 0; h < output.shape.h; ++h) {
        for (std::int64_t w = 0; w < output.shape.w; ++w, ++n) {
          const std::int64_t tap = ((d % k[0]) * k[1] + h % k[1]) * k[2] + w % k[2];
          output.values[n] = layer.bias.values[static_cast<std::size_t>(c)];
          for (std::int64_t i = 0; i < in.c; ++i) {
            const auto weight = static_cast<std::size_t>((i * output.shape.c + c) * product(k) + tap);
            output.values[n] += layer.weight.values[weight] * input.at(i, d / k[0], h / k[1], w / k[2]);
          }
        }
      }
    }
  }
  return output;
}

Maps average_pool(const Maps& input, const Kernel3& kernel) {
  const TensorShape& in = input.shape;
  Maps output({1, in.c, in.d / kernel[0], in.h / kernel[1], in.w / kernel[2]});
  const auto count = static_cast<double>(product(kernel));
  for (std::int64_t c = 0; c < in.c; ++c) {
    for (std::int64_t d = 0; d < in.d; ++d) {
      for (std::int64_t h = 0; h < in.h; ++h) {
        for (std::int64_t w = 0; w < in.w; ++w) {
          output.at(c, d / kernel[0], h / kernel[1], w / kernel[2]) += input.at(c, d, h, w) / count;
        }
      }
    }
  }
  return output;
}

void normalise(Maps& maps, const Affine& layer, double eps) {
  const auto voxels = static_cast<std::size_t>(maps.shape.voxels());
  for (std::size_t c = 0; c < static_cast<std::size_t>(maps.shape.c); ++c) {
    const auto channel = std::span(maps.values).subspan(c * voxels, voxels);
    double mean = 0, variance = 0;
    for (const double value : channel) mean += value / static_cast<double>(voxels);
    for (const double value : channel)
      variance += (value - mean) * (value - mean) / static_cast<double>(voxels);
    for (double& value : channel) {
      value = (value - mean) / std::sqrt(variance + eps) * layer.weight.values[c] + layer.bias.values[c];
    }
  }
}

void activate(Maps& maps, double slope) {
  for (double& value : maps.values) {
    if (value < 0) value *= slope;
  }
}

void add(Maps& maps, const Maps& other) {
  std::transform(maps.values.begin(), maps.values.end(), other.values.begin(), maps.values.begin(),
                 std::plus<>());
}

Maps concatenate(const Maps& first, const Maps& second) {
  TensorShape shape = first.shape;
  shape.c += second.shape.c;
  Maps both(shape);
  const auto end = std::copy(first.values.begin(), first.values.end(), both.values.begin());
  std::copy(second.values.begin(), second.values.end(), end);
  return both;
}

}  // namespace hepar::reference
