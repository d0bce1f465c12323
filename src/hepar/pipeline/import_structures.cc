// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/import_structures.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "hepar/core/error.h"
#include "hepar/pipeline/name_pattern.h"

namespace hepar::importing {
namespace {

std::uint8_t bit(std::uint8_t kind) { return static_cast<std::uint8_t>(1U << kind); }

bool fits_any(std::string_view name, const std::vector<std::string>& patterns) {
  return std::ranges::any_of(patterns,
                             [&](const std::string& pattern) { return matches_pattern(name, pattern); });
}

void note_left_out(const std::vector<std::string>& names, std::vector<std::string>& notes) {
  if (names.empty()) return;
  notes.push_back(fmt::format("Structures that were not used: {}.", fmt::join(names, ", ")));
  static const std::vector<std::string> kLesions{"*tumor*", "*tumour*", "*metast*", "*lesion*"};
  std::vector<std::string> lesions;
  std::ranges::copy_if(names, std::back_inserter(lesions),
                       [](const std::string& name) { return fits_any(name, kLesions); });
  if (!lesions.empty()) {
    notes.push_back(fmt::format("Of them these sound like lesions, and are not in the labels: {}.",
                                fmt::join(lesions, ", ")));
  }
}

}  // namespace

std::optional<std::uint8_t> kind_of(std::string_view name, const StructureNames& names) {
  if (fits_any(name, names.tumour)) return kTumour;
  if (fits_any(name, names.cyst)) return kCyst;
  if (fits_any(name, names.liver)) return kLiver;
  return std::nullopt;
}

bool StructureSum::add(std::uint8_t kind, const Mask& mask, std::string_view name) {
  if (const auto difference = grid_difference(mask.geometry(), kinds_.geometry())) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} does not lie on the CT's grid: {}", name, *difference));
  }
  const auto from = mask.voxels();
  if (std::ranges::all_of(from, [](std::uint8_t v) { return v == 0; })) {
    empty_.emplace_back(name);
    return false;
  }
  const auto to = kinds_.voxels();
  for (std::size_t n = 0; n < to.size(); ++n) {
    if (from[n] != 0) to[n] = static_cast<std::uint8_t>(to[n] | bit(kind));
  }
  return true;
}

void StructureSum::require_liver() const {
  const auto voxels = kinds_.voxels();
  if (std::ranges::any_of(voxels, [](std::uint8_t v) { return (v & bit(kLiver)) != 0; })) return;
  throw Error(ErrorCode::kInvalidInput,
              left_out_.empty()
                  ? std::string("there is no liver in it")
                  : fmt::format("none of its structures is the liver by the names given; there are also: {}",
                                fmt::join(left_out_, ", ")));
}

LabelMap StructureSum::labels(std::vector<std::string>& notes) const {
  require_liver();
  LabelMap labels(kinds_.geometry());
  std::int64_t both = 0, tumour_outside = 0, cyst_outside = 0;
  const auto from = kinds_.voxels();
  const auto to = labels.voxels();
  for (std::size_t n = 0; n < to.size(); ++n) {
    const bool liver = (from[n] & bit(kLiver)) != 0, tumour = (from[n] & bit(kTumour)) != 0,
               cyst = (from[n] & bit(kCyst)) != 0;
    to[n] = tumour ? kTumour : cyst ? kCyst : liver ? kLiver : kBackground;
    both += tumour && cyst ? 1 : 0;
    tumour_outside += tumour && !liver ? 1 : 0;
    cyst_outside += cyst && !tumour && !liver ? 1 : 0;
  }
  const auto note = [&notes](std::int64_t count, const char* what) {
    if (count > 0) notes.push_back(fmt::format("{}: {}.", what, count));
  };
  note(both, "Voxels that are tumour and cyst at once, taken as tumour");
  note(tumour_outside, "Voxels of tumour outside of the liver, which stay tumour");
  note(cyst_outside, "Voxels of cyst outside of the liver, which stay cyst");
  for (const std::string& name : empty_) notes.push_back(fmt::format("{} holds no voxel.", name));
  note_left_out(left_out_, notes);
  return labels;
}

}  // namespace hepar::importing
