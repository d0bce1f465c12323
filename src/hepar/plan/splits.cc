// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/splits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "hepar/nn/json_file.h"
#include "hepar/numeric/numpy_random.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

constexpr std::uint32_t kSeed = 12345;
constexpr std::size_t kFolds = 5;

std::vector<std::string> names_of(const JsonNode& node) {
  std::vector<std::string> names;
  for (const JsonNode& item : node.list()) names.push_back(item.text());
  return names;
}

}  // namespace

std::vector<Split> cross_validation_splits(std::vector<std::string> cases) {
  HEPAR_EXPECT(!cases.empty(), "no case to split");
  std::sort(cases.begin(), cases.end());
  if (cases.size() == 1) return {{cases, cases}};
  const std::size_t folds = std::min(kFolds, cases.size());
  const auto order = NumpyRandom(kSeed).permutation(static_cast<std::uint32_t>(cases.size()));
  std::vector<Split> splits(folds);
  std::size_t first = 0;
  for (std::size_t fold = 0; fold < folds; ++fold) {
    const std::size_t count = cases.size() / folds + (fold < cases.size() % folds ? 1 : 0);
    std::vector<bool> is_validation(cases.size());
    for (std::size_t n = first; n < first + count; ++n) is_validation[order[n]] = true;
    for (std::size_t n = 0; n < cases.size(); ++n) {
      (is_validation[n] ? splits[fold].validation : splits[fold].training).push_back(cases[n]);
    }
    first += count;
  }
  return splits;
}

Split split_of_fold(const std::vector<Split>& splits, std::vector<std::string> cases, std::uint32_t fold) {
  if (fold < splits.size()) return splits[fold];
  std::sort(cases.begin(), cases.end());
  const auto chosen = NumpyRandom(kSeed + fold)
                          .choice(static_cast<std::uint32_t>(cases.size()),
                                  static_cast<std::uint32_t>(static_cast<double>(cases.size()) * 0.8));
  Split split;
  for (const std::uint32_t n : chosen) split.training.push_back(cases[n]);
  for (std::size_t n = 0; n < cases.size(); ++n) {
    if (std::find(chosen.begin(), chosen.end(), n) == chosen.end()) split.validation.push_back(cases[n]);
  }
  return split;
}

Split counted_split(std::vector<std::string> cases, std::size_t training, std::size_t validation) {
  if (training == 0) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("a split {}/{} leaves no case to train on", training, validation));
  }
  if (training + validation > cases.size()) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("a split {}/{} needs {} cases, the dataset has {}", training, validation,
                            training + validation, cases.size()));
  }
  std::sort(cases.begin(), cases.end());
  const auto order = NumpyRandom(kSeed).permutation(static_cast<std::uint32_t>(cases.size()));
  Split split;
  for (std::size_t n = 0; n < training + validation; ++n)
    (n < training ? split.training : split.validation).push_back(cases[order[n]]);
  std::sort(split.training.begin(), split.training.end());
  std::sort(split.validation.begin(), split.validation.end());
  return split;
}

std::vector<Split> read_splits(const fs::path& file) {
  const JsonNode::Json document = parse_json_file(file);
  const JsonNode root(document, file.string());
  std::vector<Split> splits;
  for (const JsonNode& node : root.list()) {
    splits.push_back({names_of(node.at("train")), names_of(node.at("val"))});
    if (splits.back().training.empty()) node.at("train").fail("names no case");
  }
  if (splits.empty()) root.fail("holds no split");
  return splits;
}

void write_splits(const fs::path& file, const std::vector<Split>& splits) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const Split& split : splits) json.push_back({{"train", split.training}, {"val", split.validation}});
  write_text_file(file, json.dump(4, ' ', true));
}

}  // namespace hepar
