// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/liver_labels.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "hepar/core/error.h"

namespace hepar {
namespace {

// Beginnings of words, so that plurals and adjectives count too.
constexpr std::array<std::string_view, 6> kLiverWords{"liver", "hepat", "hepar", "intrahepat", "hcc", "crlm"};
constexpr std::array<std::string_view, 12> kTumourWords{"tumour", "tumor",   "cancer",   "lesion",
                                                        "metast", "hcc",     "carcinom", "neoplas",
                                                        "malign", "hepatoc", "crlm",     "gtv"};
constexpr std::array<std::string_view, 1> kCystWords{"cyst"};
// "liver_with_tumour" is the organ, not the tumour.
constexpr std::array<std::string_view, 6> kJoiningWords{"and", "with", "plus", "incl", "whole", "+"};
// Words that say nothing about the organ.
constexpr std::array<std::string_view, 9> kPlainWords{"label",  "region", "mask",    "all",   "primary",
                                                      "second", "solid",  "segment", "enhanc"};

template <std::size_t kCount>
bool begins_with(const std::string& word, const std::array<std::string_view, kCount>& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](std::string_view beginning) { return word.starts_with(beginning); });
}

// Lower-case words; a plus sign is a word.
std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words(1);
  for (const char c : name) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    const char lower = static_cast<char>(is_upper ? c - 'A' + 'a' : c);
    if (lower >= 'a' && lower <= 'z') {
      words.back() += lower;
    } else {
      if (c == '+' || c == '&') words.emplace_back("+");
      words.emplace_back();
    }
  }
  std::erase(words, "");
  return words;
}

struct NameMeaning {
  bool liver = false, tumour = false, cyst = false, joined = false, other = false;
};

NameMeaning meaning_of(const std::string& name) {
  NameMeaning meaning;
  for (const std::string& word : words_of(name)) {
    const bool tumour = begins_with(word, kTumourWords), liver = begins_with(word, kLiverWords),
               cyst = begins_with(word, kCystWords), joined = begins_with(word, kJoiningWords);
    meaning.tumour = meaning.tumour || tumour;
    meaning.liver = meaning.liver || liver;
    meaning.cyst = meaning.cyst || cyst;
    meaning.joined = meaning.joined || joined;
    meaning.other = meaning.other || !(tumour || liver || cyst || joined || begins_with(word, kPlainWords));
  }
  return meaning;
}

bool is_of_the_liver(const NameMeaning& meaning, bool model_has_liver) {
  return meaning.liver || (!meaning.other && model_has_liver);
}

// The values that a label map holds because of entry n.
std::vector<int> written_for(const DatasetLabels& labels, std::size_t n) {
  if (labels.has_regions()) return {labels.regions_class_order[n]};
  return labels.regions[n].second;
}

std::set<int> values_named(const DatasetLabels& labels, const std::string& tumour) {
  std::vector<std::string> names;
  for (std::size_t n = 0; n < labels.regions.size(); ++n) {
    const std::vector<int> values = written_for(labels, n);
    if (labels.regions[n].first == tumour || std::to_string(values.front()) == tumour)
      return {values.begin(), values.end()};
    names.push_back(fmt::format("{} ({})", labels.regions[n].first, values.front()));
  }
  throw Error(ErrorCode::kInvalidInput,
              fmt::format("the model has no label '{}'; it has {}", tumour, fmt::join(names, ", ")));
}

void take_out(std::set<int>& values, const std::set<int>& others) {
  for (const int value : others) values.erase(value);
}

}  // namespace

std::optional<LiverLabels> find_liver_labels(const DatasetLabels& labels, const std::string& tumour) {
  std::set<int> liver, tumours, cysts;
  const auto is_organ = [](const NameMeaning& m) {
    return m.liver && !m.other && ((!m.tumour && !m.cyst) || m.joined);
  };
  const bool has_liver = std::any_of(labels.regions.begin(), labels.regions.end(),
                                     [&](const auto& region) { return is_organ(meaning_of(region.first)); });
  for (std::size_t n = 0; n < labels.regions.size(); ++n) {
    const NameMeaning meaning = meaning_of(labels.regions[n].first);
    std::set<int>* kind = nullptr;
    if (is_organ(meaning)) {
      kind = &liver;
    } else if (is_of_the_liver(meaning, has_liver) && meaning.cyst && !meaning.tumour) {
      kind = &cysts;
    } else if (is_of_the_liver(meaning, has_liver) && meaning.tumour) {
      kind = &tumours;
    }
    const std::vector<int> values = written_for(labels, n);
    if (kind != nullptr) kind->insert(values.begin(), values.end());
  }
  if (!tumour.empty()) tumours = values_named(labels, tumour);
  if (tumours.empty()) return {};
  take_out(cysts, tumours);
  take_out(liver, tumours);
  take_out(liver, cysts);
  const auto list = [](const std::set<int>& values) {
    return std::vector<int>(values.begin(), values.end());
  };
  return LiverLabels{list(liver), list(tumours), list(cysts)};
}

LabelMap to_hepar_labels(const WideLabelMap& labels, const LiverLabels& meaning) {
  std::vector<std::uint8_t> ours(65536, kBackground);
  for (const int value : meaning.liver) ours[static_cast<std::size_t>(value)] = kLiver;
  for (const int value : meaning.tumour) ours[static_cast<std::size_t>(value)] = kTumour;
  for (const int value : meaning.cyst) ours[static_cast<std::size_t>(value)] = kCyst;
  LabelMap result(labels.geometry());
  std::transform(labels.voxels().begin(), labels.voxels().end(), result.voxels().begin(),
                 [&](std::uint16_t value) { return ours[value]; });
  return result;
}

}  // namespace hepar
