// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace hepar::dicom {

// What becomes of an attribute that may identify the patient.
enum class ProfileAction {
  kRemove,      // X
  kEmpty,       // Z
  kReplace,     // D: by a value that says nothing
  kReplaceUid,  // U
};

// What the Basic Application Level Confidentiality Profile asks for this attribute (PS3.15 2024e, table
// E.1-1); nothing for attributes that it does not name. Of a compound code such as X/Z/D the last letter is
// taken, which suits attributes of every type in every object. Curves (50xx), overlays (60xx) and private
// attributes are kRemove.
std::optional<ProfileAction> profile_action(std::uint16_t group, std::uint16_t element);

}  // namespace hepar::dicom
