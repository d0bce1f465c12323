// SPDX-License-Identifier: Apache-2.0
#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmrt/drtstrct.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/parallel.h"
#include "hepar/core/version.h"
#include "hepar/dicom/attributes.h"
#include "hepar/dicom/character_set.h"
#include "hepar/dicom/decimal_string.h"
#include "hepar/dicom/dicom_output.h"
#include "hepar/dicom/referenced_ct.h"
#include "hepar/dicom/structure_set.h"
#include "hepar/dicom/structure_set_encoding.h"
#include "hepar/dicom/uid.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {

constexpr const char* kSeriesNumber = "900";       // beside the SEG's 901, apart from those of scanners
constexpr std::size_t kLongestLabel = 16;          // of an SH, PS3.5 6.2
constexpr std::size_t kMostExplicitBytes = 65534;  // of a DS in explicit VR: 16 bits, an even number

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::kInvalidInput, "the structure set can't be written: " + why);
}

// DCMTK's own checks of values are not asked for where ours say more, or where they would hold up millions.
void require(const OFCondition& status) {
  if (status.bad())
    throw Error(ErrorCode::kInternal, fmt::format("the structure set can't be made: {}", status.text()));
}

std::string label_of(const StructureSet& structures, const DicomProfile& profile) {
  return structures.label.empty() ? profile.structure_set_label : structures.label;
}

void check_names(const StructureSet& structures, const DicomProfile& profile) {
  const std::string label = label_of(structures, profile);
  if (label.empty() || dicom::character_count(label) > kLongestLabel || !dicom::is_plain_text(label)) {
    refuse(fmt::format("its label '{}' is not a text of 1 to {} characters", label, kLongestLabel));
  }
  std::set<std::string> names;
  std::set<int> numbers;
  for (const Roi& roi : structures.rois) {
    const std::size_t length = dicom::character_count(roi.name);
    if (length < 1 || length > profile.name_length || !dicom::is_plain_text(roi.name)) {
      refuse(
          fmt::format("the ROI name '{}' has {} characters, 1 to {} are allowed, without backslash and "
                      "control characters; change it, or the profile's name_length",
                      roi.name, length, profile.name_length));
    }
    if (!names.insert(dicom::folded(roi.name)).second)
      refuse(fmt::format("two ROIs have the name '{}', or differ in case alone", roi.name));
    if (!numbers.insert(roi.number).second) refuse(fmt::format("two ROIs have the number {}", roi.number));
  }
}

// Whether there are three places left after rounding to the decimals that are written.
bool has_three_places(const RoiContour& contour) {
  std::vector<Vec3> places;
  for (const Vec3& point : contour.points_mm) {
    const Vec3 rounded{std::round(point.x * 1000), std::round(point.y * 1000), std::round(point.z * 1000)};
    if (std::ranges::find(places, rounded) == places.end()) places.push_back(rounded);
    if (places.size() == 3) return true;
  }
  return false;
}

void check_contours(const StructureSet& structures, const CtGrid& ct) {
  std::unordered_map<std::string, const CtSlice*> slices;
  for (const CtSlice& slice : ct.slices) slices.emplace(slice.sop_instance_uid, &slice);
  for (const Roi& roi : structures.rois) {
    for (const RoiContour& contour : roi.contours) {
      if (!has_three_places(contour)) {
        refuse(
            fmt::format("a contour of ROI '{}' has {} points, at least 3 that differ by 0.001 mm are needed",
                        roi.name, contour.points_mm.size()));
      }
      const auto slice = slices.find(contour.image_uid);
      if (slice == slices.end())
        refuse(fmt::format("a contour of ROI '{}' names no slice of this CT", roi.name));
      const double away_mm = dicom::distance_from_slice_mm(contour, *slice->second, ct.geometry);
      if (away_mm > dicom::kOnSliceMm) {
        refuse(
            fmt::format("a contour of ROI '{}' lies {:.3f} mm from the slice that it names, up to {} are "
                        "allowed; draw it on the slice",
                        roi.name, away_mm, dicom::kOnSliceMm));
      }
    }
  }
}

