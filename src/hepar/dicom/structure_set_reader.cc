// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include "hepar/core/error.h"
#include "hepar/dicom/attributes.h"
#include "hepar/dicom/sequence_items.h"
#include "hepar/dicom/structure_set.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {
using dicom::for_each_item;
using dicom::text;
using dicom::utf8_text;
using dicom::whole;

[[noreturn]] void fail(ErrorCode code, const fs::path& file, std::string_view why) {
  throw Error(code, fmt::format("{} {}", file.string(), why));
}

// The value's bytes, whatever its representation: a writer of explicit VR gives ContourData the VR UN when it
// is longer than DS's 64 KiB.
std::string_view raw_text(DcmItem& item, const DcmTagKey& tag) {
  DcmElement* element = nullptr;
  if (item.findAndGetElement(tag, element).bad()) return {};
  char* characters = nullptr;
  Uint32 length = 0;
  if (element->getString(characters, length).good())
    return characters == nullptr ? std::string_view() : std::string_view(characters, length);
  Uint8* bytes = nullptr;
  if (element->getUint8Array(bytes).bad() || bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes), element->getLength()};
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0'; }

// Backslash-separated finite numbers; nothing when there is something else between them. A structure set
// holds millions, hence not one string each.
std::optional<std::vector<double>> parse_numbers(std::string_view values) {
  while (!values.empty() && is_blank(values.back())) values.remove_suffix(1);
  std::vector<double> result;
  if (values.empty()) return result;
  const char *at = values.data(), *const end = values.data() + values.size();
  while (true) {
    while (at != end && is_blank(*at)) ++at;
    const bool plus = at != end && *at == '+';
    if (plus) ++at;
    double value = 0;
    const auto [rest, error] = std::from_chars(at, end, value);
    if (error != std::errc() || !std::isfinite(value) || (plus && *at == '-')) return std::nullopt;
    result.push_back(value);
    for (at = rest; at != end && is_blank(*at);) ++at;
    if (at == end) return result;
    if (*at++ != '\\') return std::nullopt;
  }
}

// Counts of what is passed over, each a note in the end.
struct PassedOver {
  std::int64_t points = 0, open_contours = 0, short_contours = 0, other_types = 0, without_roi = 0;
  std::int64_t other_counts = 0, offsets = 0, repeated_rois = 0;

  std::vector<std::string> notes() const {
    const std::pair<std::int64_t, const char*> list[] = {
        {points, "points (POINT), which enclose nothing, were left out"},
        {open_contours, "open contours were left out"},
        {short_contours, "closed contours of less than three points were left out"},
        {other_types, "contours of an unknown geometric type were left out"},
        {without_roi, "contours belong to no ROI of the structure set and were left out"},
        {other_counts, "contours state another number of points than they hold; what they hold was used"},
        {offsets, "contours state an offset (Contour Offset Vector), which was not applied"},
        {repeated_rois, "ROIs have the number of another one; contours went to the first of them"}};
    std::vector<std::string> result;
    for (const auto& [count, what] : list) {
      if (count > 0) result.push_back(fmt::format("In the structure set, {} {}.", count, what));
    }
    return result;
  }
};

class Reader {
 public:
  Reader(const fs::path& file, DcmItem& dataset) : file_(file), dataset_(dataset) {}

  StructureSet read() {
    set_.label = utf8_text(dataset_, DCM_StructureSetLabel);
    read_rois();
    read_references();
    read_observations();
    read_contours();
    for (std::string& note : passed_over_.notes()) set_.notes.push_back(std::move(note));
    return std::move(set_);
  }

 private:
  static int roi_number(DcmItem& item, const DcmTagKey& tag) {
    return static_cast<int>(whole(item, tag, kNoNumber));
  }

  Roi* roi_of(DcmItem& item) {
    const auto found = index_.find(roi_number(item, DCM_ReferencedROINumber));
    return found == index_.end() ? nullptr : &set_.rois[found->second];
  }

  void read_rois() {
    for_each_item(dataset_, DCM_StructureSetROISequence, [&](DcmItem& item) {
      Roi roi;
      roi.number = roi_number(item, DCM_ROINumber);
      roi.name = utf8_text(item, DCM_ROIName);
      roi.frame_of_reference_uid = text(item, DCM_ReferencedFrameOfReferenceUID);
      if (!index_.emplace(roi.number, set_.rois.size()).second) ++passed_over_.repeated_rois;
      set_.rois.push_back(std::move(roi));
    });
  }

  // The frame of reference stands in the ROIs, beside the referenced images and at the top (PS3.3 C.8.8.5,
  // C.7.4.1); the ROIs' own counts first.
  void read_references() {
    std::string beside_images;
    for_each_item(dataset_, DCM_ReferencedFrameOfReferenceSequence, [&](DcmItem& frame) {
      if (beside_images.empty()) beside_images = text(frame, DCM_FrameOfReferenceUID);
      for_each_item(frame, DCM_RTReferencedStudySequence, [&](DcmItem& study) {
        for_each_item(study, DCM_RTReferencedSeriesSequence, [&](DcmItem& series) {
          if (set_.series_uid.empty()) set_.series_uid = text(series, DCM_SeriesInstanceUID);
        });
      });
    });
    for (const Roi& roi : set_.rois) {
      if (set_.frame_of_reference_uid.empty()) set_.frame_of_reference_uid = roi.frame_of_reference_uid;
    }
    if (set_.frame_of_reference_uid.empty()) set_.frame_of_reference_uid = beside_images;
    if (set_.frame_of_reference_uid.empty())
      set_.frame_of_reference_uid = text(dataset_, DCM_FrameOfReferenceUID);
    for (Roi& roi : set_.rois) {
      if (roi.frame_of_reference_uid.empty()) roi.frame_of_reference_uid = set_.frame_of_reference_uid;
    }
  }

