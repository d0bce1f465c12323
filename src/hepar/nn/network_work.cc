// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn/network_work.h"

#include <string>

namespace hepar {
namespace {

// The first number in a parameter's name is that of its stage.
std::size_t stage_of(const std::string& name) {
  return static_cast<std::size_t>(std::stoi(name.substr(name.find_first_of("0123456789"))));
}

// The stage of the encoder whose maps have as many voxels as each weight is used at: those of the layer's
// output, for a transposed convolution of its input.
std::size_t level_of(const std::string& name, std::size_t stages) {
  if (name.starts_with("encoder.stem")) return 0;
  if (name.starts_with("encoder")) return stage_of(name);
  const std::size_t output = stages - 2 - stage_of(name);
  return name.starts_with("decoder.transpconvs") ? output + 1 : output;
}

}  // namespace

double gflop_of(const NetworkSpec& spec, const Kernel3& size) {
  const auto stages = static_cast<std::size_t>(spec.stages());
  double flop = 0;
  for (const auto& [name, shape] : parameters_of(spec)) {
    const bool is_product = shape.size() == 5;
    // The other heads serve training alone.
    const bool is_idle = name.starts_with("decoder.seg_layers") && stage_of(name) != stages - 2;
    if (!is_product || is_idle) continue;
    double products = 1;
    for (const auto count : shape) products *= static_cast<double>(count);
    for (const auto extent : size) products *= static_cast<double>(extent);
    for (std::size_t i = 0; i <= level_of(name, stages); ++i) {
      for (const auto stride : spec.strides[i]) products /= static_cast<double>(stride);
    }
    flop += 2 * products;
  }
  return flop / 1e9;
}

}  // namespace hepar
