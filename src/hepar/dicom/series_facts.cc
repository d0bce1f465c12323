// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/series_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <set>

#include "hepar/core/error.h"
#include "hepar/dicom/slice_checks.h"

namespace hepar::dicom {
namespace {
namespace fs = std::filesystem;

using Headers = std::vector<FileHeader>;

std::string sentence(std::string text) {
  if (!text.empty() && text.back() != '.') text += '.';
  return text;
}

std::vector<SlicePlane> main_planes(const Headers& headers) {
  std::vector<SlicePlane> planes, main;
  for (const FileHeader& header : headers) {
    if (header.plane) planes.push_back(*header.plane);
  }
  if (planes.empty()) return main;
  const auto kinds = slice_kinds(planes);
  for (const std::size_t n : kinds.front()) main.push_back(planes[n]);
  return main;
}

void state_plane(const std::vector<SlicePlane>& planes, DicomSeries& series) {
  if (planes.empty()) return;
  const SlicePlane& model = planes.front();
  series.columns = model.columns, series.rows = model.rows;
  series.column_spacing_mm = model.column_spacing_mm, series.row_spacing_mm = model.row_spacing_mm;
  const Vec3 normal = model.row_direction.cross(model.column_direction);
  series.orientation = orientation_name(model);
  std::vector<double> offsets_mm;
  for (const SlicePlane& plane : planes) offsets_mm.push_back(plane.position_mm.dot(normal));
  std::sort(offsets_mm.begin(), offsets_mm.end());
  series.slice_count = 1;
  for (std::size_t n = 1; n < offsets_mm.size(); ++n) {
    const double distance_mm = offsets_mm[n] - offsets_mm[n - 1];
    constexpr double kSamePlaceMm = 0.01;
    if (distance_mm < kSamePlaceMm) continue;
    ++series.slice_count;
    series.least_distance_mm = std::min(series.least_distance_mm.value_or(distance_mm), distance_mm);
    series.most_distance_mm = std::max(series.most_distance_mm.value_or(distance_mm), distance_mm);
  }
}

void find_shared_identity(const Headers& headers, DicomSeries& series) {
  std::set<std::string> patients, instances;
  for (const FileHeader& header : headers) {
    patients.insert(header.patient_key);
    instances.insert(header.sop_instance_uid);
  }
  if (patients.size() > 1)
    series.problems.push_back(fmt::format("Its files belong to {} patients.", patients.size()));
  if (instances.size() < headers.size()) {
    series.problems.push_back(fmt::format("{} of its {} files repeat the SOP Instance UID of another.",
                                          headers.size() - instances.size(), headers.size()));
  }
}

void find_short_files(const Headers& headers, DicomSeries& series) {
  std::int64_t count = 0;
  for (const FileHeader& header : headers) {
    if (!header.plane || header.compressed || header.multi_frame) continue;
    std::error_code error;
    const auto bytes = fs::file_size(header.file, error);
    const auto wanted =
        static_cast<std::uintmax_t>(header.plane->rows * header.plane->columns * header.bits_allocated / 8);
    count += !error && bytes < wanted ? 1 : 0;
  }
  if (count > 0)
    series.problems.push_back(
        fmt::format("{} of its files are truncated: shorter than their pixels.", count));
}

// What read_ct_series() would say of the slices. An Error where it refuses them.
void judge_ct(const Headers& slices, DicomSeries& series) {
  const SliceStack stack = stack_slices(checked_planes(slices), false);
  for (const std::string& note : stack.notes) series.problems.push_back(sentence(note));
  check_one_origin(slices, stack);
  check_duplicates(slices, stack);
  if (!stack.duplicates.empty()) {
    series.problems.push_back(
        fmt::format("{} slices are there twice with the same pixels.", stack.duplicates.size()));
  }
}

void find_ct_problems(const Headers& headers, DicomSeries& series) {
  Headers slices;
  std::int64_t localizers = 0;
  for (const FileHeader& header : headers) {
    if (header.is_ct_slice()) slices.push_back(header);
    localizers += header.localizer ? 1 : 0;
  }
  if (slices.size() < headers.size()) {
    series.problems.push_back(
        fmt::format("{} of its files are no CT slices, by their class.", headers.size() - slices.size()));
  }
  if (localizers == std::ssize(headers)) {
    series.problems.emplace_back("It is a localizer, not a volume.");
    return;
  }
  try {
    judge_ct(slices, series);
  } catch (const std::exception& error) {  // a damaged file may claim more than there is memory
    series.problems.push_back(sentence(fmt::format("Hepar does not read it: {}", error.what())));
  }
}

}  // namespace

void state_facts(const Headers& headers, DicomSeries& series) {
  std::set<std::string> syntaxes;
  for (const FileHeader& header : headers) syntaxes.insert(header.transfer_syntax);
  series.transfer_syntaxes.assign(syntaxes.begin(), syntaxes.end());
  series.thickness_mm = headers.front().slice_thickness_mm;
  state_plane(main_planes(headers), series);
  find_shared_identity(headers, series);
  find_short_files(headers, series);
  if (series.modality == "CT") find_ct_problems(headers, series);
}

}  // namespace hepar::dicom
