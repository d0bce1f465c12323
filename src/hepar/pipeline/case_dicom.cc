// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/case_dicom.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "hepar/core/error.h"
#include "hepar/dicom/segmentation.h"
#include "hepar/volume/label_counts.h"

namespace hepar {
namespace {

// Why this CT's objects can't be written, when the CT or the profile is to blame; other errors pass through.
template <class Write>
std::string refusal_of(const Write& write) {
  try {
    write();
    return {};
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kInvalidInput) {
      throw error.during("can't write the DICOM objects (--no-dicom leaves them out)");
    }
    return error.what();
  }
}

}  // namespace

std::optional<CaseDicom> case_dicom(const std::optional<CtGrid>& series, const DicomOptions& options) {
  if (!series || !options.write) return std::nullopt;
  return CaseDicom{*series, options.profile, options.profile_file};
}

std::vector<ExportedRoi> write_case_dicom(const std::filesystem::path& folder, const LabelMap& labels,
                                          const CaseDicom& dicom, std::vector<std::string>& notes) {
  const CtGrid& series = dicom.series;
  const DicomProfile& profile = dicom.profile;
  const auto leave_out = [&](std::string_view why) {
    notes.push_back(fmt::format("{} and {} were not written: {}", kStructureSetFile, kSegmentationFile, why));
    return std::vector<ExportedRoi>();
  };
  if (series.resampled) {
    return leave_out("the labels lie on interpolated slices, not on the CT's own");
  }
  if (roi_volumes_ml(labels, profile).empty()) return leave_out("no structure was found");
  StructureSetExport written;
  const std::string refusal = refusal_of([&] {
    written = export_structure_set(folder / kStructureSetFile, labels, series, profile);
    // Its notes are those of the structure set.
    write_segmentation(folder / kSegmentationFile, labels, series, profile);
  });
  if (!refusal.empty()) {
    std::filesystem::remove(folder / kStructureSetFile);
    return leave_out(refusal);
  }
  notes.insert(notes.end(), written.notes.begin(), written.notes.end());
  return written.rois;
}

std::vector<std::pair<std::string, double>> roi_volumes_ml(const LabelMap& labels,
                                                           const DicomProfile& profile) {
  const auto counts = count_labels(labels);
  std::vector<std::pair<std::string, double>> volumes;
  for (const RoiStyle& roi : profile.rois) {
    std::int64_t voxels = 0;
    for (const std::uint8_t label : roi.labels) voxels += counts[label];
    if (voxels > 0)
      volumes.emplace_back(roi.name, static_cast<double>(voxels) * labels.geometry().voxel_volume_ml());
  }
  return volumes;
}

std::string rois_text(const std::vector<ExportedRoi>& rois) {
  std::string text;
  for (const ExportedRoi& roi : rois) {
    text += fmt::format("{}{} {:.1f} mL", text.empty() ? "ROIs: " : ", ", roi.name, roi.volume_ml);
  }
  return text.empty() ? text : text.append("\n");
}

}  // namespace hepar
