// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "case_options.h"
#include "command.h"
#include "hepar/pipeline/convert_labels.h"

namespace hepar {
namespace {

struct ConvertArguments {
  ConvertLabelsRequest request;
  std::filesystem::path profile;
  std::vector<std::string> rois;
  DicomObject as = DicomObject::kStructureSet;
  CLI::Option* as_option = nullptr;
};

void bind(CLI::App& app, ConvertArguments& arguments) {
  static const std::map<std::string, DicomObject> kObjects{{"rtstruct", DicomObject::kStructureSet},
                                                           {"seg", DicomObject::kSegmentation}};
  ConvertLabelsRequest& request = arguments.request;
  app.add_option("input", request.input, "Label map (.nii, .nii.gz, .nrrd, .mha), RTSTRUCT or SEG")
      ->required();
  app.add_option("-o,--output", request.output, "Label map (.nii, .nii.gz), or else a DICOM file")
      ->required();
  app.add_option("--reference", request.reference.path,
                 "The CT: a DICOM folder; for a label map from an RTSTRUCT or SEG an image file does, too");
  app.add_option("--series", request.reference.series,
                 "Which series of the folder, by its UID or the UID's end");
  app.add_flag("--resample-irregular", request.reference.resample_irregular,
               "Accept DICOM slices at uneven distances; for label maps alone");
  app.add_flag("--accept-skewed-directions", request.reference.accept_skewed_directions,
               "Accept image axes that are not at right angles: the nearest right-angled ones are used");
  arguments.as_option = app.add_option("--as", arguments.as, "DICOM file: rtstruct or seg; default rtstruct")
                            ->transform(CLI::CheckedTransformer(kObjects).description("rtstruct or seg"))
                            ->type_name("KIND");
  app.add_option(
         "--probability-of", request.probability_of,
         "The input is not labels but the probability (0 to 1) of this ROI of the profile; it becomes a "
         "fractional SEG")
      ->type_name("ROI");
  bind_profile(app, arguments.profile);
  bind_roi_labels(app, arguments.rois);
}

void run(ConvertArguments& arguments, Console& console) {
  ConvertLabelsRequest& request = arguments.request;
  if (arguments.as_option->count() > 0) request.as = arguments.as;
  request.profile = load_dicom_profile(arguments.profile);
  request.rois = roi_labels(arguments.rois);
  const ConvertLabelsResult result = convert_labels(request);
  if (console.json) console.result(convert_labels_json(result));
  console.say(convert_labels_text(result, request.output));
}

}  // namespace

Command make_convert_command() {
  auto arguments = std::make_shared<ConvertArguments>();
  return {.name = "convert",
          .summary = "Convert between label map, RTSTRUCT and DICOM SEG.",
          .sources = {"DICOM PS3.3 A.19 (RT Structure Set), A.51 (Segmentation)"},
          .bind = [arguments](CLI::App& app) { bind(app, *arguments); },
          .run = [arguments](Console& console) { run(*arguments, console); }};
}

}  // namespace hepar
