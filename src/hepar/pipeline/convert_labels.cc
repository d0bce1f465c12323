// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/convert_labels.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/version.h"
#include "hepar/dicom/dicom_kind.h"
#include "hepar/dicom/segmentation.h"
#include "hepar/pipeline/case_dicom.h"
#include "hepar/volume/label_counts.h"
#include "hepar/volume/reorient.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

bool is_label_map_name(const fs::path& file) {
  const std::string name = file.filename().string();
  return name.ends_with(".nii") || name.ends_with(".nii.gz");
}

void check_output(const ConvertLabelsRequest& request) {
  const fs::path& output = request.output;
  const fs::path folder = output.has_parent_path() ? output.parent_path() : fs::path(".");
  std::error_code ignored;
  if (fs::is_directory(output, ignored)) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} is a folder; give the name of a file", output.string()));
  }
  if (!fs::is_directory(folder, ignored)) {
    throw Error(ErrorCode::kMissing,
                fmt::format("there is no folder {} to write to; make it first", folder.string()));
  }
  if (is_image_file_name(output) && !is_label_map_name(output)) {
    throw Error(ErrorCode::kUnsupported, fmt::format("label maps are written as .nii or .nii.gz, not as {}",
                                                     output.filename().string()));
  }
  if (fs::equivalent(request.input, output, ignored)) {
    throw Error(ErrorCode::kInvalidInput, fmt::format("the output {} is the input", output.string()));
  }
}

// A slice of the CT must not be overwritten.
void check_output_is_no_slice(const fs::path& output, const CtGrid& grid) {
  std::error_code ignored;
  for (const CtSlice& slice : grid.slices) {
    if (!slice.file.empty() && fs::equivalent(slice.file, output, ignored)) {
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("the output {} is a slice of the CT", output.string()));
    }
  }
}

// The grid that everything is laid on.
CtGrid reference_grid(const ConvertLabelsRequest& request) {
  const CtSource& reference = request.reference;
  if (!reference.path.empty() && fs::is_directory(reference.path)) {
    const std::string series =
        reference.series.empty() ? series_for(request.input, reference.path) : reference.series;
    return read_ct_grid(reference.path,
                        {.series = series, .resample_irregular = reference.resample_irregular});
  }
  if (!reference.path.empty()) return grid_without_series(load_ct(reference).voxels.geometry());
  switch (dicom_kind(request.input)) {
    case DicomKind::kSegmentation:
      return grid_without_series(segmentation_grid(read_segmentation(request.input)));
    case DicomKind::kStructureSet:
      throw Error(ErrorCode::kInvalidInput,
                  "an RTSTRUCT holds no grid; name the CT that it was drawn on with --reference");
    default:
      return grid_without_series(read_labels(request.input).voxels.geometry());
  }
}

void require_series(const CtGrid& grid) {
  if (!grid.series_uid.empty()) return;
  throw Error(ErrorCode::kInvalidInput,
              "an RTSTRUCT or SEG refers to a DICOM CT; name its folder with --reference");
}

const RoiStyle& style_named(const DicomProfile& profile, const std::string& name) {
  std::string known;
  for (const RoiStyle& style : profile.rois) {
    if (style.name == name) return style;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", style.name);
  }
  throw Error(ErrorCode::kInvalidInput, fmt::format("the profile has no ROI {}, it has {}", name, known));
}

