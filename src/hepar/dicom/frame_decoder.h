// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dctk.h>

#include <cstdint>
#include <span>
#include <string>

namespace hepar::dicom {

// Whether the compressed pixels of a transfer syntax can be decoded: JPEG and JPEG-LS by DCMTK, JPEG 2000 by
// OpenJPEG, RLE by our own.
bool can_decode(E_TransferSyntax syntax);

// How to call the transfer syntax that a file names when DCMTK does not know it and takes it for an
// uncompressed one; empty for a known one.
std::string unknown_transfer_syntax(DcmFileFormat& file);

// Decodes one frame, counted from 0, of compressed pixel data in a data set with the attributes Rows,
// Columns and Number of Frames, in the machine's byte order. `pixels` has the size of the decoded frame.
// Error(kCorrupt) without the file's name.
void decode_frame(DcmDataset& dataset, std::uint32_t frame, std::span<std::uint8_t> pixels);

}  // namespace hepar::dicom
