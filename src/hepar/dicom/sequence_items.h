// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dctk.h>

namespace hepar::dicom {

// Calls use(DcmItem&) for each item of a sequence in order; not at all when it is absent or no sequence. In
// linear time, other than DCMTK's access by number.
template <class Use>
void for_each_item(DcmItem& parent, const DcmTagKey& tag, const Use& use) {
  DcmSequenceOfItems* sequence = nullptr;
  if (parent.findAndGetSequence(tag, sequence).bad() || sequence == nullptr) return;
  DcmObject* object = nullptr;
  while ((object = sequence->nextInContainer(object)) != nullptr) {
    if (auto* item = dynamic_cast<DcmItem*>(object)) use(*item);
  }
}

}  // namespace hepar::dicom
