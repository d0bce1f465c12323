// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "hepar/nn/test_golden_model.h"
#include "hepar/pipeline/convert_model.h"
#include "hepar/pipeline/test_folder.h"
#include "hepar/pipeline/test_model.h"

namespace hepar {
namespace {

// torch.load of nnU-Net's own checkpoint and of ours: the same keys, the same tensors, and what nnU-Net's
// predictor reads besides (predict_from_raw_data.py, initialize_from_trained_model_folder).
constexpr const char* kCompare = R"(
import sys, torch
first, second = (torch.load(name, map_location='cpu') for name in sys.argv[1:])
a, b = first['network_weights'], second['network_weights']
assert set(a) == set(b), set(a) ^ set(b)
assert all(torch.equal(a[name], b[name]) for name in a)
assert first['trainer_name'] == second['trainer_name']
assert first['init_args']['configuration'] == second['init_args']['configuration']
assert list(first['inference_allowed_mirroring_axes']) == list(second['inference_allowed_mirroring_axes'])
)";

class TorchRoundTrip : public ScratchFolder, public testing::WithParamInterface<const char*> {};

TEST_P(TorchRoundTrip, TorchLoadsWhatCameBackAsBefore) {
  namespace fs = std::filesystem;
  const fs::path model = golden_model(fs::path(HEPAR_TEST_DATA) / "fixtures/nnunet" / GetParam());
  convert_model({.model = model, .output = root_ / "ours", .selection = {}, .to = ModelForm::kHepar});
  convert_model(
      {.model = root_ / "ours", .output = root_ / "back", .selection = {}, .to = ModelForm::kNnunet});
  write_text_file(root_ / "compare.py", kCompare);
  for (const FoldCheckpoint& checkpoint : read_model_folder(model).checkpoints) {
    const fs::path back = root_ / "back" / checkpoint.file.lexically_relative(model);
    const std::string command = std::string(HEPAR_PEER_PYTHON " ")
                                    .append((root_ / "compare.py").string())
                                    .append(" ")
                                    .append(checkpoint.file.string())
                                    .append(" ")
                                    .append(back.string());
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
  }
}
INSTANTIATE_TEST_SUITE_P(Fixtures, TorchRoundTrip,
                         testing::Values("case1_softmax_oblique", "case2_regions_crop_pad_ensemble",
                                         "case3_regions_aniso_sepz", "case4_resenc_transposed_sepz"));

}  // namespace
}  // namespace hepar
