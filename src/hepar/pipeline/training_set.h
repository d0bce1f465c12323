// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hepar/nn/model_folder.h"
#include "hepar/pipeline/channel_files.h"
#include "hepar/plan/experiment_planner.h"
#include "hepar/volume/volume.h"

namespace hepar {

// An nnU-Net dataset to train on: dataset.json, imagesTr/NAME_0000.ENDING, ... and labelsTr/NAME.ENDING.
struct TrainingSet {
  std::filesystem::path folder;
  DatasetLabels labels;
  DatasetFacts facts;
  std::vector<ChannelFiles> cases;  // sorted by name
  std::vector<std::string> names() const;
  // How nnU-Net's reader of the set treats directions: SimpleITK refuses skewed ones, NiBabel's don't.
  bool accepts_skewed_directions() const { return facts.image_reader.starts_with("Nibabel"); }
  const ChannelFiles& at(const std::string& name) const;  // needs a case of that name
  std::filesystem::path labels_file(const std::string& name) const;
};
// Error(kMissing) names a folder or a case's labels that are not there, Error(kInvalidInput) a case without
// one of the channels that dataset.json names.
TrainingSet open_training_set(const std::filesystem::path& folder);

// One case in the frame of the set's image reader (facts.image_reader: brought to RAS by a reorienting one).
struct TrainingScan {
  std::vector<CtVolume> channels;
  LabelMap labels;
  std::vector<std::string> notes;  // of the readers
};
// Error(kInvalidInput) names the case and what is wrong: voxels that are not finite, labels on another grid
// than the image, or a label that dataset.json does not name; errors of the readers pass through.
TrainingScan read_training_scan(const TrainingSet& set, const ChannelFiles& files);

}  // namespace hepar
