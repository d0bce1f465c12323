// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/object_references.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "hepar/core/error.h"
#include "hepar/dicom/attributes.h"

namespace hepar::dicom {
namespace {

struct References {
  std::set<std::string> series, frames, instances;
};

void add(std::set<std::string>& uids, DcmItem& item, const DcmTagKey& tag) {
  if (std::string uid = text(item, tag); !uid.empty()) uids.insert(std::move(uid));
}

// All of an item's sequences, to any depth that real objects have.
void collect(DcmItem& item, References& found, int depth = 0) {
  constexpr int kDeepest = 12;
  if (depth > kDeepest) return;
  add(found.frames, item, DCM_FrameOfReferenceUID);
  add(found.frames, item, DCM_ReferencedFrameOfReferenceUID);
  if (depth > 0) {  // at the top it is the object's own
    add(found.series, item, DCM_SeriesInstanceUID);
    add(found.instances, item, DCM_ReferencedSOPInstanceUID);
  }
  for (DcmObject* element = item.nextInContainer(nullptr); element != nullptr;
       element = item.nextInContainer(element)) {
    auto* sequence = dynamic_cast<DcmSequenceOfItems*>(element);
    if (sequence == nullptr || element->ident() == EVR_pixelSQ) continue;
    for (DcmObject* next = nullptr; (next = sequence->nextInContainer(next)) != nullptr;)
      collect(dynamic_cast<DcmItem&>(*next), found, depth + 1);
  }
}

std::int64_t item_count(DcmItem& item, const DcmTagKey& tag) {
  DcmSequenceOfItems* sequence = nullptr;
  return item.findAndGetSequence(tag, sequence).good() && sequence != nullptr
             ? static_cast<std::int64_t>(sequence->card())
             : 0;
}

}  // namespace

void read_references(DicomObject& object) {
  prepare_dcmtk();
  DcmFileFormat format;
  constexpr Uint32 kLongestValue = 4096;
  const OFCondition status = format.loadFileUntilTag(object.file.c_str(), EXS_Unknown, EGL_noChange,
                                                     kLongestValue, ERM_autoDetect, DCM_PixelData);
  if (status.bad()) {
    throw Error(ErrorCode::kCorrupt,
                fmt::format("{} is a damaged DICOM file ({}); copy it again or remove it",
                            object.file.string(), status.text()));
  }
  DcmDataset& dataset = *format.getDataset();
  References found;
  collect(dataset, found);
  const auto list = [](const std::set<std::string>& uids) {
    return std::vector<std::string>(uids.begin(), uids.end());
  };
  object.references = {list(found.series), list(found.frames), list(found.instances)};
  object.structure_count =
      item_count(dataset, DCM_StructureSetROISequence) + item_count(dataset, DCM_SegmentSequence);
}

}  // namespace hepar::dicom
