// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dctk.h>

#include <filesystem>

namespace hepar::dicom {

// Writes a DICOM file whole or not at all. Not by DCMTK's saveFile(), which does not see a disk that is full
// when its last buffer is written. Error(kMissing) for a folder that is not there, Error(kExhausted) for a
// full disk, Error(kInternal) for a data set that can't be encoded. `lengths` are those of sequences and
// items; EWM_createNewMeta leaves nothing of the file's old header.
void write_dicom_file(const std::filesystem::path& file, DcmFileFormat& format, E_TransferSyntax syntax,
                      E_EncodingType lengths = EET_UndefinedLength, E_FileWriteMode mode = EWM_fileformat);

}  // namespace hepar::dicom
