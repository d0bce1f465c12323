// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/series_listing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "hepar/dicom/uid_ends.h"
#include "hepar/report/table_text.h"

namespace hepar {
using nlohmann::ordered_json;
namespace {

bool is_drawn(const DicomSeries& series) { return series.modality == "RTSTRUCT" || series.modality == "SEG"; }

std::string end_of(const DicomSeries& series, std::size_t length) {
  return series.uid.empty() ? "(none)" : uid_end(series.uid, length);
}

std::string mm(const std::optional<double>& value) { return value ? fmt::format("{:.4g}", *value) : "-"; }

std::string range_mm(const DicomSeries& series) {
  const std::string least = mm(series.least_distance_mm), most = mm(series.most_distance_mm);
  return least == most ? least : least + "-" + most;
}

std::int64_t structure_count(const DicomSeries& series) {
  std::int64_t count = 0;
  for (const DicomObject& object : series.objects) count += object.structure_count;
  return count;
}

// The CT series that its objects were drawn on, each once.
std::vector<const DicomSeries*> cts_of(const DicomSeries& series, const FolderInventory& inventory) {
  std::vector<const DicomSeries*> cts;
  for (const DicomObject& object : series.objects) {
    const DicomSeries* ct = inventory.ct_of(object);
    if (ct != nullptr && std::ranges::find(cts, ct) == cts.end()) cts.push_back(ct);
  }
  return cts;
}

std::vector<std::string> image_row(const DicomSeries& series) {
  if (series.slice_count == 0) return {"-", "-", "-", "-", "-", "-", "-"};
  return {series.orientation,
          series.frame_of_reference_uid.empty() ? "no" : "yes",
          fmt::format("{}", series.slice_count),
          fmt::format("{} x {}", series.rows, series.columns),
          fmt::format("{} x {}", mm(series.row_spacing_mm), mm(series.column_spacing_mm)),
          range_mm(series),
          mm(series.thickness_mm)};
}

std::vector<std::string> table_row(const DicomSeries& series, std::size_t length) {
  std::vector<std::string> row{series.patient.empty() ? "(no ID)" : series.patient, end_of(series, length),
                               series.modality.empty() ? "?" : series.modality,
                               fmt::format("{}", fmt::join(series.transfer_syntaxes, ", "))};
  const auto image = image_row(series);
  row.insert(row.end(), image.begin(), image.end());
  row.push_back(fmt::format("{}", series.objects.size()));
  return row;
}

// Sentences on a series below the table.
std::string remarks(const DicomSeries& series, const FolderInventory& inventory, std::size_t length) {
  const std::string name = end_of(series, length);
  std::string text;
  if (is_drawn(series)) {
    std::vector<std::string> cts;
    for (const DicomSeries* ct : cts_of(series, inventory)) cts.push_back(end_of(*ct, length));
    text += fmt::format("{}: {} {}{}\n", name, structure_count(series),
                        series.modality == "SEG" ? "segments" : "ROIs",
                        cts.empty() ? "." : fmt::format(", drawn on CT series {}.", fmt::join(cts, ", ")));
  }
  for (const std::string& problem : series.problems) text += fmt::format("{}: {}\n", name, problem);
  return text;
}

ordered_json number_or_null(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json series_json(const DicomSeries& series, const FolderInventory& inventory) {
  ordered_json node = {{"patient", series.patient},
                       {"study_uid", series.study_uid},
                       {"series_uid", series.uid},
                       {"modality", series.modality},
                       {"files", series.objects.size()},
                       {"transfer_syntaxes", series.transfer_syntaxes},
                       {"has_frame_of_reference", !series.frame_of_reference_uid.empty()}};
  if (series.slice_count > 0) {
    node["slices"] = series.slice_count;
    node["rows"] = series.rows, node["columns"] = series.columns;
    node["row_spacing_mm"] = number_or_null(series.row_spacing_mm);
    node["column_spacing_mm"] = number_or_null(series.column_spacing_mm);
    node["slice_thickness_mm"] = number_or_null(series.thickness_mm);
    node["least_slice_distance_mm"] = number_or_null(series.least_distance_mm);
    node["most_slice_distance_mm"] = number_or_null(series.most_distance_mm);
    node["orientation"] = series.orientation;
  }
  if (is_drawn(series)) {
    node["structures"] = structure_count(series);
    node["drawn_on"] = ordered_json::array();
    for (const DicomSeries* ct : cts_of(series, inventory)) node["drawn_on"].push_back(ct->uid);
  }
  node["problems"] = series.problems;
  return node;
}

}  // namespace

std::string inventory_text(const FolderInventory& inventory) {
  constexpr std::size_t kShortest = 8;
  std::vector<std::string> uids;
  for (const DicomSeries& series : inventory.series) uids.push_back(series.uid);
  const std::size_t length = telling_length(uids, kShortest);
  ReportTable table{
      .columns = {"patient", "series", "type", "transfer syntax", "orientation", "frame of ref.", "slices",
                  "rows x columns", "spacing mm", "distance mm", "thickness mm", "files"},
      .text_columns = 6};
  std::set<std::string> patients, studies;
  std::int64_t nameless = 0;  // series whose patient can't be told
  std::string text;
  for (const DicomSeries& series : inventory.series) {
    table.rows.push_back(table_row(series, length));
    text += remarks(series, inventory, length);
    studies.insert(series.study_uid);
    if (series.patient.empty()) {
      ++nameless;
    } else {
      patients.insert(series.patient);
    }
  }
  text = (inventory.series.empty() ? "" : plain_table(table)) + text;
  for (const DamagedFile& damaged : inventory.unreadable)
    text += fmt::format("damaged: {}\n", damaged.reason);
  if (nameless > 0) text += fmt::format("Series without a Patient ID: {}.\n", nameless);
  return text + fmt::format(
                    "{} patients, {} studies, {} series in {} files; {} files are no DICOM, {} are DICOM "
                    "of no series, {} are damaged.\nPatients are shown by a hash of their ID.",
                    patients.size(), studies.size(), inventory.series.size(), inventory.file_count,
                    inventory.not_dicom_count, inventory.directory_count, inventory.unreadable.size());
}

std::string inventory_json(const FolderInventory& inventory) {
  ordered_json document = {{"format", "hepar.series/1"},
                           {"files", inventory.file_count},
                           {"not_dicom", inventory.not_dicom_count},
                           {"of_no_series", inventory.directory_count},
                           {"damaged", ordered_json::array()}};
  for (const DamagedFile& damaged : inventory.unreadable) document["damaged"].push_back(damaged.reason);
  document["series"] = ordered_json::array();
  for (const DicomSeries& series : inventory.series)
    document["series"].push_back(series_json(series, inventory));
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace hepar
