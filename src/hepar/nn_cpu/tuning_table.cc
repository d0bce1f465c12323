// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/tuning_table.h"

#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/version.h"
#include "hepar/cpu_kernels/instruction_set.h"

namespace hepar::cpu {
namespace {
using Json = nlohmann::json;
constexpr const char* kSchema = "hepar.tuning/1";

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 1);
  return " unknown";
}

std::string machine() {
  return fmt::format("hepar {},{}, {}", version(), processor(), name_of(instruction_set()));
}

// An empty table for anything else than a table.
Json read_tables(const std::filesystem::path& file) {
  try {
    Json json = Json::parse(read_text_file(file));
    if (json.is_object() && json.value("schema", "") == kSchema && json.contains("machines") &&
        json["machines"].is_object())
      return json;
  } catch (const Error&) {
  } catch (const Json::exception&) {
  }
  return {{"schema", kSchema}, {"machines", Json::object()}};
}

}  // namespace

TuningTable::TuningTable(std::filesystem::path file) : file_(std::move(file)) {
  if (file_.empty()) return;
  const Json tables = read_tables(file_);
  const auto found = tables["machines"].find(machine());
  if (found == tables["machines"].end() || !found->is_object()) return;
  for (const auto& [key, choice] : found->items())
    if (choice.is_string()) from_file_[key] = choice;
}

std::string TuningTable::find_or_make(const std::string& key,
                                      const std::function<std::string(const std::string&)>& decide) {
  const std::lock_guard lock(mutex_);
  if (const auto known = decided_.find(key); known != decided_.end()) return known->second;
  std::string& known = from_file_[key];
  const std::string choice = decide(known);
  changed_ |= choice != known;
  known = choice;
  return decided_[key] = choice;
}

void TuningTable::save() {
  const std::lock_guard lock(mutex_);
  if (file_.empty() || !changed_) return;
  changed_ = false;
  Json tables = read_tables(file_);
  Json& own = tables["machines"][machine()];
  if (!own.is_object()) own = Json::object();
  for (const auto& [key, choice] : decided_) own[key] = choice;
  try {
    if (file_.has_parent_path()) make_folder(file_.parent_path());
    write_text_file(file_, tables.dump(1));
  } catch (const Error&) {  // the next process decides again
  }
}

TuningTable& tuning_table(const std::filesystem::path& file) {
  static std::mutex mutex;
  static std::map<std::filesystem::path, std::unique_ptr<TuningTable>> tables;
  const std::lock_guard lock(mutex);
  std::unique_ptr<TuningTable>& table = tables[file];
  if (!table) table = std::make_unique<TuningTable>(file);
  return *table;
}

}  // namespace hepar::cpu
