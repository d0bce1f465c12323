// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/synthetic_syntax.h"

#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmjpeg/djencode.h>
#include <dcmtk/dcmjpls/djencode.h>

#include <map>

namespace hepar::dicom {
namespace {

void register_encoders() {
  static const bool once = [] {
    DcmRLEEncoderRegistration::registerCodecs();
    DJEncoderRegistration::registerCodecs();
    // Not the "cooked" encoder, the default: of images as small as these it writes beyond its buffer.
    DJLSEncoderRegistration::registerCodecs(0, 0, 0, 0, OFFalse);
    return true;
  }();
  static_cast<void>(once);
}

}  // namespace

E_TransferSyntax syntax_of(const std::string& name) {
  register_encoders();
  static const std::map<std::string, E_TransferSyntax> known{{"explicit", EXS_LittleEndianExplicit},
                                                             {"implicit", EXS_LittleEndianImplicit},
                                                             {"big-endian", EXS_BigEndianExplicit},
                                                             {"deflated", EXS_DeflatedLittleEndianExplicit},
                                                             {"rle", EXS_RLELossless},
                                                             {"jpeg", EXS_JPEGProcess14SV1},
                                                             {"jpeg-ls", EXS_JPEGLSLossless},
                                                             {"jpeg-2000", EXS_JPEG2000LosslessOnly},
                                                             {"mpeg2", EXS_MPEG2MainProfileAtMainLevel}};
  return known.at(name);
}

}  // namespace hepar::dicom
