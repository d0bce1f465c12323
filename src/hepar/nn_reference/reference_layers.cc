// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_reference/reference_layers.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace hepar::reference {
namespace {

std::int64_t product(const Kernel3& size) { return size[0] * size[1] * size[2]; }

Kernel3 kernel_of(const NamedTensor& weight) { return {weight.shape[2], weight.shape[3], weight.shape[4]}; }

// Output voxels along w, each `stride` input voxels from the next.
struct Row {
  double* values;
  std::int64_t count, stride;
};

// Adds the sums over all input channels and the kernel, whose first tap lies at `corner` for the first voxel
// of the row.
void correlate_row(const Maps& input, const float* weights, const Kernel3& kernel, const Kernel3& corner,
                   const Row& row) {
  const TensorShape& in = input.shape;
  for (std::int64_t i = 0; i < in.c; ++i) {
    for (std::int64_t a = 0; a < kernel[0]; ++a) {
      for (std::int64_t b = 0; b < kernel[1]; ++b) {
        const std::int64_t d = corner[0] + a, h = corner[1] + b;
        const float* taps = weights + ((i * kernel[0] + a) * kernel[1] + b) * kernel[2];
        if (d < 0 || h < 0 || d >= in.d || h >= in.h) continue;
        const double* voxels = input.values.data() + ((i * in.d + d) * in.h + h) * in.w;
        for (std::int64_t c = 0; c < kernel[2]; ++c) {
          const double tap = taps[c];
          const std::int64_t first = corner[2] + c;  // input voxel of the row's first
          const std::int64_t begin = (std::max<std::int64_t>(-first, 0) + row.stride - 1) / row.stride;
          const std::int64_t end =
              std::min(row.count, (std::max<std::int64_t>(in.w - first, 0) + row.stride - 1) / row.stride);
          for (std::int64_t n = begin; n < end; ++n) row.values[n] += tap * voxels[first + n * row.stride];
        }
      }
    }
  }
}

}  // namespace

Maps convolve(const Maps& input, const Affine& layer, const Kernel3& stride) {
  const Kernel3 kernel = kernel_of(layer.weight);
  const TensorShape& in = input.shape;
  const auto reduced = [](std::int64_t size, std::int64_t step) { return (size + step - 1) / step; };
  Maps output({1, layer.weight.shape[0], reduced(in.d, stride[0]), reduced(in.h, stride[1]),
               reduced(in.w, stride[2])});
  double* row = output.values.data();
  for (std::int64_t c = 0; c < output.shape.c; ++c) {
    const float* weights = layer.weight.values.data() + c * in.c * product(kernel);
    for (std::int64_t d = 0; d < output.shape.d; ++d) {
      for (std::int64_t h = 0; h < output.shape.h; ++h, row += output.shape.w) {
        std::fill_n(row, output.shape.w, layer.bias.values[static_cast<std::size_t>(c)]);
        const Kernel3 corner{d * stride[0] - kernel[0] / 2, h * stride[1] - kernel[1] / 2, -(kernel[2] / 2)};
        correlate_row(input, weights, kernel, corner, {row, output.shape.w, stride[2]});
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
