// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/tuning_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

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
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    std::string name = line.substr(std::min(line.find(": "), line.size() - 2) + 2);
    // JSON would refuse what is not UTF-8.
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return name;
  }
  return "unknown";
}

std::string key_of(const TuningMachine& machine) {
  return fmt::format("hepar {}, {}, {}", machine.version, machine.processor, machine.instruction_set);
}

bool is_of_other_version(const std::string& name, const TuningMachine& machine) {
  const std::size_t first = name.find(", "), last = name.rfind(", ");
  if (first == last) return false;
  return name.substr(first + 2, last - first - 2) == machine.processor &&
         name.substr(0, first) != fmt::format("hepar {}", machine.version);
}

// The file as a table: an empty one for what is missing or damaged, none for JSON of another schema.
std::optional<Json> read_tables(const std::filesystem::path& file) {
  const Json empty{{"schema", kSchema}, {"machines", Json::object()}};
  try {
    Json json = Json::parse(read_text_file(file));
    if (!json.is_object() || !json.contains("schema") || json["schema"] != kSchema) return std::nullopt;
    if (json.contains("machines") && json["machines"].is_object()) return json;
  } catch (const Error&) {
  } catch (const Json::exception&) {
  }
  return empty;
}

}  // namespace

TuningMachine this_machine() { return {std::string(version()), processor(), name_of(instruction_set())}; }

TuningTable::TuningTable(std::filesystem::path file, TuningMachine machine)
    : file_(std::move(file)), machine_(std::move(machine)) {
  if (file_.empty()) return;
  const std::optional<Json> tables = read_tables(file_);
  if (!tables) return;
  const Json& machines = tables->at("machines");
  const auto found = machines.find(key_of(machine_));
  if (found == machines.end() || !found->is_object()) return;
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
  std::optional<Json> tables = read_tables(file_);
  if (!tables) return;
  Json kept = Json::object();
  for (const auto& [name, choices] : tables->at("machines").items())
    if (!is_of_other_version(name, machine_)) kept[name] = choices;
  Json& own = kept[key_of(machine_)];
  if (!own.is_object()) own = Json::object();
  for (const auto& [key, choice] : decided_) own[key] = choice;
  tables->at("machines") = std::move(kept);
  try {
    if (file_.has_parent_path()) make_folder(file_.parent_path());
    write_text_file(file_, tables->dump(1));
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
