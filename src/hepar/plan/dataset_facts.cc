// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "hepar/nn/json_file.h"
#include "hepar/plan/experiment_planner.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

// imageio/reader_writer_registry.py: the first class that knows the ending. NaturalImage2DIO claims .tif
// too, but reads no volumes.
constexpr std::array<std::pair<const char*, const char*>, 9> kReaders{{{".png", "NaturalImage2DIO"},
                                                                       {".bmp", "NaturalImage2DIO"},
                                                                       {".tif", "Tiff3DIO"},
                                                                       {".tiff", "Tiff3DIO"},
                                                                       {".nii.gz", "SimpleITKIO"},
                                                                       {".nrrd", "SimpleITKIO"},
                                                                       {".mha", "SimpleITKIO"},
                                                                       {".gipl", "SimpleITKIO"},
                                                                       {".nii", "NibabelIO"}}};
constexpr std::array kKnownReaders{"NaturalImage2DIO", "SimpleITKIO", "SimpleITKIOWithReorient",
                                   "Tiff3DIO",         "NibabelIO",   "NibabelIOWithReorient"};

std::string image_reader(const JsonNode& root) {
  if (root.has("overwrite_image_reader_writer")) {
    const std::string asked = root.at("overwrite_image_reader_writer").text();
    if (std::find(kKnownReaders.begin(), kKnownReaders.end(), asked) != kKnownReaders.end()) return asked;
  }
  const JsonNode node = root.at("file_ending");
  std::string ending = node.text();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  for (const auto& [known, reader] : kReaders) {
    if (ending == known) return reader;
  }
  node.fail(fmt::format("is {}, which nnU-Net has no reader for", ending));
}

}  // namespace

DatasetFacts read_dataset_facts(const fs::path& dataset_json, const std::string& name) {
  const JsonNode::Json document = parse_json_file(dataset_json);
  const JsonNode root(document, dataset_json.string());
  DatasetFacts facts{.name = name, .channel_names = {}, .image_reader = image_reader(root)};
  // "modality" is the name of nnU-Net v1.
  const JsonNode channels =
      root.at(root.has("channel_names") || !root.has("modality") ? "channel_names" : "modality");
  for (const auto& [number, node] : channels.members()) facts.channel_names.push_back(node.text());
  if (facts.channel_names.empty()) channels.fail("names no channel");
  facts.label_entries = static_cast<std::int64_t>(root.at("labels").members().size());
  facts.training_cases = root.at("numTraining").integer();
  if (facts.training_cases < 1) {
    root.at("numTraining").fail(fmt::format("is {}, not positive", facts.training_cases));
  }
  return facts;
}

}  // namespace hepar
