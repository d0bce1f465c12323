// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/import_record.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <ranges>
#include <utility>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/version.h"
#include "hepar/report/table_text.h"

namespace hepar {
namespace fs = std::filesystem;
using nlohmann::ordered_json;
namespace {

constexpr const char* kDocumentFormat = "hepar.import/1";

constexpr std::array kFormats{std::pair{ImportFormat::kLits, std::string_view("lits")},
                              std::pair{ImportFormat::kMsd, std::string_view("msd")},
                              std::pair{ImportFormat::kIrcadb, std::string_view("ircadb")},
                              std::pair{ImportFormat::kDicomRt, std::string_view("dicom-rt")},
                              std::pair{ImportFormat::kDicomSeg, std::string_view("dicom-seg")}};

bool by_names(ImportFormat format) {
  return format == ImportFormat::kDicomRt || format == ImportFormat::kDicomSeg;
}

// Thousandths of a millilitre, a cubic millimetre.
double rounded_ml(double ml) { return std::round(ml * 1000) / 1000; }

ordered_json case_json(const ImportedCase& taken) {
  return {{"name", taken.name},
          {"source", taken.source},
          {"source_sha256", taken.source_sha256},
          {"liver_ml", rounded_ml(taken.liver_ml)},
          {"tumour_ml", rounded_ml(taken.tumour_ml)},
          {"cyst_ml", rounded_ml(taken.cyst_ml)},
          {"notes", taken.notes}};
}

ImportedCase case_of(const nlohmann::json& node) {
  return {.name = node.at("name"),
          .source = node.at("source"),
          .source_sha256 = node.at("source_sha256"),
          .liver_ml = node.at("liver_ml"),
          .tumour_ml = node.at("tumour_ml"),
          .cyst_ml = node.at("cyst_ml"),
          .notes = node.at("notes"),
          .was_there = true};
}

}  // namespace

std::string_view import_format_name(ImportFormat format) {
  return std::ranges::find(kFormats, format, &std::pair<ImportFormat, std::string_view>::first)->second;
}

ImportFormat parse_import_format(std::string_view name) {
  const auto found = std::ranges::find(kFormats, name, &std::pair<ImportFormat, std::string_view>::second);
  if (found != kFormats.end()) return found->first;
  const auto names = kFormats | std::views::values;
  throw Error(ErrorCode::kInvalidInput,
              fmt::format("there is no import format {}; there are {}", name, fmt::join(names, ", ")));
}

std::string import_json(const ImportReport& report) {
  ordered_json document = {{"format", kDocumentFormat},
                           {"hepar", std::string(version())},
                           {"source_format", std::string(import_format_name(report.request.format))}};
  if (by_names(report.request.format)) {
    const StructureNames& names = report.request.structures;
    document["structures"] = {{"liver", names.liver}, {"tumour", names.tumour}, {"cyst", names.cyst}};
  }
  document["taken"] = ordered_json::array();
  for (const ImportedCase& taken : report.taken) document["taken"].push_back(case_json(taken));
  document["refused"] = ordered_json::array();
  for (const RefusedCase& refused : report.refused)
    document["refused"].push_back({{"source", refused.source}, {"reason", refused.reason}});
  document["notes"] = report.notes;
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string import_text(const ImportReport& report) {
  ReportTable table{.columns = {"case", "source", "this run", "liver mL", "tumour mL", "cyst mL"},
                    .text_columns = 3};
  for (const ImportedCase& taken : report.taken) {
    table.rows.push_back({taken.name, taken.source, taken.was_there ? "was there" : "taken",
                          fmt::format("{:.1f}", taken.liver_ml), fmt::format("{:.2f}", taken.tumour_ml),
                          fmt::format("{:.2f}", taken.cyst_ml)});
  }
  for (const RefusedCase& refused : report.refused)
    table.rows.push_back({"-", refused.source, "refused", "-", "-", "-"});
  std::string text = table.rows.empty() ? "" : plain_table(table);
  for (const ImportedCase& taken : report.taken) {
    for (const std::string& note : taken.notes) text += fmt::format("{}: {}\n", taken.name, note);
  }
  for (const RefusedCase& refused : report.refused)
    text += fmt::format("refused: {}: {}\n", refused.source, refused.reason);
  const auto before = std::ranges::count(report.taken, true, &ImportedCase::was_there);
  text += fmt::format("{} cases in {}: {} taken now, {} were there; {} refused.", report.taken.size(),
                      report.request.dataset.string(), std::ssize(report.taken) - before, before,
                      report.refused.size());
  return text;
}

namespace importing {

std::optional<ImportReport> read_record(const fs::path& dataset) {
  const fs::path file = dataset / kRecordFile;
  if (!fs::exists(file)) return std::nullopt;
  ImportReport report;
  try {
    const auto document = nlohmann::json::parse(read_text_file(file));
    if (document.at("format") != kDocumentFormat) {
      throw Error(ErrorCode::kUnsupported,
                  fmt::format("{} is no record that this version of Hepar reads", file.string()));
    }
    report.request.format = parse_import_format(document.at("source_format").get<std::string>());
    if (document.contains("structures")) {
      const auto& names = document.at("structures");
      report.request.structures = {names.at("liver"), names.at("tumour"), names.at("cyst")};
    }
    for (const auto& node : document.at("taken")) report.taken.push_back(case_of(node));
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorCode::kCorrupt,
                fmt::format("{} is damaged; import into another folder, or remove it with its dataset",
                            file.string()));
  }
  return report;
}

std::string dataset_json(const ImportReport& report) {
  const bool cysts = std::ranges::any_of(report.taken, [](const ImportedCase& c) { return c.cyst_ml > 0; });
  // Order matters to nnU-Net: output channel n is the n-th region.
  ordered_json labels = {{"background", 0}, {"liver", {1, 2}}, {"tumour", 2}};
  ordered_json order = {1, 2};
  if (cysts) {
    labels["liver"] = {1, 2, 3};
    labels["cyst"] = 3;
    order.push_back(3);
  }
  const ordered_json document = {{"channel_names", {{"0", "CT"}}},
                                 {"labels", labels},
                                 {"regions_class_order", order},
                                 {"numTraining", report.taken.size()},
                                 {"file_ending", ".nii.gz"},
                                 {"description", fmt::format("Imported by Hepar {} from {}", version(),
                                                             import_format_name(report.request.format))}};
  return document.dump(2) + "\n";
}

}  // namespace importing
}  // namespace hepar
