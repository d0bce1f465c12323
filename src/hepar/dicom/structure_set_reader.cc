// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>

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
// is longer than DS's 64 KiB. Nothing when there are some that can't be got.
std::optional<std::string_view> raw_text(DcmItem& item, const DcmTagKey& tag) {
  DcmElement* element = nullptr;
  if (!dicom::has_value(item, tag) || item.findAndGetElement(tag, element).bad()) return std::string_view();
  char* characters = nullptr;
  Uint32 length = 0;
  if (element->getString(characters, length).good() && characters != nullptr)
    return std::string_view(characters, length);
  Uint8* bytes = nullptr;
  if (element->getUint8Array(bytes).bad() || bytes == nullptr) return std::nullopt;
  return std::string_view(reinterpret_cast<const char*>(bytes), element->getLength());
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
  std::int64_t xor_contours = 0, other_counts = 0, offsets = 0, repeated_rois = 0, unnumbered_rois = 0;

  std::vector<std::string> notes() const {
    const std::pair<std::int64_t, const char*> list[] = {
        {points, "points (POINT), which enclose nothing, were left out"},
        {open_contours, "open contours were left out"},
        {short_contours, "closed contours of less than three points were left out"},
        {other_types, "contours of an unknown geometric type were left out"},
        {without_roi, "contours belong to no ROI of the structure set and were left out"},
        {xor_contours,
         "contours are to be combined by exclusive or (CLOSEDPLANAR_XOR); as others they are "
         "holes where they lie within another one, and joined where they overlap in part"},
        {other_counts, "contours state fewer points than they hold; what they hold was used"},
        {offsets, "contours state an offset (Contour Offset Vector), which was not applied"},
        {repeated_rois, "ROIs have the number of another one, and no contours"},
        {unnumbered_rois, "ROIs have no valid number, so that no contours can be theirs"}};
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
  [[noreturn]] void damaged(const std::string& why) const {
    fail(ErrorCode::kCorrupt, file_, fmt::format("is damaged: {}", why));
  }

  template <class Use>
  void items(DcmItem& parent, const DcmTagKey& tag, const Use& use) const {
    if (!for_each_item(parent, tag, use))
      damaged(fmt::format("its {} can't be read", DcmTag(tag).getTagName()));
  }

  // None when it is not said, unknown, or that of several ROIs.
  Roi* roi_of(const std::optional<std::int64_t>& number) {
    const auto found = number ? index_.find(*number) : index_.end();
    return found == index_.end() || repeated_.count(*number) > 0 ? nullptr : &set_.rois[found->second];
  }

  void read_rois() {
    items(dataset_, DCM_StructureSetROISequence, [&](DcmItem& item) {
      Roi roi;
      const std::optional<std::int64_t> number = whole(item, DCM_ROINumber);
      roi.number = static_cast<int>(number.value_or(0));
      roi.name = utf8_text(item, DCM_ROIName);
      roi.frame_of_reference_uid = text(item, DCM_ReferencedFrameOfReferenceUID);
      if (!number) {
        ++passed_over_.unnumbered_rois;
      } else if (!index_.emplace(*number, set_.rois.size()).second) {
        ++passed_over_.repeated_rois;
        repeated_.insert(*number);
      }
      set_.rois.push_back(std::move(roi));
    });
  }

  // The frame of reference stands in the ROIs, beside the referenced images and at the top (PS3.3 C.8.8.5,
  // C.7.4.1); the ROIs' own counts first.
  void read_references() {
    std::string beside_images;
    items(dataset_, DCM_ReferencedFrameOfReferenceSequence, [&](DcmItem& frame) {
      if (beside_images.empty()) beside_images = text(frame, DCM_FrameOfReferenceUID);
      items(frame, DCM_RTReferencedStudySequence, [&](DcmItem& study) {
        items(study, DCM_RTReferencedSeriesSequence, [&](DcmItem& series) {
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
    items(dataset_, DCM_RTROIObservationsSequence, [&](DcmItem& item) {
      Roi* roi = roi_of(whole(item, DCM_ReferencedROINumber));
      if (roi != nullptr && roi->interpreted_type.empty())
        roi->interpreted_type = text(item, DCM_RTROIInterpretedType);
    });
  }

  void read_contours() {
    items(dataset_, DCM_ROIContourSequence, [&](DcmItem& item) {
      const std::optional<std::int64_t> number = whole(item, DCM_ReferencedROINumber);
      Roi* roi = roi_of(number);
      const auto colour = dicom::numbers(item, DCM_ROIDisplayColor);
      if (roi != nullptr && colour.size() == 3) {
        for (std::size_t n = 0; n < 3; ++n)
          roi->colour[n] = static_cast<std::uint8_t>(std::clamp(colour[n], 0.0, 255.0));
      }
      std::int64_t count = 0;
      items(item, DCM_ContourSequence, [&](DcmItem& contour) {
        ++count;
        if (number && repeated_.count(*number) > 0)
          damaged(fmt::format("its contours are of ROI number {}, which more than one ROI has", *number));
        if (roi == nullptr) {
          ++passed_over_.without_roi;
        } else {
          read_contour(contour, *roi, count);
        }
      });
    });
  }

  void read_contour(DcmItem& item, Roi& roi, std::int64_t count) {
    const auto stored = raw_text(item, DCM_ContourData);
    const auto values = stored ? parse_numbers(*stored) : std::nullopt;
    if (!values || values->size() % 3 != 0) {
      damaged(fmt::format("contour {} of ROI number {} {}", count, roi.number,
                          values ? fmt::format("has {} coordinates, not three for each point", values->size())
                          : stored ? "holds something that is no number"
                                   : "has coordinates that can't be read"));
    }
    const std::int64_t points = std::ssize(*values) / 3;
    const std::int64_t stated = whole(item, DCM_NumberOfContourPoints, points);
    if (stated > points) {
      damaged(fmt::format("contour {} of ROI number {} states {} points and holds {}", count, roi.number,
                          stated, points));
    }
    if (stated < points) ++passed_over_.other_counts;
    if (!is_closed(text(item, DCM_ContourGeometricType), points)) return;
    const auto offset = dicom::numbers(item, DcmTagKey(0x3006, 0x0045));  // Contour Offset Vector, retired
    if (std::ranges::any_of(offset, [](double mm) { return mm != 0; })) ++passed_over_.offsets;
    RoiContour& contour = roi.contours.emplace_back();
    contour.points_mm.reserve(values->size() / 3);
    for (std::size_t n = 0; n < values->size(); n += 3)
      contour.points_mm.push_back({(*values)[n], (*values)[n + 1], (*values)[n + 2]});
    items(item, DCM_ContourImageSequence, [&](DcmItem& image) {
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
      if (type == "CLOSEDPLANAR_XOR") ++passed_over_.xor_contours;
      return true;
    }
    return false;
  }

  const fs::path& file_;
  DcmItem& dataset_;
  StructureSet set_;
  std::map<std::int64_t, std::size_t> index_;  // of an ROI in set_.rois, by number
  std::set<std::int64_t> repeated_;            // numbers of more than one ROI
  PassedOver passed_over_;
};

}  // namespace

StructureSet read_structure_set(const fs::path& file) {
  dicom::prepare_dcmtk();
  std::error_code error;
  const fs::file_status status_of_file = fs::status(file, error);
  if (!fs::exists(status_of_file)) {
    throw Error(ErrorCode::kMissing,
                fmt::format("can't read {}: {}", file.string(), error ? error.message() : "no such file"));
  }
  if (!fs::is_regular_file(status_of_file) || !dicom::looks_like_dicom(file))
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
