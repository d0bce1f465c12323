// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "hepar/dicom/dicom_file.h"
#include "hepar/dicom/slice_stack.h"

namespace hepar::dicom {

// What decides whether the slices of a series are one CT: the same for reading it and for telling of it.

// The planes of all slices. Error: as check_pixels(), kCorrupt for a slice without a place, kInvalidInput for
// several patients.
std::vector<SlicePlane> checked_planes(const std::vector<FileHeader>& slices);

// Error(kInvalidInput) when the slices used lie in several frames of reference or studies.
void check_one_origin(const std::vector<FileHeader>& slices, const SliceStack& stack);

// Error(kInvalidInput) unless duplicates have equal pixels and lie within 0.1 mm.
void check_duplicates(const std::vector<FileHeader>& slices, const SliceStack& stack);

// How many of the slices used have the SOP Instance UID of another one.
std::int64_t repeated_instances(const std::vector<FileHeader>& slices, const SliceStack& stack);

}  // namespace hepar::dicom