ConvertLabelsResult convert_probability(const ConvertLabelsRequest& request) {
  if (is_label_map_name(request.output) || request.as == DicomObject::kStructureSet) {
    throw Error(ErrorCode::kInvalidInput,
                "a probability becomes a SEG; give an output like seg.dcm and --as seg");
  }
  const CtGrid grid = reference_grid(request);
  require_series(grid);
  check_output_is_no_slice(request.output, grid);
  CtImage image = read_ct(
      request.input,
      {.accept_skewed_directions = request.reference.accept_skewed_directions, .refuse_not_finite = true});
  const auto order = axis_order_onto(image.voxels.geometry(), grid.geometry);
  if (!order) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("{} lies on another grid than the CT: {}", request.input.string(),
                    grid_difference(image.voxels.geometry(), grid.geometry).value_or("its axes differ")));
  }
  const CtVolume probability = reorient(image.voxels, *order);
  const std::vector<std::string> written = write_fractional_segmentation(
      request.output, probability, style_named(request.profile, request.probability_of), grid,
      request.profile);
  double sum = 0;
  for (const float value : probability.voxels()) sum += value;
  ConvertLabelsResult result{{{request.probability_of, sum * grid.geometry.voxel_volume_ml()}}, grid.notes};
  result.notes.insert(result.notes.end(), image.notes.begin(), image.notes.end());
  result.notes.insert(result.notes.end(), written.begin(), written.end());
  return result;
}

std::vector<std::pair<std::string, double>> label_volumes(const LabelMap& labels) {
  const auto counts = count_labels(labels);
  std::vector<std::pair<std::string, double>> volumes;
  for (std::size_t label = 1; label < counts.size(); ++label) {
    if (counts[label] == 0) continue;
    volumes.emplace_back(fmt::format("label {}", label),
                         static_cast<double>(counts[label]) * labels.geometry().voxel_volume_ml());
  }
  return volumes;
}

}  // namespace

ConvertLabelsResult convert_labels(const ConvertLabelsRequest& request) {
  if (!fs::exists(request.input)) {
    throw Error(ErrorCode::kMissing, fmt::format("there is no {}", request.input.string()));
  }
  check_output(request);
  if (!request.probability_of.empty()) return convert_probability(request);
  const bool to_label_map = is_label_map_name(request.output);
  if (to_label_map && request.as) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("--as asks for a DICOM object, but {} is the name of a label map",
                            request.output.string()));
  }
  const CtGrid grid = reference_grid(request);
  if (!to_label_map) require_series(grid);
  check_output_is_no_slice(request.output, grid);
  LoadedLabels labels = load_labels(request.input, grid, request.rois,
                                    {.accept_skewed_directions = request.reference.accept_skewed_directions});
  ConvertLabelsResult result{{}, grid.notes};
  for (std::string& note : notes_of(labels)) result.notes.push_back(std::move(note));
  if (to_label_map) {
    write_labels(request.output, labels.voxels);
    result.volumes_ml = label_volumes(labels.voxels);
    return result;
  }
  if (request.as.value_or(DicomObject::kStructureSet) == DicomObject::kStructureSet) {
    const StructureSetExport written =
        export_structure_set(request.output, labels.voxels, grid, request.profile);
    result.notes.insert(result.notes.end(), written.notes.begin(), written.notes.end());
  } else {
    for (std::string& note : write_segmentation(request.output, labels.voxels, grid, request.profile)) {
      result.notes.push_back(std::move(note));
    }
  }
  result.volumes_ml = roi_volumes_ml(labels.voxels, request.profile);
  return result;
}

std::string convert_labels_json(const ConvertLabelsResult& result) {
  nlohmann::ordered_json json{{"format", "hepar.convert/1"}, {"hepar", version()}};
  json["volumes_ml"] = nlohmann::ordered_json::object();
  for (const auto& [name, ml] : result.volumes_ml) json["volumes_ml"][name] = ml;
  json["notes"] = result.notes;
  return json.dump(1);
}

std::string convert_labels_text(const ConvertLabelsResult& result, const fs::path& output) {
  std::string text;
  for (const auto& [name, ml] : result.volumes_ml) text += fmt::format("{}: {:.2f} mL\n", name, ml);
  for (const std::string& note : result.notes) text += "note: " + note + "\n";
  return text + fmt::format("written to {}\n{}", output.string(), kDisclaimer);
}

}  // namespace hepar
