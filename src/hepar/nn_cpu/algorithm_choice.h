// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "hepar/cpu_kernels/winograd.h"
#include "hepar/nn_cpu/cpu_engine.h"

namespace hepar::cpu {

// How a convolution from blocks to blocks is computed.
struct Algorithm {
  bool winograd = false;  // else directly
  TileRules rules{};
  std::int64_t group = 0;    // of tiles
  std::string name() const;  // "direct", "winograd 4x4x4" by the outputs of a tile
  friend bool operator==(const Algorithm&, const Algorithm&) = default;
};

std::unique_ptr<Convolution> make_convolution(const ConvolutionShape& shape, const Algorithm& algorithm,
                                              const ConvolutionWeights& weights);

// The fastest algorithm for a shape, by trial on a part of its maps. The first choice for a shape holds for
// all that this process makes with the same tuning file, whatever the number of threads, so that results do
// not change between runs; the file keeps it for later processes on the same processor with the same version
// of Hepar (CpuEngineOptions). kExact chooses by a rule on the shape, without F(4,3), and tries only how many
// tiles go together, which changes no result. kOneDnn has no choice and must not ask.
Algorithm choose_algorithm(const ConvolutionShape& shape, CpuAlgorithms algorithms,
                           const std::filesystem::path& tuning_file);

}  // namespace hepar::cpu
