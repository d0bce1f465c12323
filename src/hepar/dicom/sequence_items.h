// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dctk.h>

#include <memory>

namespace hepar::dicom {

// A sequence that a program which did not know its tag wrote as VR UN of defined length, which is then
// encoded as implicit VR little endian (PS3.5 6.2.2), as a data set that holds it alone; null when there is
// none.
std::unique_ptr<DcmDataset> parse_unknown_sequence(DcmItem& parent, const DcmTagKey& tag);

// Whether an attribute is there with a value.
bool has_value(DcmItem& parent, const DcmTagKey& tag);

// Calls use(DcmItem&) for each item of a sequence in order; not at all when it is absent or no sequence. In
// linear time, other than DCMTK's access by number. False for a value that is there, but is no sequence.
template <class Use>
bool for_each_item(DcmItem& parent, const DcmTagKey& tag, const Use& use) {
  std::unique_ptr<DcmDataset> parsed;
  DcmSequenceOfItems* sequence = nullptr;
  if (parent.findAndGetSequence(tag, sequence).bad()) {
    parsed = parse_unknown_sequence(parent, tag);
    if (!parsed || parsed->findAndGetSequence(tag, sequence).bad()) return !has_value(parent, tag);
  }
  DcmObject* object = nullptr;
  while ((object = sequence->nextInContainer(object)) != nullptr) {
    if (auto* item = dynamic_cast<DcmItem*>(object)) use(*item);
  }
  return true;
}

}  // namespace hepar::dicom
