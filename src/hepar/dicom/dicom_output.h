// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dctk.h>

#include <cstddef>
#include <filesystem>
#include <vector>

namespace hepar::dicom {

// The bytes of a DICOM file. `lengths` are those of sequences and items; EWM_createNewMeta leaves nothing of
// the file's old header. Error(kInternal) for a data set that can't be encoded.
std::vector<std::byte> encoded_dicom(DcmFileFormat& format, E_TransferSyntax syntax,
                                     E_EncodingType lengths = EET_UndefinedLength,
                                     E_FileWriteMode mode = EWM_fileformat);

// Writes them whole or not at all. Not by DCMTK's saveFile(), which does not see a disk that is full when its
// last buffer is written. Error(kMissing) for a folder that is not there, Error(kExhausted) for a full disk.
void write_dicom_file(const std::filesystem::path& file, DcmFileFormat& format, E_TransferSyntax syntax,
                      E_EncodingType lengths = EET_UndefinedLength, E_FileWriteMode mode = EWM_fileformat);

}  // namespace hepar::dicom
