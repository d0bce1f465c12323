// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/dicom_kind.h"

#include "hepar/dicom/attributes.h"
#include "hepar/dicom/dicom_file.h"

namespace hepar {

DicomKind dicom_kind(const std::filesystem::path& file) {
  if (!std::filesystem::is_regular_file(file)) return DicomKind::kNotDicom;
  const auto header = dicom::read_file_header(file);
  if (!header) return DicomKind::kNotDicom;
  constexpr const char* kLabelMapSegmentation = "1.2.840.10008.5.1.4.1.1.66.7";  // newer than DCMTK 3.6.7
  if (header->sop_class_uid == UID_RTStructureSetStorage) return DicomKind::kStructureSet;
  if (header->sop_class_uid == UID_SegmentationStorage || header->sop_class_uid == kLabelMapSegmentation) {
    return DicomKind::kSegmentation;
  }
  return header->plane || header->multi_frame ? DicomKind::kImage : DicomKind::kOther;
}

}  // namespace hepar
