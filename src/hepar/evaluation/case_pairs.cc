// SPDX-License-Identifier: Apache-2.0
#include "hepar/evaluation/case_pairs.h"

#include <fmt/format.h>

#include <map>

#include "hepar/core/error.h"
#include "hepar/io/image_io.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {

using CaseFiles = std::map<std::string, fs::path>;  // by case name

// An image file, or an RTSTRUCT or SEG.
bool is_label_file_name(const fs::path& path) {
  return is_image_file_name(path) || path.extension() == ".dcm";
}

CaseFiles label_files(const fs::path& folder, std::string_view inner_file) {
  CaseFiles files;
  const auto add = [&](const std::string& name, const fs::path& file) {
    const auto [known, added] = files.emplace(name, file);
    if (added) return;
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the case {} is there twice, as {} and as {}; keep one of them", name,
                            known->second.string(), file.string()));
  };
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path& path = entry.path();
    if (entry.is_directory()) {
      if (fs::exists(path / inner_file)) add(path.filename().string(), path / inner_file);
    } else if (is_label_file_name(path)) {
      add(case_name_of(path), path);
    }
  }
  if (files.empty()) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format(
            "{} holds no label map: neither .nii, .nii.gz, .nrrd, .mha or .dcm files nor folders with "
            "{} in them",
            folder.string(), inner_file));
  }
  return files;
}

}  // namespace

std::string case_name_of(const fs::path& file) {
  if (file.extension() == ".dcm") return file.stem().string();
  if (!is_image_file_name(file)) return file.filename().string();
  const fs::path stem = file.stem();
  return (is_image_file_name(stem) ? stem.stem() : stem).string();  // x.nii.gz
}

CasePairs pair_cases(const fs::path& prediction, const fs::path& reference, std::string_view inner_file) {
  for (const auto& path : {prediction, reference}) {
    if (!fs::exists(path)) throw Error(ErrorCode::kMissing, fmt::format("there is no {}", path.string()));
  }
  if (fs::is_directory(prediction) != fs::is_directory(reference)) {
    throw Error(ErrorCode::kInvalidInput, "give two label maps or two folders, not one of each");
  }
  if (!fs::is_directory(prediction)) return {{{case_name_of(reference), prediction, reference}}, {}};
  const CaseFiles predictions = label_files(prediction, inner_file);
  const CaseFiles references = label_files(reference, kLabelsFile);
  CasePairs result;
  for (const auto& [name, file] : predictions) {
    if (const auto found = references.find(name); found != references.end()) {
      result.pairs.push_back({name, file, found->second});
    } else {
      result.faults.push_back(
          fmt::format("{} of {} has no reference and was left out", name, prediction.string()));
    }
  }
  for (const auto& [name, file] : references) {
    if (!predictions.contains(name)) {
      result.faults.push_back(
          fmt::format("{} has no prediction in {} and was left out", name, prediction.string()));
    }
  }
  if (result.pairs.empty()) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format(
            "no case of {} ({} label maps, such as {}) has a partner of the same name in {} ({}, such "
            "as {})",
            prediction.string(), predictions.size(), predictions.begin()->first, reference.string(),
            references.size(), references.begin()->first));
  }
  return result;
}

}  // namespace hepar
