// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dctk.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace hepar::dicom {

// To be called before anything of DCMTK: no printing, and the decompressors that it has. Error(kMissing) when
// its data dictionary is not installed.
void prepare_dcmtk();

// "DICM" after the preamble (PS3.10 7.1), or a data set without one that begins in group 2 or 8. To be asked
// before DCMTK reads a file: Error(kCorrupt) for one that it would die of (nesting.h).
bool looks_like_dicom(const std::filesystem::path& file);

// All values of an attribute as they are stored, without leading and trailing spaces; empty when it is
// absent.
std::string text(DcmItem& item, const DcmTagKey& tag);

// The same in UTF-8, by the data set's Specific Character Set; bytes that are not in it become '?'.
std::string utf8_text(DcmItem& item, const DcmTagKey& tag);

// All backslash-separated numbers, whatever the value representation; empty when one is not a finite number.
std::vector<double> numbers(DcmItem& item, const DcmTagKey& tag);
std::optional<double> number(DcmItem& item, const DcmTagKey& tag);
// The first number when it is a whole one in the range of an IS (PS3.5 6.2: 32 bits, signed).
std::optional<std::int64_t> whole(DcmItem& item, const DcmTagKey& tag);
std::int64_t whole(DcmItem& item, const DcmTagKey& tag, std::int64_t otherwise);

}  // namespace hepar::dicom