void check_frame(const StructureSet& structures, const std::string& frame) {
  const auto differs = [&frame](const std::string& uid) { return !uid.empty() && uid != frame; };
  if (differs(structures.frame_of_reference_uid) || std::ranges::any_of(structures.rois, [&](const Roi& roi) {
        return differs(roi.frame_of_reference_uid);
      })) {
    refuse("its frame of reference is not that of the CT");
  }
}

void check_sizes(const Roi& roi, const std::vector<std::string>& data) {
  for (const std::string& values : data) {
    if (values.size() <= kMostExplicitBytes) continue;
    refuse(
        fmt::format("a contour of ROI '{}' takes {} bytes, and explicit VR has room for {}; use implicit VR "
                    "(the default), simplify_mm or point_limit",
                    roi.name, values.size(), kMostExplicitBytes));
  }
}

// Contour Data of each contour of an ROI.
std::vector<std::string> contour_data(const Roi& roi) {
  std::vector<std::string> data(roi.contours.size());
  parallel_for(static_cast<std::int64_t>(data.size()), [&](std::int64_t index) {
    const auto n = static_cast<std::size_t>(index);
    for (const Vec3& point : roi.contours[n].points_mm) {
      for (int axis = 0; axis < 3; ++axis) {
        if (!data[n].empty()) data[n] += '\\';
        data[n] += dicom::coordinate_string(point[axis]);
      }
    }
  });
  return data;
}

class Composer {
 public:
  Composer(const StructureSet& structures, const CtGrid& ct, const DicomProfile& profile,
           const dicom::PatientStudy& patient)
      : structures_(structures),
        ct_(ct),
        profile_(profile),
        patient_(patient),
        frame_uid_(frame_of_reference_for(ct)) {}

  void compose(DcmItem& dataset) {
    describe();
    refer_to_images();
    for (const Roi& roi : structures_.rois) {
      add_roi(roi);
      add_contours(roi);
      add_observation(roi);
    }
    require(iod_.write(dataset));
    patient_.copy_to(dataset);
  }

 private:
  std::string encode(const std::string& text) const { return patient_.encode(text); }

  // Series, equipment and structure set modules: PS3.3 C.8.8.1, C.7.5.1, C.8.8.5.
  void describe() {
    OFString date, time;
    DcmDate::getCurrentDate(date);
    DcmTime::getCurrentTime(time);
    require(iod_.setSOPClassUID(UID_RTStructureSetStorage));
    require(iod_.setSOPInstanceUID(dicom::new_uid().c_str(), OFFalse));
    require(iod_.setStudyInstanceUID(ct_.study_uid.c_str(), OFFalse));
    require(iod_.setSeriesInstanceUID(dicom::new_uid().c_str(), OFFalse));
    require(iod_.setModality("RTSTRUCT"));
    require(iod_.setSeriesNumber(kSeriesNumber));
    require(iod_.setSeriesDescription(encode(profile_.series_description).c_str(), OFFalse));
    require(iod_.setManufacturer("Hepar"));
    require(iod_.setManufacturerModelName("Hepar"));
    require(iod_.setSoftwareVersions(std::string(version()).c_str()));
    require(iod_.setFrameOfReferenceUID(frame_uid_.c_str(), OFFalse));
    require(iod_.setInstanceNumber("1"));
    require(iod_.setStructureSetLabel(encode(label_of(structures_, profile_)).c_str(), OFFalse));
    require(iod_.setStructureSetDescription("For research; not a medical device."));
    require(iod_.setStructureSetDate(date));
    require(iod_.setStructureSetTime(time));
    require(iod_.setApprovalStatus("UNAPPROVED"));
  }

  void refer_to_images() {
    DRTReferencedFrameOfReferenceSequence::Item* frame = nullptr;
    require(iod_.getReferencedFrameOfReferenceSequence().addItem(frame));
    require(frame->setFrameOfReferenceUID(frame_uid_.c_str(), OFFalse));
    DRTRTReferencedStudySequence::Item* study = nullptr;
    require(frame->getRTReferencedStudySequence().addItem(study));
    // Retired, and yet what structure sets name here.
    require(study->setReferencedSOPClassUID(UID_RETIRED_DetachedStudyManagementSOPClass));
    require(study->setReferencedSOPInstanceUID(ct_.study_uid.c_str(), OFFalse));
    DRTRTReferencedSeriesSequence::Item* series = nullptr;
    require(study->getRTReferencedSeriesSequence().addItem(series));
    require(series->setSeriesInstanceUID(ct_.series_uid.c_str(), OFFalse));
    for (const CtSlice& slice : ct_.slices)
      add_image(series->getContourImageSequence(), slice.sop_instance_uid);
  }

