// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/structure_set_proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/dicom/referenced_ct.h"
#include "hepar/dicom/roi_masks.h"
#include "hepar/dicom/structure_set_encoding.h"

namespace hepar::dicom {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw Error(ErrorCode::kInternal,
              fmt::format("the structure set that was written reads back otherwise: {}; nothing was written, "
                          "please report this",
                          what));
}

const RoiStyle& style_of(const Roi& roi, const DicomProfile& profile) {
  const auto found = std::ranges::find(profile.rois, roi.name, &RoiStyle::name);
  HEPAR_EXPECT(found != profile.rois.end(), "a written ROI has a style");
  return *found;
}

void check_description(const Roi& read, const Roi& written, const std::string& frame) {
  const auto differs = [&](const char* what) { fail(fmt::format("{} of '{}'", what, written.name)); };
  if (read.name != written.name) differs("the name");
  if (read.number != written.number) differs("the number");
  if (read.interpreted_type != written.interpreted_type) differs("the interpreted type");
  if (read.frame_of_reference_uid != frame) differs("the frame of reference");
  if (read.contours.size() != written.contours.size()) {
    fail(fmt::format("{} of the {} contours of '{}'", read.contours.size(), written.contours.size(),
                     written.name));
  }
}

void check_planes(const Roi& roi, const CtGrid& ct) {
  std::map<std::string, const CtSlice*> slices;
  for (const CtSlice& slice : ct.slices) slices.emplace(slice.sop_instance_uid, &slice);
  for (const RoiContour& contour : roi.contours) {
    const auto slice = slices.find(contour.image_uid);
    if (slice == slices.end()) fail(fmt::format("a contour of '{}' names no slice of the CT", roi.name));
    const double away_mm = distance_from_slice_mm(contour, *slice->second, ct.geometry);
    if (!(away_mm <= kOnSliceMm)) {
      fail(fmt::format("a contour of '{}' lies {:.3f} mm from the slice that it names", roi.name, away_mm));
    }
  }
}

// Counts the ROI's voxels in `labels`, and those where the mask says otherwise.
std::pair<std::int64_t, std::int64_t> compare(const LabelMap& labels, const RoiStyle& style,
                                              const Mask& mask) {
  const auto inside = label_set(style);
  std::int64_t voxels = 0, differing = 0;
  for (std::size_t n = 0; n < labels.voxels().size(); ++n) {
    const bool wanted = inside[labels.voxels()[n]];
    voxels += wanted ? 1 : 0;
    differing += wanted != (mask.voxels()[n] != 0) ? 1 : 0;
  }
  return {voxels, differing};
}

ExportedRoi verified_roi(const StructureSet& read_back, const Roi& roi, const LabelMap& labels,
                         const CtGrid& ct, const DicomProfile& profile) {
  const RoiStyle& style = style_of(roi, profile);
  const RoiMask drawn = roi_mask(read_back, roi, ct);
  const auto [voxels, differing] = compare(labels, style, drawn.mask);
  if (differing > 0) {
    fail(fmt::format("the contours of '{}' hold {} voxels other than the label map's {}", roi.name, differing,
                     voxels));
  }
  if (!drawn.as_drawn || (drawn.hole_count > 0 && profile.hole_mode != HoleMode::kSeparate))
    fail(fmt::format("contours of '{}' are not what they are by themselves: {}", roi.name, drawn.notes[0]));
  return {roi.name, static_cast<double>(voxels) * labels.geometry().voxel_volume_ml(),
          std::ssize(roi.contours)};
}

}  // namespace

std::vector<ExportedRoi> verified_rois(const StructureSet& read_back, const StructureSet& written,
                                       const LabelMap& labels, const CtGrid& ct,
                                       const DicomProfile& profile) {
  if (read_back.rois.size() != written.rois.size())
    fail(fmt::format("{} of {} ROIs", read_back.rois.size(), written.rois.size()));
  if (!read_back.notes.empty()) fail(read_back.notes[0]);
  if (read_back.series_uid != ct.series_uid) fail("the CT's series");
  std::vector<ExportedRoi> rois;
  for (std::size_t n = 0; n < read_back.rois.size(); ++n) {
    check_description(read_back.rois[n], written.rois[n], frame_of_reference_for(ct));
    check_planes(read_back.rois[n], ct);
    rois.push_back(verified_roi(read_back, read_back.rois[n], labels, ct, profile));
  }
  return rois;
}

std::vector<ExportedRoi> write_verified(const std::filesystem::path& file, const StructureSet& structures,
                                        const LabelMap& labels, const CtGrid& ct,
                                        const DicomProfile& profile) {
  AtomicFile target(file);
  target.write(encoded_structure_set(structures, ct, profile));
  std::vector<ExportedRoi> rois =
      verified_rois(read_structure_set(target.temporary()), structures, labels, ct, profile);
  target.commit();
  return rois;
}

}  // namespace hepar::dicom
