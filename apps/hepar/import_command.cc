// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "command.h"
#include "hepar/core/error.h"
#include "hepar/pipeline/import_dataset.h"

namespace hepar {
namespace {

void bind(CLI::App& app, ImportRequest& request) {
  app.add_option_function<std::string>(
         "format", [&request](const std::string& name) { request.format = parse_import_format(name); },
         "lits (volume-N.nii, segmentation-N.nii), msd (Task03_Liver), ircadb (3D-IRCADb-01), dicom-rt "
         "(DICOM CT and structure sets), dicom-seg (DICOM CT and segmentations)")
      ->required();
  app.add_option("source", request.source, "Folder to be searched")->required();
  app.add_option("dataset", request.dataset, "nnU-Net dataset to be made, or gone on with")->required();
  const auto add = [&app](const char* name, std::vector<std::string>& names, const char* what) {
    app.add_option(name, names,
                   fmt::format("Of dicom-rt and dicom-seg: names of {}, with * and ?, in any case", what))
        ->delimiter(',')
        ->capture_default_str();
  };
  add("--liver", request.structures.liver, "the liver");
  add("--tumour,--tumor", request.structures.tumour, "tumours");
  add("--cyst", request.structures.cyst, "cysts");
}

void run(const ImportRequest& request, Console& console) {
  const bool by_names = request.format == ImportFormat::kDicomRt || request.format == ImportFormat::kDicomSeg;
  if (!by_names && request.structures != StructureNames{}) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("--liver, --tumour and --cyst are of dicom-rt and dicom-seg; {} has names of its own",
                    import_format_name(request.format)));
  }
  const ImportReport report = import_dataset(request, &console);
  console.end_progress();
  for (const std::string& note : report.notes) console.note(note);
  if (console.json) console.result(import_json(report));
  console.say(import_text(report));
  if (report.taken.empty()) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("nothing of {} was taken, {} refused{}", request.source.string(), report.refused.size(),
                    report.refused.empty() ? "" : "; the first: " + report.refused.front().reason));
  }
}

}  // namespace

Command make_import_command() {
  auto request = std::make_shared<ImportRequest>();
  return {.name = "import",
          .summary = "Make an nnU-Net dataset of LiTS, MSD, 3D-IRCADb or clinical DICOM with contours.",
          .sources = {"LiTS: Bilic et al., Med. Image Anal. 84:102680, 2023",
                      "MSD: Antonelli et al., Nat. Commun. 13:4128, 2022",
                      "3D-IRCADb-01: Soler et al., IRCAD, 2010"},
          .bind = [request](CLI::App& app) { bind(app, *request); },
          .run = [request](Console& console) { run(*request, console); }};
}

}  // namespace hepar
