// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/training_splits.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "hepar/core/error.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

struct Counts {
  std::size_t training = 0, validation = 0;
};

Counts parse_counts(const std::string& text) {
  Counts counts;
  const char* const end = text.data() + text.size();
  const auto [slash, fault] = std::from_chars(text.data(), end, counts.training);
  if (fault == std::errc() && slash != end && *slash == '/') {
    const auto [last, second_fault] = std::from_chars(slash + 1, end, counts.validation);
    if (second_fault == std::errc() && last == end) return counts;
  }
  throw Error(
      ErrorCode::kInvalidInput,
      fmt::format("--split is '{}'; give the cases to train on and to validate on, such as 110/20", text));
}

void check_fold(const Split& split, const std::set<std::string>& cases, const std::string& where) {
  if (split.training.empty())
    throw Error(ErrorCode::kInvalidInput, fmt::format("{} has no case to train on", where));
  for (const auto* list : {&split.training, &split.validation}) {
    for (const std::string& name : *list) {
      if (cases.count(name) == 0)
        throw Error(ErrorCode::kInvalidInput,
                    fmt::format("{} names the case {}, which the dataset does not have", where, name));
    }
  }
  if (split.training == split.validation && cases.size() == 1) return;
  for (const std::string& name : split.validation) {
    if (std::find(split.training.begin(), split.training.end(), name) != split.training.end())
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("{} has the case {} both for training and for validation", where, name));
  }
}

std::vector<Split> read_checked(const fs::path& file, const std::vector<std::string>& cases) {
  const std::set<std::string> known(cases.begin(), cases.end());
  std::vector<Split> splits = read_splits(file);
  for (std::size_t fold = 0; fold < splits.size(); ++fold)
    check_fold(splits[fold], known, fmt::format("fold {} of {}", fold, file.string()));
  return splits;
}

std::vector<Split> default_splits(const std::vector<std::string>& cases, const std::vector<fs::path>& files,
                                  std::uint32_t fold) {
  const auto file = std::find_if(files.begin(), files.end(), [](const fs::path& f) { return fs::exists(f); });
  std::vector<Split> splits =
      file != files.end() ? read_checked(*file, cases) : cross_validation_splits(cases);
  while (splits.size() <= fold)
    splits.push_back(split_of_fold(splits, cases, static_cast<std::uint32_t>(splits.size())));
  check_fold(splits[fold], {cases.begin(), cases.end()}, fmt::format("fold {}", fold));
  return splits;
}

std::vector<Split> find_splits(const SplitChoice& choice, const std::vector<std::string>& cases,
                               const std::vector<fs::path>& default_files, std::uint32_t fold) {
  if (choice.split) {
    check_fold(*choice.split, {cases.begin(), cases.end()}, "the split");
    return {*choice.split};
  }
  if (!choice.counts.empty()) {
    const Counts counts = parse_counts(choice.counts);
    return {counted_split(cases, counts.training, counts.validation)};
  }
  return choice.file.empty() ? default_splits(cases, default_files, fold) : read_checked(choice.file, cases);
}

bool has_fold(const fs::path& run) {
  if (!fs::is_directory(run)) return false;
  const fs::directory_iterator entries(run);
  return std::any_of(begin(entries), end(entries), [](const fs::directory_entry& entry) {
    return entry.path().filename().string().starts_with("fold_");
  });
}

}  // namespace

ChosenSplits choose_splits(const SplitChoice& choice, const std::vector<std::string>& cases,
                           const std::vector<fs::path>& default_files, std::uint32_t fold) {
  ChosenSplits chosen{find_splits(choice, cases, default_files, fold), {}};
  if (fold >= chosen.splits.size()) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("there is no fold {}: the splits are {}, numbered from 0", fold, chosen.splits.size()));
  }
  const Split& split = chosen.splits[fold];
  if (split.training == split.validation) {
    chosen.notes.push_back(fmt::format(
        "the dataset has one case: {} is trained and validated on itself, so that its figures say "
        "nothing about other patients",
        cases.front()));
    return chosen;
  }
  if (split.validation.empty())
    chosen.notes.push_back(fmt::format("fold {} has no case to validate on", fold));
  const std::size_t used = split.training.size() + split.validation.size();
  if (used < cases.size()) {
    chosen.notes.push_back(fmt::format("{} of the {} cases are neither for training nor for validation",
                                       cases.size() - used, cases.size()));
  }
  return chosen;
}

void write_run_splits(const fs::path& run, const std::vector<Split>& splits) {
  const fs::path file = run / "splits_final.json";
  if (!fs::exists(file) || !has_fold(run)) return write_splits(file, splits);
  const std::vector<Split> begun = read_splits(file);
  const auto shared = static_cast<std::ptrdiff_t>(std::min(begun.size(), splits.size()));
  if (!std::equal(splits.begin(), splits.begin() + shared, begun.begin())) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("{} holds folds of other splits; name another output folder, or give the same splits",
                    run.string()));
  }
  if (splits.size() > begun.size()) write_splits(file, splits);
}

}  // namespace hepar
