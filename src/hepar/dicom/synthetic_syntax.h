// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dctk.h>

#include <string>

namespace hepar::dicom {

// For tests: the transfer syntax of a short name (explicit implicit big-endian deflated rle jpeg jpeg-ls
// jpeg-2000 mpeg2), with DCMTK's encoders ready. Throws std::out_of_range for other names.
E_TransferSyntax syntax_of(const std::string& name);

}  // namespace hepar::dicom
