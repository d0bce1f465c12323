// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/liver_labels.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "hepar/core/error.h"

namespace hepar {
namespace {

// The value that a label map holds because of entry n.
int written_for(const DatasetLabels& labels, std::size_t n) {
  return labels.has_regions() ? labels.regions_class_order[n] : labels.regions[n].second.front();
}

// Parts of words, so that "livertumour", plurals and adjectives count too.
constexpr std::array<std::string_view, 3> kLiverWords{"liver", "hepat", "hepar"};
constexpr std::array<std::string_view, 15> kTumourWords{
    "tumour", "tumor",    "cancer", "lesion",  "metast",  "mets",       "carcino", "neoplas",
    "malign", "hepatoma", "blasto", "sarcoma", "lymphom", "cholangioc", "mass"};
// Whole words.
constexpr std::array<std::string_view, 3> kShortTumourWords{"met", "gtv", "itv"};
constexpr std::array<std::string_view, 5> kLiverTumourWords{"hcc", "icc", "crlm", "clm", "bclm"};
constexpr std::array<std::string_view, 8> kJoiningWords{"+",    "and",       "with",      "plus",
                                                        "incl", "including", "inclusive", "includes"};
// Parts of words for organs whose tumours are not the liver's.
constexpr std::array<std::string_view, 41> kOtherOrgans{
    "kidney",  "renal", "nephr",  "pancrea", "lung",  "pulmon",  "colon",   "colore", "rectum",
    "rectal",  "bowel", "intest", "duoden",  "brain", "glio",    "prostat", "spleen", "splen",
    "stomach", "gastr", "breast", "bladder", "bone",  "vertebr", "lymph",   "node",   "adrenal",
    "thyroid", "esoph", "oesoph", "uter",    "ovar",  "cervi",   "head",    "neck",   "nasoph",
    "muscle",  "skin",  "heart",  "mediast", "pleura"};

template <std::size_t kCount>
bool holds_any(const std::string& word, const std::array<std::string_view, kCount>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return word.find(part) != std::string::npos; });
}
template <std::size_t kCount>
bool is_any(const std::string& word, const std::array<std::string_view, kCount>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Lower-case words, "LiverTumor" as two; a plus sign is a word.
std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words(1);
  bool after_lower = false;
  for (const char c : name) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    const char lower = static_cast<char>(is_upper ? c - 'A' + 'a' : c);
    const bool is_letter = lower >= 'a' && lower <= 'z';
    if (!is_letter || (is_upper && after_lower)) words.emplace_back();
    if (is_letter) words.back() += lower;
    if (c == '+' || c == '&') words.insert(words.end() - 1, "+");
    after_lower = is_letter && !is_upper;
  }
  std::erase(words, "");
  return words;
}

struct NameMeaning {
  bool liver = false, tumour = false, cyst = false, other_organ = false;
  bool organ_with_more = false;  // "liver and tumour": the organ with what is in it
};

NameMeaning meaning_of(const std::string& name) {
  NameMeaning meaning;
  for (const std::string& word : words_of(name)) {
    if (is_any(word, kJoiningWords) && meaning.liver && !meaning.tumour && !meaning.cyst)
      meaning.organ_with_more = true;
    const bool of_liver = is_any(word, kLiverTumourWords);
    meaning.tumour =
        meaning.tumour || of_liver || holds_any(word, kTumourWords) || is_any(word, kShortTumourWords);
    meaning.liver = meaning.liver || of_liver || holds_any(word, kLiverWords);
    meaning.cyst = meaning.cyst || word.find("cyst") != std::string::npos;
    meaning.other_organ = meaning.other_organ || holds_any(word, kOtherOrgans);
  }
  return meaning;
}

bool is_organ(const std::string& name) {
  const NameMeaning meaning = meaning_of(name);
  if (meaning.organ_with_more) return true;
  const auto words = words_of(name);
  const auto is_pure = [](const std::string& word) {
    return holds_any(word, kLiverWords) || word == "whole" || word == "all" || word == "label" ||
           word == "region" || word == "mask" || word == "parenchyma";
  };
  return meaning.liver && !meaning.tumour && !meaning.cyst &&
         std::all_of(words.begin(), words.end(), is_pure);
}

enum class Kind { kNone, kLiver, kTumour, kCyst };

Kind kind_by_name(const std::string& name, bool model_has_liver) {
  if (is_organ(name)) return Kind::kLiver;
  const NameMeaning meaning = meaning_of(name);
  // Without a liver in the model "lesion" may be of any organ.
  if (!meaning.liver && (meaning.other_organ || !model_has_liver)) return Kind::kNone;
  if (meaning.tumour) return Kind::kTumour;
  return meaning.cyst ? Kind::kCyst : Kind::kNone;
}

