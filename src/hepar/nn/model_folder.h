// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hepar/core/vec.h"
#include "hepar/nn/network_spec.h"
#include "hepar/tensors/weights.h"

namespace hepar {

// Constants of one channel's normalisation, from the training set (plans.json
// foreground_intensity_properties_per_channel). CTNormalization: clip to the percentiles, subtract the
// mean, divide by the SD (nnU-Net default_normalization_schemes.py).
struct IntensityProperties {
  double percentile_00_5 = 0, percentile_99_5 = 0, mean = 0, std = 1;
};

// How arrays are brought from grid to grid (plans.json resampling_fn_*_kwargs): B-splines of this order in
// space, or in the slices across one coarse axis with `order_z` along it (preprocess.h says when).
struct ResamplingRule {
  int order = 1;    // 0 to 3, without 2
  int order_z = 0;  // 0 or 1
  std::optional<bool> force_separate_z;
};

// One configuration of plans.json, what prediction and training need of it. The network's axes (d, h, w)
// are the array axes (k, j, i) of the image, brought to `orientation` and then transposed: network axis a
// runs along array axis transpose_forward[a]. Axis-wise vectors are in the network's order.
struct ModelPlan {
  std::string configuration = "3d_fullres";
  NetworkSpec network;
  Kernel3 patch_size{};                // d, h, w; d = 1 in a 2d configuration
  std::array<double, 3> spacing_mm{};  // d, h, w; d = 0 in a 2d configuration: slices keep their distance
  bool two_dimensional = false;
  std::int64_t batch_size = 2;
  bool batch_dice = false;
  std::vector<std::string> normalization_schemes;  // per image channel
  std::vector<bool> use_mask_for_norm;             // per image channel
  std::vector<IntensityProperties> intensities;    // per image channel
  // Patient orientation the voxel axes (i, j, k) are brought to before the network, e.g. "RAS" for
  // image_reader_writer SimpleITKIOWithReorient; empty: left as they are.
  std::string orientation;
  std::array<std::size_t, 3> transpose_forward{0, 1, 2};
  ResamplingRule image_resampling{.order = 3, .order_z = 0, .force_separate_z = {}};
  ResamplingRule label_resampling;
  ResamplingRule logit_resampling;
  // The configuration whose labels are this one's further inputs, one channel for each foreground label
  // (3d_cascade_fullres: 3d_lowres); empty: none.
  std::string previous_stage;
  std::string image_reader = "SimpleITKIO";  // as named in plans.json
};

// dataset.json: what goes into the network and what its outputs mean.
struct DatasetLabels {
  // Foreground labels or regions as declared: name and the label values it covers.
  std::vector<std::pair<std::string, std::vector<int>>> regions;
  // Not empty: output channel n is regions[n], and this is the label written where its probability exceeds
  // 0.5; later ones win. Empty: the channels are the labels 0, 1, ... and the largest logit wins.
  std::vector<int> regions_class_order;
  std::vector<int> foreground_labels;  // all values but 0, ascending
  std::optional<int> ignore_label;
  std::vector<std::string> channel_names;  // of the image
  std::string file_ending = ".nii.gz";

  bool has_regions() const { return !regions_class_order.empty(); }
  std::int64_t heads() const;               // output channels
  std::vector<int> written_labels() const;  // all values but 0 that a label map can hold, ascending
};

// Readers of nnU-Net's own file formats (keys as in nnU-Net v2 plans.json and dataset.json, old plans
// without `architecture` too; inherits_from is followed). A missing or ill-typed key is Error(kInvalidInput)
// naming the file and the key; what Hepar can't do (another network class, reader or resampling) is
// Error(kUnsupported) naming it. The plan's network has as many image channels as normalisation schemes;
// heads and inputs of a previous stage are added by read_model_folder().
ModelPlan read_plan(const std::filesystem::path& plans_json, const std::string& configuration = "3d_fullres");
DatasetLabels read_dataset_labels(const std::filesystem::path& dataset_json);
void write_plan(const std::filesystem::path& plans_json, const ModelPlan& plan,
                const std::string& dataset_name);

// Which weights of a model are wanted.
struct ModelSelection {
  std::vector<std::string> folds;  // "0", "all", ...; empty: all numbered folds there are, else fold_all
  std::string checkpoint;          // name without suffix; empty: checkpoint_final
};

struct FoldCheckpoint {
  std::string fold;            // "0", ..., "all"
  std::filesystem::path file;  // .safetensors (Hepar) or .pth (nnU-Net)
};

// A model as nnU-Net trains it, or a Hepar model folder: plans.json, dataset.json,
// fold_K/checkpoint_final.pth or .safetensors.
struct ModelFolder {
  std::filesystem::path path;
  ModelPlan plan;  // network with its heads and all of its input channels
  DatasetLabels labels;
  std::vector<FoldCheckpoint> checkpoints;  // by fold, at least one
  // Network axes (0 = d) that may be mirrored (inference_allowed_mirroring_axes); empty: none.
  std::vector<int> mirror_axes;
  std::string trainer;  // nnU-Net's class name; empty when unknown
};
// Reads and checks all but the weights. Error(kMissing) names what is not there.
ModelFolder read_model_folder(const std::filesystem::path& folder, const ModelSelection& selection = {});
// Throws unless the weights are those of the network: every parameter there, in the right shape and finite
// (else Error(kInvalidInput) or Error(kCorrupt) with its name), and no other.
void check_weights(const NetworkSpec& spec, const Weights& weights);
// Weights of one fold without nnU-Net's duplicates, checked against the plan.
Weights read_fold(const ModelFolder& model, std::size_t fold);

}  // namespace hepar
