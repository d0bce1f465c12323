// SPDX-License-Identifier: Apache-2.0
// Datasets of NIfTI files: LiTS and the Medical Segmentation Decathlon's liver task.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/io/image_io.h"
#include "hepar/pipeline/import_files.h"
#include "hepar/pipeline/import_source.h"
#include "hepar/volume/reorient.h"

namespace hepar::importing {
namespace fs = std::filesystem;
namespace {

void require_folder(const fs::path& folder) {
  if (!fs::is_directory(folder)) {
    throw Error(ErrorCode::kMissing, fmt::format("there is no folder {}", folder.string()));
  }
}

// 0 background, 1 liver, 2 tumour, and nothing else.
void check_labels(const LabelMap& labels) {
  std::int64_t liver = 0;
  for (const std::uint8_t value : labels.voxels()) {
    if (value > kTumour) {
      throw Error(
          ErrorCode::kInvalidInput,
          fmt::format("its labels hold the value {}; 0, 1 (liver) and 2 (tumour) are expected", value));
    }
    liver += value != 0 ? 1 : 0;
  }
  if (liver == 0) throw Error(ErrorCode::kInvalidInput, "its labels hold no liver");
}

CaseVolumes read_pair(const fs::path& image, const fs::path& labels) {
  CtImage ct = read_ct(image);
  LabelImage map = read_labels(labels);
  lay_onto(map.voxels, ct.voxels.geometry());
  check_labels(map.voxels);
  CaseVolumes volumes{std::move(ct.voxels), std::move(map.voxels), std::move(ct.notes)};
  for (const std::string& note : map.notes) volumes.notes.push_back(fmt::format("Labels: {}", note));
  return volumes;
}

// Files by the number in their name.
using Numbered = std::map<int, std::vector<fs::path>>;

std::optional<int> number_in(const std::string& name, const std::regex& pattern) {
  std::smatch match;
  if (!std::regex_match(name, match, pattern)) return std::nullopt;
  return std::stoi(match[1].str());
}

// Makes the candidates of images and labels of the same number; what stands alone or twice is refused.
void pair_up(const Numbered& images, const Numbered& labels, const fs::path& root, const char* prefix,
             Source& source) {
  const auto refuse = [&](const fs::path& file, const std::string& reason) {
    source.refused.push_back({file.lexically_relative(root).generic_string(), reason});
  };
  for (const auto& [number, files] : images) {
    const auto partner = labels.find(number);
    if (partner == labels.end()) {
      refuse(files.front(), "there are no labels of this number");
    } else if (files.size() > 1 || partner->second.size() > 1) {
      refuse(files.front(), fmt::format("{} images and {} label maps have this number", files.size(),
                                        partner->second.size()));
    } else {
      const fs::path image = files.front(), map = partner->second.front();
      source.candidates.push_back({fmt::format("{}_{:03}", prefix, number),
                                   image.lexically_relative(root).generic_string(),
                                   {image, map},
                                   [image, map](const fs::path&) { return read_pair(image, map); }});
    }
  }
  for (const auto& [number, files] : labels) {
    if (!images.contains(number)) refuse(files.front(), "there is no image of this number");
  }
}

// Error(kInvalidInput) unless the decathlon's dataset.json calls 1 the liver and 2 its cancer.
void check_task(const fs::path& file) {
  const auto document = nlohmann::json::parse(read_text_file(file), nullptr, false);
  const auto label = [&document](const char* number) {
    std::string name = document.is_object() && document.contains("labels") && document["labels"].is_object()
                           ? document["labels"].value(number, nlohmann::json()).dump()
                           : "";
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    return name;
  };
  if (label("1") != R"("liver")" ||
      (label("2") != R"("cancer")" && label("2") != R"("tumour")" && label("2") != R"("tumor")")) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} does not call label 1 liver and label 2 cancer; is it Task03_Liver of the "
                            "decathlon?",
                            file.string()));
  }
}

Numbered numbered_files(const fs::path& folder, const std::regex& pattern, Source& source) {
  require_folder(folder);
  Numbered files;
  for (const fs::path& file : entries_of(folder)) {
    const std::string name = file.filename().string();
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored) || name.starts_with('.'))
      continue;  // "._liver_0.nii.gz" of macOS
    if (const auto number = number_in(name, pattern)) {
      files[*number].push_back(file);
    } else {
      source.refused.push_back(
          {fmt::format("{}/{}", last_name(folder), name), "its name is not liver_N.nii.gz"});
    }
  }
  return files;
}

}  // namespace

Source lits_source(const fs::path& folder) {
  require_folder(folder);
  static const std::regex kImage(R"(volume-(\d{1,6})\.nii(\.gz)?)"),
      kLabels(R"(segmentation-(\d{1,6})\.nii(\.gz)?)");
  Numbered images, labels;
  const FilesBelow below = files_below(folder);
  for (const fs::path& file : below.files) {
    const std::string name = file.filename().string();
    if (const auto image = number_in(name, kImage)) images[*image].push_back(file);
    if (const auto map = number_in(name, kLabels)) labels[*map].push_back(file);
  }
  if (images.empty() && labels.empty()) {
    throw Error(ErrorCode::kMissing,
                fmt::format("there is no volume-N.nii or segmentation-N.nii below {}", folder.string()));
  }
  Source source;
  note_unreadable(below.unreadable_folders, source);
  pair_up(images, labels, folder, "lits", source);
  return source;
}

Source msd_source(const fs::path& folder) {
  require_folder(folder);
  check_task(folder / "dataset.json");
  static const std::regex kName(R"(liver_(\d{1,6})\.nii(\.gz)?)");
  Source source;
  const Numbered images = numbered_files(folder / "imagesTr", kName, source);
  const Numbered labels = numbered_files(folder / "labelsTr", kName, source);
  pair_up(images, labels, folder, "msd", source);
  return source;
}

}  // namespace hepar::importing