bool is_within(const std::vector<int>& inner, const std::vector<int>& outer) {
  return std::all_of(inner.begin(), inner.end(),
                     [&](int value) { return std::find(outer.begin(), outer.end(), value) != outer.end(); });
}

std::vector<Kind> kinds_by_name(const DatasetLabels& labels) {
  const auto& regions = labels.regions;
  const bool has_liver =
      std::any_of(regions.begin(), regions.end(), [](const auto& region) { return is_organ(region.first); });
  std::vector<Kind> kinds;
  for (const auto& [name, values] : regions) kinds.push_back(kind_by_name(name, has_liver));
  return kinds;
}

std::vector<Kind> kinds_as_told(const DatasetLabels& labels, const std::vector<std::string>& tumours) {
  std::vector<Kind> kinds = kinds_by_name(labels);
  std::replace(kinds.begin(), kinds.end(), Kind::kTumour, Kind::kNone);
  for (const std::string& tumour : tumours) {
    std::vector<std::string> names;
    bool found = false;
    for (std::size_t n = 0; n < labels.regions.size(); ++n) {
      const int written = written_for(labels, n);
      names.push_back(fmt::format("{} ({})", labels.regions[n].first, written));
      if (labels.regions[n].first != tumour && std::to_string(written) != tumour) continue;
      kinds[n] = Kind::kTumour;
      found = true;
    }
    if (!found) {
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("the model has no label '{}'; it has {}", tumour, fmt::join(names, ", ")));
    }
  }
  return kinds;
}

// Regions overlap: what lies within a tumour region, such as "necrosis", is tumour unless it is named a cyst.
// A tumour over which a later region is always written would never be seen.
void settle_nested(const DatasetLabels& labels, std::vector<Kind>& kinds) {
  const auto& regions = labels.regions;
  const std::vector<Kind> named = kinds;
  for (std::size_t n = 0; n < regions.size(); ++n) {
    for (std::size_t t = 0; t < regions.size(); ++t) {
      if (named[t] != Kind::kTumour || t == n || named[n] == Kind::kTumour) continue;
      if (named[n] != Kind::kCyst && is_within(regions[n].second, regions[t].second))
        kinds[n] = Kind::kTumour;
      if (n > t && is_within(regions[t].second, regions[n].second)) {
        throw Error(
            ErrorCode::kInvalidInput,
            fmt::format("dataset.json declares '{}' after '{}', which lies within it, so that the model "
                        "writes it over every tumour; put the labels back into their first order",
                        regions[n].first, regions[t].first));
      }
    }
  }
}

LiverLabels values_by_kind(const DatasetLabels& labels, const std::vector<Kind>& kinds) {
  LiverLabels found;
  for (std::size_t n = 0; n < kinds.size(); ++n) {
    const int written = written_for(labels, n);
    if (kinds[n] == Kind::kLiver) found.liver.push_back(written);
    if (kinds[n] == Kind::kTumour) found.tumour.push_back(written);
    if (kinds[n] == Kind::kCyst) found.cyst.push_back(written);
    if (kinds[n] == Kind::kNone) found.others.push_back(labels.regions[n].first);
  }
  return found;
}

}  // namespace

std::optional<LiverLabels> find_liver_labels(const DatasetLabels& labels,
                                             const std::vector<std::string>& tumours) {
  std::vector<Kind> kinds = tumours.empty() ? kinds_by_name(labels) : kinds_as_told(labels, tumours);
  if (std::find(kinds.begin(), kinds.end(), Kind::kTumour) == kinds.end()) return {};
  if (labels.has_regions()) settle_nested(labels, kinds);
  return values_by_kind(labels, kinds);
}

LiverLabels find_liver_values(const DatasetLabels& labels) {
  return values_by_kind(labels, kinds_by_name(labels));
}

std::string meaning_note(const LiverLabels& meaning) {
  const auto text = [](const std::vector<int>& values) {
    return values.empty() ? std::string("none") : fmt::format("{}", fmt::join(values, ", "));
  };
  return fmt::format("of the model's labels tumour is {}, liver {}, cyst {}; {}", text(meaning.tumour),
                     text(meaning.liver), text(meaning.cyst),
                     meaning.others.empty()
                         ? std::string("there are no others")
                         : fmt::format("background in labels.nii.gz: {}", fmt::join(meaning.others, ", ")));
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
