// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/dicom_output.h"

#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dcwcache.h>
#include <fmt/format.h>

#include <span>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/file.h"

namespace hepar::dicom {

std::vector<std::byte> encoded_dicom(DcmFileFormat& format, E_TransferSyntax syntax, E_EncodingType lengths,
                                     E_FileWriteMode mode) {
  std::vector<std::byte> block(std::size_t{1} << 20), bytes;
  DcmOutputBufferStream stream(block.data(), static_cast<offile_off_t>(block.size()));
  DcmWriteCache cache;
  OFCondition status = format.validateMetaInfo(syntax, mode);
  format.transferInit();
  do {
    if (status.good() || status == EC_StreamNotifyClient) {
      status =
          format.write(stream, syntax, lengths, &cache, EGL_withoutGL, EPD_withoutPadding, 0, 0, 0, mode);
    }
    void* filled = nullptr;
    offile_off_t count = 0;
    stream.flushBuffer(filled, count);
    const auto* first = static_cast<const std::byte*>(filled);
    bytes.insert(bytes.end(), first, first + count);
  } while (status == EC_StreamNotifyClient);
  format.transferEnd();
  if (status.bad())
    throw Error(ErrorCode::kInternal, fmt::format("can't make a DICOM file: {}", status.text()));
  return bytes;
}

void write_dicom_file(const std::filesystem::path& file, DcmFileFormat& format, E_TransferSyntax syntax,
                      E_EncodingType lengths, E_FileWriteMode mode) {
  const std::vector<std::byte> bytes = encoded_dicom(format, syntax, lengths, mode);
  AtomicFile target(file);
  target.write(bytes);
  target.commit();
}

}  // namespace hepar::dicom