  void read_observations() {
    for_each_item(dataset_, DCM_RTROIObservationsSequence, [&](DcmItem& item) {
      Roi* roi = roi_of(item);
      if (roi != nullptr && roi->interpreted_type.empty())
        roi->interpreted_type = text(item, DCM_RTROIInterpretedType);
    });
  }

  void read_contours() {
    for_each_item(dataset_, DCM_ROIContourSequence, [&](DcmItem& item) {
      Roi* roi = roi_of(item);
      const auto colour = dicom::numbers(item, DCM_ROIDisplayColor);
      if (roi != nullptr && colour.size() == 3) {
        for (std::size_t n = 0; n < 3; ++n)
          roi->colour[n] = static_cast<std::uint8_t>(std::clamp(colour[n], 0.0, 255.0));
      }
      std::int64_t count = 0;
      for_each_item(item, DCM_ContourSequence, [&](DcmItem& contour) {
        ++count;
        if (roi == nullptr) {
          ++passed_over_.without_roi;
        } else {
          read_contour(contour, *roi, count);
        }
      });
    });
  }

  void read_contour(DcmItem& item, Roi& roi, std::int64_t count) {
    const auto values = parse_numbers(raw_text(item, DCM_ContourData));
    if (!values || values->size() % 3 != 0) {
      fail(ErrorCode::kCorrupt, file_,
           fmt::format("is damaged: contour {} of ROI number {} {}", count, roi.number,
                       values ? fmt::format("has {} coordinates, not three for each point", values->size())
                              : "holds something that is no number"));
    }
    const auto points = static_cast<std::int64_t>(values->size() / 3);
    if (whole(item, DCM_NumberOfContourPoints, points) != points) ++passed_over_.other_counts;
    if (!is_closed(text(item, DCM_ContourGeometricType), points)) return;
    const auto offset = dicom::numbers(item, DcmTagKey(0x3006, 0x0045));  // Contour Offset Vector, retired
    if (std::ranges::any_of(offset, [](double mm) { return mm != 0; })) ++passed_over_.offsets;
    RoiContour& contour = roi.contours.emplace_back();
    contour.points_mm.reserve(values->size() / 3);
    for (std::size_t n = 0; n < values->size(); n += 3)
      contour.points_mm.push_back({(*values)[n], (*values)[n + 1], (*values)[n + 2]});
    for_each_item(item, DCM_ContourImageSequence, [&](DcmItem& image) {
      if (contour.image_uid.empty()) contour.image_uid = text(image, DCM_ReferencedSOPInstanceUID);
    });
  }

  // PS3.3 C.8.8.6.1. A contour that does not say what it is counts as closed.
  bool is_closed(const std::string& type, std::int64_t points) {
    if (type == "POINT") {
      ++passed_over_.points;
    } else if (type.starts_with("OPEN")) {
      ++passed_over_.open_contours;
    } else if (type != "CLOSED_PLANAR" && type != "CLOSEDPLANAR_XOR" && !type.empty()) {
      ++passed_over_.other_types;
    } else if (points < 3) {
      ++passed_over_.short_contours;
    } else {
      return true;
    }
    return false;
  }

  static constexpr std::int64_t kNoNumber = -1;
  const fs::path& file_;
  DcmItem& dataset_;
  StructureSet set_;
  std::map<int, std::size_t> index_;  // of an ROI in set_.rois, by number
  PassedOver passed_over_;
};

}  // namespace

StructureSet read_structure_set(const fs::path& file) {
  dicom::prepare_dcmtk();
  if (!fs::exists(file))
    throw Error(ErrorCode::kMissing, fmt::format("can't read {}: no such file", file.string()));
  if (!fs::is_regular_file(file) || !dicom::looks_like_dicom(file))
    fail(ErrorCode::kInvalidInput, file, "is no DICOM file; an RT Structure Set (RTSTRUCT) is needed");
  DcmFileFormat format;
  const OFCondition status = format.loadFile(file.c_str());
  if (status.bad()) {
    fail(ErrorCode::kCorrupt, file,
         fmt::format("is a damaged or truncated DICOM file ({}); copy it again", status.text()));
  }
  DcmDataset& dataset = *format.getDataset();
  const std::string modality = text(dataset, DCM_Modality);
  if (text(dataset, DCM_SOPClassUID) != UID_RTStructureSetStorage && modality != "RTSTRUCT") {
    fail(ErrorCode::kInvalidInput, file,
         fmt::format("is a DICOM object of modality {}, not an RT Structure Set (RTSTRUCT)",
                     modality.empty() ? "unknown" : modality));
  }
  return Reader(file, dataset).read();
}

}  // namespace hepar
