// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/training_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/io/image_io.h"
#include "hepar/volume/reorient.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

void check_files(const TrainingSet& set, const ChannelFiles& files) {
  const std::size_t channels = set.facts.channel_names.size();
  if (files.files.size() != channels) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} has {} channel files in imagesTr, dataset.json names {} channels", files.name,
                            files.files.size(), channels));
  }
  if (const fs::path labels = set.labels_file(files.name); !fs::exists(labels)) {
    throw Error(ErrorCode::kMissing,
                fmt::format("{} has no labels: there is no {}", files.name, labels.string()));
  }
}

void check_labels(const TrainingSet& set, const std::string& name, const LabelMap& labels) {
  std::array<bool, 256> is_known{};
  is_known[0] = true;
  for (const int label : set.labels.foreground_labels) {
    if (label < 256) is_known[static_cast<std::size_t>(label)] = true;
  }
  if (set.labels.ignore_label && *set.labels.ignore_label < 256)
    is_known[static_cast<std::size_t>(*set.labels.ignore_label)] = true;
  const auto unknown = std::find_if(labels.voxels().begin(), labels.voxels().end(),
                                    [&](std::uint8_t label) { return !is_known[label]; });
  if (unknown == labels.voxels().end()) return;
  throw Error(
      ErrorCode::kInvalidInput,
      fmt::format("the labels of {} have the value {}, which dataset.json does not name", name, *unknown));
}

void bring_to(TrainingScan& scan, const std::string& orientation) {
  const AxisOrder order = axis_order_for(scan.labels.geometry(), orientation);
  for (CtVolume& channel : scan.channels) channel = reorient(channel, order);
  scan.labels = reorient(scan.labels, order);
}

}  // namespace

std::vector<std::string> TrainingSet::names() const {
  std::vector<std::string> names;
  for (const ChannelFiles& files : cases) names.push_back(files.name);
  return names;
}

fs::path TrainingSet::labels_file(const std::string& name) const {
  return folder / "labelsTr" / (name + labels.file_ending);
}

const ChannelFiles& TrainingSet::at(const std::string& name) const {
  const auto found =
      std::find_if(cases.begin(), cases.end(), [&](const ChannelFiles& files) { return files.name == name; });
  HEPAR_EXPECT(found != cases.end(), fmt::format("no case {}", name));
  return *found;
}

TrainingSet open_training_set(const fs::path& folder) {
  const fs::path file = folder / "dataset.json";
  TrainingSet set{.folder = folder,
                  .labels = read_dataset_labels(file),
                  .facts = read_dataset_facts(file, last_name(folder)),
                  .cases = {}};
  set.cases = find_channel_files(folder / "imagesTr", set.labels.file_ending);
  for (const ChannelFiles& files : set.cases) check_files(set, files);
  return set;
}

TrainingScan read_training_scan(const TrainingSet& set, const ChannelFiles& files) {
  const ReadOptions options{.accept_skewed_directions = set.accepts_skewed_directions(),
                            .refuse_not_finite = true};
  LoadedChannels images = read_channels(files, set.facts.channel_names.size(), options);
  LabelImage truth = read_labels(set.labels_file(files.name), options);
  if (const auto difference = grid_difference(images.channels.front().geometry(), truth.voxels.geometry())) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("image and labels of {} lie on different grids: {}", files.name, *difference));
  }
  check_labels(set, files.name, truth.voxels);
  TrainingScan scan{.channels = std::move(images.channels),
                    .labels = std::move(truth.voxels),
                    .notes = std::move(images.notes)};
  for (const std::string& note : truth.notes)
    scan.notes.push_back(fmt::format("labels of {}: {}", files.name, note));
  if (set.facts.image_reader.ends_with("WithReorient")) bring_to(scan, "RAS");
  return scan;
}

}  // namespace hepar