  static void add_image(DRTContourImageSequence& images, const std::string& uid) {
    DRTContourImageSequence::Item* image = nullptr;
    require(images.addItem(image));
    require(image->setReferencedSOPClassUID(UID_CTImageStorage, OFFalse));
    require(image->setReferencedSOPInstanceUID(uid.c_str(), OFFalse));
  }

  void add_roi(const Roi& roi) {
    DRTStructureSetROISequence::Item* item = nullptr;
    require(iod_.getStructureSetROISequence().addItem(item));
    require(item->setROINumber(std::to_string(roi.number).c_str()));
    require(item->setReferencedFrameOfReferenceUID(frame_uid_.c_str(), OFFalse));
    require(item->setROIName(encode(roi.name).c_str(), OFFalse));
    require(item->setROIGenerationAlgorithm("AUTOMATIC"));
  }

  void add_contours(const Roi& roi) {
    DRTROIContourSequence::Item* item = nullptr;
    require(iod_.getROIContourSequence().addItem(item));
    require(item->setReferencedROINumber(std::to_string(roi.number).c_str()));
    const auto [red, green, blue] = roi.colour;
    require(item->setROIDisplayColor(fmt::format("{}\\{}\\{}", red, green, blue).c_str()));
    const std::vector<std::string> data = contour_data(roi);
    if (profile_.explicit_vr) check_sizes(roi, data);
    for (std::size_t n = 0; n < data.size(); ++n) {
      DRTContourSequence::Item* contour = nullptr;
      require(item->getContourSequence().addItem(contour));
      require(contour->setContourNumber(std::to_string(n + 1).c_str(), OFFalse));
      require(contour->setContourGeometricType("CLOSED_PLANAR", OFFalse));
      require(contour->setNumberOfContourPoints(std::to_string(roi.contours[n].points_mm.size()).c_str(),
                                                OFFalse));
      require(contour->setContourData(data[n].c_str(), OFFalse));
      add_image(contour->getContourImageSequence(), roi.contours[n].image_uid);
    }
  }

  void add_observation(const Roi& roi) {
    DRTRTROIObservationsSequence::Item* item = nullptr;
    require(iod_.getRTROIObservationsSequence().addItem(item));
    require(item->setObservationNumber(std::to_string(roi.number).c_str()));
    require(item->setReferencedROINumber(std::to_string(roi.number).c_str()));
    require(item->setRTROIInterpretedType(roi.interpreted_type.c_str(), OFFalse));
  }

  const StructureSet& structures_;
  const CtGrid& ct_;
  const DicomProfile& profile_;
  const dicom::PatientStudy& patient_;
  std::string frame_uid_;
  DRTStructureSetIOD iod_;
};

}  // namespace

std::vector<std::byte> dicom::encoded_structure_set(const StructureSet& structures, const CtGrid& ct,
                                                    const DicomProfile& profile) {
  dicom::prepare_dcmtk();
  dicom::check_can_be_referenced(ct);
  if (structures.rois.empty()) refuse("it has no ROI, and an RTSTRUCT has at least one");
  check_names(structures, profile);
  check_contours(structures, ct);
  check_frame(structures, frame_of_reference_for(ct));
  std::vector<std::string> texts{label_of(structures, profile), profile.series_description};
  for (const Roi& roi : structures.rois) texts.push_back(roi.name);
  const dicom::PatientStudy patient(ct, texts);
  DcmFileFormat format;
  Composer(structures, ct, profile, patient).compose(*format.getDataset());
  return dicom::encoded_dicom(format,
                              profile.explicit_vr ? EXS_LittleEndianExplicit : EXS_LittleEndianImplicit);
}

void write_structure_set(const fs::path& file, const StructureSet& structures, const CtGrid& ct,
                         const DicomProfile& profile) {
  const std::vector<std::byte> bytes = dicom::encoded_structure_set(structures, ct, profile);
  AtomicFile target(file);
  target.write(bytes);
  target.commit();
}

}  // namespace hepar
