// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "command.h"
#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/dicom/deidentify.h"

namespace hepar {
namespace {

struct DeidentifyRequest {
  std::filesystem::path source, output, key_file;
  DeidentifyOptions options;
};

void bind_deidentification(CLI::App& app, DeidentifyRequest& request) {
  app.add_option("source", request.source, "Folder with DICOM files, at any depth")->required();
  app.add_option("-o,--output", request.output, "New folder, for SERIES_UID/MODALITY_NNNN.dcm")->required();
  app.add_option("--key-file", request.key_file,
                 "Secret text of 16 bytes or more that new UIDs and IDs are derived with: later exports with "
                 "it match; default: a random key that is not kept");
  app.add_option("--patient-id", request.options.patient_id,
                 "New patient ID and name, for a folder of one patient; default: derived from the key");
}

DeidentifyReport run_deidentification(const DeidentifyRequest& request, Console& console) {
  DeidentifyOptions options = request.options;
  if (!request.key_file.empty()) {
    options.key = read_text_file(request.key_file);
    if (options.key.empty())
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("{} is empty; it must hold a key", request.key_file.string()));
  }
  const DeidentifyReport report = deidentify(request.source, request.output, options, &console);
  console.end_progress();
  for (const std::string& note : report.notes) console.note(note);
  for (const std::string& sentence : report.refused) console.note(sentence);
  return report;
}

std::string report_json(const DeidentifyReport& report) {
  return nlohmann::ordered_json{{"format", "hepar.deidentification/1"},
                                {"written", report.written_count},
                                {"not_dicom", report.not_dicom_count},
                                {"refused", report.refused},
                                {"notes", report.notes}}
      .dump(2);
}

}  // namespace

Command make_deidentify_command() {
  auto request = std::make_shared<DeidentifyRequest>();
  return {
      .name = "deidentify",
      .summary = "Copy DICOM files without what identifies the patient; CT, RTSTRUCT and SEG still match.",
      .sources = {"DICOM PS3.15 2024e, annex E: Basic Application Level Confidentiality Profile"},
      .bind = [request](CLI::App& app) { bind_deidentification(app, *request); },
      .run =
          [request](Console& console) {
            const DeidentifyReport report = run_deidentification(*request, console);
            if (console.json) console.result(report_json(report));
            console.say(fmt::format("{} files written to {}, {} refused.", report.written_count,
                                    request->output.string(), report.refused.size()));
            if (report.written_count > 0) return;
            throw Error(ErrorCode::kUnsupported,
                        fmt::format("none of the {} DICOM files could be de-identified; the notes say why",
                                    report.refused.size()));
          }};
}

}  // namespace hepar
