// SPDX-License-Identifier: Apache-2.0
// predict_case FOLDER I J K: makes FOLDER/model, an nnU-Net v2 model with random weights (patches of 128^3,
// three labels, few features), and FOLDER/images/case_0000.nii.gz, a made-up CT of that many voxels, to
// measure time and memory of `hepar predict FOLDER/images FOLDER/labels -m FOLDER/model`.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/random.h"
#include "hepar/io/image_io.h"
#include "hepar/nn/model_folder.h"
#include "hepar/tensors/weights.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

// The plan wants thinner slices than the scan has, so that the image grows.
constexpr double kSpacingMm = 0.78, kSliceMm = 1.25, kPlannedSliceMm = 1;

ModelPlan make_plan() {
  ModelPlan plan;
  plan.network.features_per_stage = {4, 8, 16, 32, 32, 32};
  plan.network.kernel_sizes.assign(6, {3, 3, 3});
  plan.network.strides.assign(6, {2, 2, 2});
  plan.network.strides[0] = {1, 1, 1};
  plan.network.conv_per_stage.assign(6, 2);
  plan.network.conv_per_stage_decoder.assign(5, 2);
  plan.network.heads = 3;
  plan.patch_size = {128, 128, 128};
  plan.spacing_mm = {kPlannedSliceMm, kSpacingMm, kSpacingMm};
  plan.normalization_schemes = {"CTNormalization"};
  plan.intensities = {{-160, 240, 60, 60}};
  return plan;
}

Weights random_weights(const NetworkSpec& spec) {
  Weights weights;
  Random random(1);
  for (const auto& [name, shape] : parameters_of(spec)) {
    NamedTensor& tensor = weights[name];
    tensor.shape = shape;
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    const double sd = shape.size() == 1 ? 0.1 : 1 / std::sqrt(static_cast<double>(count / shape[0]));
    for (std::int64_t n = 0; n < count; ++n)
      tensor.values.push_back(static_cast<float>(random.normal(name.ends_with("norm.weight") ? 1 : 0, sd)));
  }
  return weights;
}

void make_case(const fs::path& folder, Int3 size) {
  const ModelPlan plan = make_plan();
  make_folder(folder / "model/fold_0");
  make_folder(folder / "images");
  write_plan(folder / "model/plans.json", plan, "Dataset001_Bench");
  write_text_file(folder / "model/dataset.json", R"({"channel_names": {"0": "CT"},
    "labels": {"background": 0, "liver": 1, "tumour": 2}, "numTraining": 1, "file_ending": ".nii.gz"})");
  write_weights(folder / "model/fold_0/checkpoint_final.safetensors", random_weights(plan.network));
  Geometry grid;
  grid.size = size;
  grid.spacing_mm = {kSpacingMm, kSpacingMm, kSliceMm};
  CtVolume ct(grid);
  Random random(2);
  for (float& hu : ct.voxels()) hu = static_cast<float>(static_cast<int>(random.normal(50, 100)));
  write_ct(folder / "images/case_0000.nii.gz", ct);
}

}  // namespace
}  // namespace hepar

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "predict_case FOLDER I J K\n");
    return 2;
  }
  try {
    hepar::make_case(argv[1], {std::atoll(argv[2]), std::atoll(argv[3]), std::atoll(argv[4])});
    return 0;
  } catch (const hepar::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return hepar::exit_status(error.code());
  }
}
