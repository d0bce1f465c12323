// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/winograd_weights.h"

#include <algorithm>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/instruction_set.h"

namespace hepar::cpu {
namespace {

// (taps) -> (weights along d, h, w), for one pair of channels; axes of one tap first have the others empty.
class WeightTransform {
 public:
  WeightTransform(const AxisRules& axes, const Size3& kernel) : axes_(axes), kernel_(kernel) {}

  void run(const float* taps, double* out) const {
    constexpr int kMost = AxisRule::kMaxPoints;
    double along_w[3][3][kMost], along_h[3][kMost][kMost];
    for (int d = 0; d < kernel_[0]; ++d)
      for (int h = 0; h < kernel_[1]; ++h)
        for (int w = 0; w < axes_[2]->weights; ++w) {
          const float* row = taps + (d * kernel_[1] + h) * kernel_[2];
          along_w[d][h][w] = sum(2, w, [&](int k) { return row[k]; });
        }
    for (int d = 0; d < kernel_[0]; ++d)
      for (int h = 0; h < axes_[1]->weights; ++h)
        for (int w = 0; w < axes_[2]->weights; ++w)
          along_h[d][h][w] = sum(1, h, [&](int k) { return along_w[d][k][w]; });
    for (int d = 0; d < axes_[0]->weights; ++d)
      for (int h = 0; h < axes_[1]->weights; ++h)
        for (int w = 0; w < axes_[2]->weights; ++w)
          *out++ = sum(0, d, [&](int k) { return along_h[k][h][w]; });
  }

 private:
  template <class Tap>
  double sum(std::size_t axis, int weight, const Tap& tap) const {
    double value = 0;
    for (int k = 0; k < kernel_[axis]; ++k) value += axes_[axis]->weight_rows[weight][k] * tap(k);
    return value;
  }

  AxisRules axes_;
  Size3 kernel_;
};

}  // namespace

WinogradWeights::WinogradWeights(const ConvolutionShape& shape, const AxisRules& axes,
                                 std::span<const float> weight)
    : out_blocks_(shape.out_channels / channel_block()),
      unique_(axes[0]->weights * axes[1]->weights * axes[2]->weights),
      block_floats_(shape.in_channels * channel_block()) {
  HEPAR_EXPECT(shape.in_channels % channel_block() == 0 && shape.out_channels % channel_block() == 0,
               "a broken block of channels");
  const std::int64_t wanted = shape.out_channels * shape.in_channels * voxels_of(shape.kernel);
  HEPAR_EXPECT(weight.empty() || static_cast<std::int64_t>(weight.size()) == wanted,
               "weights of another convolution");
  const std::int64_t count = out_blocks_ * block_floats_ * unique_;
  values_ = make_aligned(count);
  if (weight.empty())
    std::fill_n(values_.get(), count, 0.0f);
  else
    transform(shape, axes, weight);
  for (int d = 0; d < axes[0]->points; ++d)
    for (int h = 0; h < axes[1]->points; ++h)
      for (int w = 0; w < axes[2]->points; ++w)
        weight_of_point_.push_back(
            (axes[0]->weight_of_point[d] * axes[1]->weights + axes[1]->weight_of_point[h]) *
                axes[2]->weights +
            axes[2]->weight_of_point[w]);
}

void WinogradWeights::transform(const ConvolutionShape& shape, const AxisRules& axes,
                                std::span<const float> weight) {
  const WeightTransform one(axes, shape.kernel);
  const std::int64_t lanes = channel_block(), inputs = shape.in_channels, taps = voxels_of(shape.kernel);
  parallel_for(pairs(), [&](std::int64_t pair) {
    const std::int64_t width = blocks_of(pair) * lanes;
    std::vector<double> values(static_cast<std::size_t>(unique_));
    const float* source = weight.data() + pair * 2 * lanes * inputs * taps;
    float* target = values_.get() + pair * 2 * unique_ * block_floats_;
    for (std::int64_t i = 0; i < inputs; ++i) {
      for (std::int64_t lane = 0; lane < width; ++lane) {
        one.run(source + (lane * inputs + i) * taps, values.data());
        for (std::int64_t n = 0; n < unique_; ++n)
          target[(n * inputs + i) * width + lane] = static_cast<float>(values[static_cast<std::size_t>(n)]);
      }
    }
  });
}

std::int64_t WinogradWeights::blocks_of(std::int64_t pair) const {
  return std::min<std::int64_t>(2, out_blocks_ - 2 * pair);
}

}  // namespace hepar::cpu
