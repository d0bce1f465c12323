// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/referenced_ct.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "hepar/core/error.h"
#include "hepar/dicom/attributes.h"
#include "hepar/dicom/character_set.h"
#include "hepar/dicom/uid.h"

namespace hepar::dicom {
namespace {

constexpr const char* kUnicode = "ISO_IR 192";

// The Patient, General Study and Patient Study attributes that tell whose CT it is, and
// whether it was de-identified (PS3.3 C.7.1.1, C.7.2.1, C.7.2.2).
const DcmTagKey kCopied[] = {DCM_PatientName,
                             DCM_PatientID,
                             DCM_IssuerOfPatientID,
                             DCM_PatientBirthDate,
                             DCM_PatientSex,
                             DCM_PatientIdentityRemoved,
                             DCM_DeidentificationMethod,
                             DCM_DeidentificationMethodCodeSequence,
                             DCM_LongitudinalTemporalInformationModified,
                             DCM_StudyInstanceUID,
                             DCM_StudyDate,
                             DCM_StudyTime,
                             DCM_StudyID,
                             DCM_StudyDescription,
                             DCM_AccessionNumber,
                             DCM_ReferringPhysicianName,
                             DCM_PatientAge,
                             DCM_PatientSize,
                             DCM_PatientWeight};

const DcmTagKey kOfTheImage[] = {DCM_SOPClassUID, DCM_LossyImageCompression, DCM_LossyImageCompressionRatio,
                                 DCM_LossyImageCompressionMethod};

// Some files fill texts up with NUL, which only UIDs may be (PS3.5 6.2): without it they are the same values.
void trim_padding(DcmElement& element) {
  char* characters = nullptr;
  Uint32 length = 0;
  if (element.ident() == EVR_UI || element.getString(characters, length).bad() || characters == nullptr)
    return;
  const std::string_view stored(characters, length);
  const std::string kept(stored.substr(0, stored.find('\0')));
  if (kept.size() < stored.size()) element.putString(kept.c_str());
}

}  // namespace

PatientStudy::PatientStudy(const CtGrid& ct, const std::vector<std::string>& texts) {
  HEPAR_EXPECT(!ct.slices.empty(), "a CT without slices");
  const CtSlice& first = ct.slices.front();
  DcmFileFormat format;
  constexpr Uint32 kLongestValue = 65536;
  if (format
          .loadFileUntilTag(first.file.c_str(), EXS_Unknown, EGL_noChange, kLongestValue, ERM_autoDetect,
                            DCM_PixelData)
          .bad() ||
      text(*format.getDataset(), DCM_SOPInstanceUID) != first.sop_instance_uid) {
    throw Error(
        ErrorCode::kMissing,
        fmt::format("{} can't be read again: patient and study are copied from it; keep the CT's files "
                    "in place until all is written",
                    first.file.string()));
  }
  DcmDataset& dataset = *format.getDataset();
  const auto copy = [&dataset](const DcmTagKey& tag, DcmDataset& to) {
    DcmElement* element = nullptr;
    if (dataset.findAndGetElement(tag, element, OFFalse, OFTrue).bad()) return;
    trim_padding(*element);
    to.insert(element);
  };
  for (const DcmTagKey& tag : kCopied) copy(tag, attributes_);
  for (const DcmTagKey& tag : kOfTheImage) copy(tag, image_);
  character_set_ = text(dataset, DCM_SpecificCharacterSet);
  const auto fits = [&](const std::string& utf8) { return encode_text(utf8, character_set_).has_value(); };
  if (!std::ranges::all_of(texts, fits)) {
    if (attributes_.convertCharacterSet(character_set_.c_str(), kUnicode, 0, OFFalse).bad()) {
      throw Error(
          ErrorCode::kInvalidInput,
          fmt::format("the CT's texts can't be turned into Unicode from the character set that it states "
                      "('{}'), which names with other than ASCII letters need beside them; use ASCII names",
                      character_set_));
    }
    character_set_ = kUnicode;
  }
}

void PatientStudy::copy_to(DcmItem& dataset) const {
  DcmDataset copy(attributes_);
  while (copy.card() > 0) dataset.insert(copy.remove(0UL), OFTrue);
  if (!character_set_.empty()) dataset.putAndInsertString(DCM_SpecificCharacterSet, character_set_.c_str());
}

std::string PatientStudy::image_text(const DcmTagKey& tag) const {
  DcmDataset image(image_);
  return text(image, tag);
}

std::string PatientStudy::encode(const std::string& utf8) const {
  const auto encoded = encode_text(utf8, character_set_);
  HEPAR_EXPECT(encoded.has_value(), "a text outside of the object's character set");
  return *encoded;
}

void check_can_be_referenced(const CtGrid& ct) {
  if (ct.resampled) {
    throw Error(ErrorCode::kInvalidInput,
                "contours and segments lie on the slices that were scanned, and this CT was resampled to "
                "evenly spaced ones; use a series without missing slices");
  }
  const auto missing = [](const char* what) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the CT has no valid {}, which structure sets and segmentations on it must refer "
                            "to; use files as they come from the scanner or the archive",
                            what));
  };
  if (!can_be_referred_to(ct.study_uid)) missing("Study Instance UID");
  if (!can_be_referred_to(ct.series_uid)) missing("Series Instance UID");
  std::set<std::string> uids;
  for (const CtSlice& slice : ct.slices) {
    if (!can_be_referred_to(slice.sop_instance_uid)) missing("SOP Instance UID in each slice");
    uids.insert(slice.sop_instance_uid);
  }
  if (uids.size() < ct.slices.size()) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} of the CT's {} slices have the SOP Instance UID of another one, so that a "
                            "reference to them would be ambiguous; use files as they come from the scanner",
                            ct.slices.size() - uids.size(), ct.slices.size()));
  }
}

double distance_from_slice_mm(const RoiContour& contour, const CtSlice& slice, const Geometry& geometry) {
  const Vec3 normal = geometry.direction.column(2);
  double largest_mm = 0;
  for (const Vec3& point : contour.points_mm) {
    const double away_mm = std::abs(normal.dot(point - slice.position_mm));
    if (!(away_mm <= largest_mm)) largest_mm = away_mm;
    if (!std::isfinite(away_mm)) break;
  }
  return largest_mm;
}

}  // namespace hepar::dicom
