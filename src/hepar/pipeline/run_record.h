// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hepar/infer/search.h"
#include "hepar/lesion/lesion_filter.h"

namespace hepar {

// One thing that a run read: "ct", "labels", "model" or "profile".
struct RunInput {
  std::string role;
  std::filesystem::path path;
  std::string sha256;  // of the file, or of a folder's files: see sha256_of_path()
};

// Where a result comes from: enough to tell which inputs, model and options made it, and how long it took.
struct RunRecord {
  std::string hepar_version;
  std::string command;   // "segment" or "filter"
  std::string date_utc;  // when it was finished, ISO 8601
  std::vector<RunInput> inputs;
  std::string model_summary;                   // the model card's first paragraph
  std::map<std::string, std::string> options;  // of the lesion filter and the network
  std::map<std::string, double> timings_s;     // by stage
  std::optional<SearchRecord> search;          // of `segment`

  const RunInput* input(const std::string& role) const;
};

inline constexpr const char* kRunFile = "run.json";

// Hashes the inputs and takes version and date.
RunRecord make_run_record(const std::string& command, std::vector<RunInput> inputs,
                          const LesionFilterOptions& options);

// The text of a model folder's card after its heading, up to the first empty line; empty without a card.
std::string model_summary(const std::filesystem::path& model_folder);

// The document "hepar.run/1", which will lie in `folder`: its paths are relative to that.
std::string run_json(const RunRecord& record, const std::filesystem::path& folder);

// The record in `folder`, with paths seen from there; nothing when there is none. Error(kCorrupt) for what is
// no such document.
std::optional<RunRecord> read_run_record(const std::filesystem::path& folder);

}  // namespace hepar
