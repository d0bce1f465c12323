// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/sequence_items.h"

#include <dcmtk/dcmdata/dcistrmb.h>

#include <vector>

#include "hepar/dicom/nesting.h"

namespace hepar::dicom {

bool has_value(DcmItem& parent, const DcmTagKey& tag) {
  DcmElement* element = nullptr;
  return parent.findAndGetElement(tag, element).good() && element->getLength() > 0;
}

std::unique_ptr<DcmDataset> parse_unknown_sequence(DcmItem& parent, const DcmTagKey& tag) {
  DcmElement* element = nullptr;
  Uint8* bytes = nullptr;
  if (parent.findAndGetElement(tag, element).bad() || element->getVR() != EVR_UN ||
      element->getUint8Array(bytes).bad() || bytes == nullptr) {
    return nullptr;
  }
  const Uint32 length = element->getLength();
  std::vector<Uint8> encoded;  // group, element, length and value
  for (const unsigned number :
       {unsigned{tag.getGroup()}, unsigned{tag.getElement()}, length & 0xffff, length >> 16}) {
    encoded.push_back(static_cast<Uint8>(number & 0xff));
    encoded.push_back(static_cast<Uint8>(number >> 8));
  }
  encoded.insert(encoded.end(), bytes, bytes + length);
  check_nesting(encoded);
  DcmInputBufferStream stream;
  stream.setBuffer(encoded.data(), static_cast<offile_off_t>(encoded.size()));
  stream.setEos();
  auto parsed = std::make_unique<DcmDataset>();
  parsed->transferInit();
  const OFCondition status = parsed->read(stream, EXS_LittleEndianImplicit);
  parsed->transferEnd();
  if (status.bad()) return nullptr;
  for (DcmItem* holder = &parent; holder != nullptr; holder = holder->getParentItem()) {
    OFString sets;
    if (holder->findAndGetOFStringArray(DCM_SpecificCharacterSet, sets).bad()) continue;
    parsed->putAndInsertOFStringArray(DCM_SpecificCharacterSet, sets);
    break;
  }
  return parsed;
}

}  // namespace hepar::dicom
