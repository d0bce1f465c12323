// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/dicom_kind.h"

#include "hepar/dicom/attributes.h"
#include "hepar/dicom/dicom_file.h"
#include "hepar/dicom/segmentation_frames.h"

namespace hepar {

DicomKind dicom_kind(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return DicomKind::kNotDicom;
  const auto header = dicom::read_file_header(file);
  if (!header) return DicomKind::kNotDicom;
  if (header->sop_class_uid == UID_RTStructureSetStorage) return DicomKind::kStructureSet;
  if (header->sop_class_uid == UID_SegmentationStorage || header->sop_class_uid == dicom::kLabelMapStorage) {
    return DicomKind::kSegmentation;
  }
  return header->plane || header->multi_frame ? DicomKind::kImage : DicomKind::kOther;
}

}  // namespace hepar
