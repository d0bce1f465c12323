// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/run_record.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/version.h"
#include "hepar/digest/sha256.h"
#include "hepar/pipeline/liver_search.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* kFormat = "hepar.run/1";

std::map<std::string, std::string> options_of(const LesionFilterOptions& options) {
  std::map<std::string, std::string> named{{"rule", std::string(rule_name(options.rule))},
                                           {"close_mm", fmt::format("{:g}", options.close_mm)},
                                           {"open_mm", fmt::format("{:g}", options.open_mm)},
                                           {"expand_mm", fmt::format("{:g}", options.expand_mm)},
                                           {"within_liver", options.grow_in_liver_only ? "yes" : "no"}};
  if (options.rule == LesionRule::kPaper) {
    named["threshold_hu"] = fmt::format("{:g}", options.threshold_hu);
  } else {
    named["cyst_probability"] = fmt::format("{:g}", options.thresholds.cyst_probability);
    named["tumour_probability"] = fmt::format("{:g}", options.thresholds.tumour_probability);
  }
  return named;
}

Json search_json(const SearchRecord& record) {
  Json json{{"effective", search_name(record.effective)},
            {"windows", record.windows},
            {"windows_covered", record.windows_covered},
            {"windows_run", record.windows_run},
            {"coarse_windows", record.coarse_windows},
            {"coarse_s", record.coarse_seconds},
            {"passes", record.passes},
            {"dropped_parts", record.dropped_parts},
            {"dropped_ml", record.dropped_ml}};
  if (!record.not_searched.empty()) json["not_searched"] = record.not_searched;
  if (!record.fallback.empty()) json["fallback"] = record.fallback;
  return json;
}

SearchRecord read_search(const Json& json) {
  SearchRecord record;
  for (const Search search : {Search::kBody, Search::kLabels})
    if (json.at("effective") == search_name(search)) record.effective = search;
  record.windows = json.at("windows");
  record.windows_covered = json.at("windows_covered");
  record.windows_run = json.at("windows_run");
  record.coarse_windows = json.at("coarse_windows");
  record.coarse_seconds = json.at("coarse_s");
  record.passes = json.at("passes");
  record.dropped_parts = json.at("dropped_parts");
  record.dropped_ml = json.at("dropped_ml");
  record.not_searched = json.value("not_searched", std::string());
  record.fallback = json.value("fallback", std::string());
  return record;
}

RunRecord read_record(const Json& document, const fs::path& folder) {
  RunRecord record;
  record.hepar_version = document.at("hepar");
  record.command = document.at("command");
  record.date_utc = document.at("date_utc");
  for (const Json& input : document.at("inputs")) {
    record.inputs.push_back({input.at("role"),
                             (folder / input.at("path").get<std::string>()).lexically_normal(),
                             input.at("sha256")});
  }
  record.model_summary = document.at("model_summary");
  record.options = document.at("options").get<std::map<std::string, std::string>>();
  record.timings_s = document.at("timings_s").get<std::map<std::string, double>>();
  if (document.contains("search")) record.search = read_search(document.at("search"));
  return record;
}

}  // namespace

const RunInput* RunRecord::input(const std::string& role) const {
  for (const RunInput& one : inputs) {
    if (one.role == role) return &one;
  }
  return nullptr;
}

RunRecord make_run_record(const std::string& command, std::vector<RunInput> inputs,
                          const LesionFilterOptions& options) {
  RunRecord record{.hepar_version = std::string(version()),
                   .command = command,
                   .date_utc = fmt::format(
                       "{:%Y-%m-%dT%H:%M:%SZ}",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()))),
                   .inputs = std::move(inputs),
                   .model_summary = {},
                   .options = options_of(options),
                   .timings_s = {},
                   .search = {}};
  for (RunInput& input : record.inputs) {
    input.sha256 = sha256_of_path(input.path);
    if (input.role == "model") record.model_summary = model_summary(input.path);
  }
  return record;
}

std::string model_summary(const fs::path& model_folder) {
  const fs::path card = model_folder / "MODEL_CARD.md";
  if (!fs::exists(card)) return {};
  std::istringstream stream(read_text_file(card));
  std::string summary;
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with('#') || (line.empty() && summary.empty())) continue;
    if (line.empty()) break;
    std::erase(line, '*');
    std::erase(line, '`');
    summary += (summary.empty() ? "" : " ") + line;
  }
  return summary;
}

std::string run_json(const RunRecord& record, const fs::path& folder) {
  const fs::path base = fs::absolute(folder).lexically_normal();
  Json document = {{"format", kFormat},
                   {"disclaimer", kDisclaimer},
                   {"hepar", record.hepar_version},
                   {"command", record.command},
                   {"date_utc", record.date_utc},
                   {"inputs", Json::array()},
                   {"model_summary", record.model_summary},
                   {"options", record.options},
                   {"timings_s", record.timings_s}};
  if (record.search) document["search"] = search_json(*record.search);
  for (const RunInput& input : record.inputs) {
    const fs::path path = fs::absolute(input.path).lexically_normal().lexically_relative(base);
    document["inputs"].push_back({{"role", input.role}, {"path", path.string()}, {"sha256", input.sha256}});
  }
  return document.dump(2) + "\n";
}

std::optional<RunRecord> read_run_record(const fs::path& folder) {
  const fs::path file = folder / kRunFile;
  if (!fs::exists(file)) return std::nullopt;
  try {
    const Json document = Json::parse(read_text_file(file));
    if (document.at("format") != kFormat) {
      throw Error(ErrorCode::kUnsupported,
                  fmt::format("{} is of the format {}, this version reads {}", file.string(),
                              document.at("format").get<std::string>(), kFormat));
    }
    return read_record(document, folder);
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::kCorrupt, fmt::format("{} can't be read: {}", file.string(), error.what()));
  }
}

}  // namespace hepar
