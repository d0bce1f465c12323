// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hepar/dicom/ct_series.h"

namespace hepar::dicom {

// Whether an object lies in the CT's frame of reference, be it the CT's own or the one that is made up in its
// place; false when either side states none. Error(kInvalidInput) when both state one and they differ; `what`
// is the object, such as "structure set".
bool shares_frame(const std::string& uid, const CtGrid& ct, std::string_view what);

// The note on an object of this `kind` ("SEG") whose frame of reference was made up; nothing when the CT has
// one.
std::optional<std::string> made_up_frame_note(const CtGrid& ct, std::string_view kind);

}  // namespace hepar::dicom
