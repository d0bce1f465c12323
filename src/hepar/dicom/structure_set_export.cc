// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/structure_set_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/dicom/roi_masks.h"

namespace hepar {
namespace {

std::array<bool, 256> label_set(const RoiStyle& style) {
  std::array<bool, 256> inside{};
  for (const std::uint8_t label : style.labels) inside[label] = true;
  return inside;
}

const RoiStyle& style_of(const Roi& roi, const DicomProfile& profile) {
  const auto found = std::ranges::find(profile.rois, roi.name, &RoiStyle::name);
  HEPAR_EXPECT(found != profile.rois.end(), "a written ROI has a style");
  return *found;
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

std::vector<ExportedRoi> verified_rois(const StructureSet& read_back, const StructureSet& written,
                                       const LabelMap& labels, const CtGrid& ct,
                                       const DicomProfile& profile) {
  HEPAR_EXPECT(
      read_back.rois.size() == written.rois.size(),
      fmt::format("{} ROIs were written and {} read back", written.rois.size(), read_back.rois.size()));
  std::vector<ExportedRoi> rois;
  for (std::size_t n = 0; n < read_back.rois.size(); ++n) {
    const Roi& roi = read_back.rois[n];
    const RoiStyle& style = style_of(written.rois[n], profile);
    const Mask mask = roi.contours.empty() ? Mask(ct.geometry) : roi_mask(read_back, roi, ct).mask;
    const auto [voxels, differing] = compare(labels, style, mask);
    if (differing > 0) {
      throw Error(
          ErrorCode::kInternal,
          fmt::format("the contours of {} read back as {} voxels other than the label map's {}; nothing was "
                      "written, please report this",
                      style.name, differing, voxels));
    }
    rois.push_back({style.name, static_cast<double>(voxels) * labels.geometry().voxel_volume_ml(),
                    static_cast<std::int64_t>(roi.contours.size())});
  }
  return rois;
}

}  // namespace

StructureSetExport export_structure_set(const std::filesystem::path& file, const LabelMap& labels,
                                        const CtGrid& ct, const DicomProfile& profile) {
  const StructureSet structures = contour_labels(labels, ct, profile);
  if (structures.rois.empty()) {
    throw Error(ErrorCode::kInvalidInput,
                "no structure of the profile has a voxel in the label map, so there is nothing to contour");
  }
  AtomicFile target(file);
  write_structure_set(target.temporary(), structures, ct, profile);
  StructureSetExport result;
  result.rois = verified_rois(read_structure_set(target.temporary()), structures, labels, ct, profile);
  result.notes = structures.notes;
  if (ct.frame_of_reference_uid.empty()) {
    result.notes.push_back(fmt::format(
        "the CT has no frame of reference, which an RTSTRUCT must name; {} was made up from the series "
        "UID and put in its place",
        frame_of_reference_for(ct)));
  }
  target.commit();
  return result;
}

}  // namespace hepar
