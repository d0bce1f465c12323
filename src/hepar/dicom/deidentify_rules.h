// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dctk.h>

#include <string>
#include <string_view>

namespace hepar::dicom {

// True for names made of words of anatomy and planning and of numbers of up to four digits in all, such as
// "GTV_1 liver": they can't name a person.
bool is_plain_structure_name(std::string_view name);

// Why objects like this one can't be made anonymous without looking at them; empty when they can.
// `data_set` is needed up to the pixels.
std::string reason_to_refuse(DcmItem& data_set);

// "CT", "RTSTRUCT" and so on for the SOP classes that are taken; empty for others.
std::string_view object_kind(DcmItem& data_set);

}  // namespace hepar::dicom
