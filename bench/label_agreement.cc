// SPDX-License-Identifier: Apache-2.0
// label_agreement MODEL PHANTOMS: label maps of that many phantoms by the CPU engine in its default and its exact way,
// as `hepar segment` runs the network; prints how many voxels differ.
#include <fmt/format.h>

#include <cstdlib>

#include "hepar/core/error.h"
#include "hepar/infer/model.h"
#include "hepar/nn_cpu/cpu_engine.h"
#include "hepar/phantom/phantom.h"

namespace hepar {
namespace {

constexpr std::uint64_t kSeed = 2024;  // the demo's, not among those of the shipped model's training

Model load(const char* folder, CpuAlgorithms algorithms) {
  return load_model(folder, [algorithms](const ModelPlan& plan, const Weights& weights) {
    return make_cpu_engine(plan.network, weights, {.algorithms = algorithms});
  });
}

void compare(const char* folder, int phantoms) {
  const Model fast = load(folder, CpuAlgorithms::kDefault), exact = load(folder, CpuAlgorithms::kExact);
  std::size_t voxels = 0, different = 0;
  for (int n = 0; n < phantoms; ++n) {
    const CtVolume ct = make_phantom({.cysts = CystContent::kSome}, kSeed, n).ct;
    const PredictOptions options{.mirror = false};
    const WideLabelMap first = fast.predict(ct, options), second = exact.predict(ct, options);
    std::size_t differ = 0;
    for (std::size_t v = 0; v < first.voxels().size(); ++v) differ += first.voxels()[v] != second.voxels()[v];
    fmt::print("phantom {}: {} of {} voxels differ\n", n, differ, first.voxels().size());
    voxels += first.voxels().size();
    different += differ;
  }
  fmt::print("all: {} of {} voxels, {:.1e}\n", different, voxels,
             static_cast<double>(different) / static_cast<double>(voxels));
}

}  // namespace
}  // namespace hepar

int main(int argc, char** argv) {
  if (argc != 3 || std::atoi(argv[2]) < 1) {
    fmt::print(stderr, "label_agreement MODEL PHANTOMS\n");
    return 2;
  }
  try {
    hepar::compare(argv[1], std::atoi(argv[2]));
    return 0;
  } catch (const hepar::Error& error) {
    fmt::print(stderr, "label_agreement: {}\n", error.what());
    return hepar::exit_status(error.code());
  }
}
