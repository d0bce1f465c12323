// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/training_leakage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/pipeline/leakage.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "hepar.training_leakage/1";

ScanGroup cases_of(const TrainingSet& set, const std::string& group, const std::vector<std::string>& names) {
  ScanGroup cases{group, {}};
  for (const std::string& name : names) {
    NamedScan scan{name, {}};
    scan.source.path = set.at(name).files.front();
    scan.source.accept_skewed_directions = true;
    cases.scans.push_back(std::move(scan));
  }
  return cases;
}

// What is compared, by name.
Json lists_of(const ScanGroup& train, const std::vector<ScanGroup>& others, const fs::path& test_data) {
  const auto names = [](const ScanGroup& group) {
    Json list = Json::array();
    for (const NamedScan& scan : group.scans) list.push_back(scan.name);
    return list;
  };
  Json lists{{train.name, names(train)}};
  for (const ScanGroup& group : others) lists[group.name] = names(group);
  if (!test_data.empty()) lists["test_data"] = fs::absolute(test_data).lexically_normal().string();
  return lists;
}

Json read_record(const fs::path& file) {
  const Json empty{{"format", kFormat}, {"passed", Json::array()}};
  if (!fs::exists(file)) return empty;
  Json record = Json::parse(read_text_file(file), nullptr, false);
  // A damaged or foreign one is replaced: it only saves time.
  const bool usable = record.is_object() && record.value("format", Json()) == kFormat &&
                      record.contains("passed") && record["passed"].is_array();
  return usable ? record : empty;
}

bool has_passed(const Json& record, const Json& lists) {
  return std::any_of(record["passed"].begin(), record["passed"].end(), [&](const Json& one) {
    return one.is_object() && one.contains("compared") && one["compared"] == lists;
  });
}

[[noreturn]] void refuse(const std::vector<ScanPair>& pairs) {
  constexpr std::size_t kMostNamed = 5;
  std::vector<std::string> named;
  for (const ScanPair& pair : pairs) {
    if (named.size() == kMostNamed) break;
    named.push_back(
        fmt::format("{} is {} (correlation {:.2f})", pair.second, pair.first, pair.match.correlation));
  }
  if (pairs.size() > kMostNamed) named.push_back(fmt::format("and {} more", pairs.size() - kMostNamed));
  throw Error(
      ErrorCode::kInvalidInput,
      fmt::format("training would see what it is judged by: {}; leave these cases out of the training "
                  "with --splits FILE, or take them out of the test data",
                  fmt::join(named, ", ")));
}

}  // namespace

std::vector<std::string> refuse_leakage(const TrainingSet& set, const Split& split, const fs::path& test_data,
                                        const fs::path& record_file, Progress* progress) {
  const ScanGroup train = cases_of(set, "train", split.training);
  std::vector<ScanGroup> others;
  std::vector<std::string> notes;
  if (split.training != split.validation) others.push_back(cases_of(set, "validation", split.validation));
  if (!test_data.empty()) {
    ScanList list = list_scans(test_data, true);
    notes = std::move(list.notes);
    others.push_back({"test", std::move(list.scans)});
  }
  const bool nothing_to_compare =
      std::all_of(others.begin(), others.end(), [](const ScanGroup& group) { return group.scans.empty(); });
  if (nothing_to_compare) return notes;
  const Json lists = lists_of(train, others, test_data);
  Json record = read_record(record_file);
  if (has_passed(record, lists)) return notes;
  const LeakageReport found = find_scans_again(train, others, progress);
  if (!found.matches.empty()) refuse(found.matches);
  notes.insert(notes.end(), found.notes.begin(), found.notes.end());
  record["passed"].push_back({{"verdict", "no scan is a training case"},
                              {"scans_left_out", found.left_out_count},
                              {"notes", notes},
                              {"compared", lists}});
  write_text_file(record_file, record.dump(2) + "\n");
  return notes;
}

}  // namespace hepar
