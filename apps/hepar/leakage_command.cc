// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "command.h"
#include "hepar/core/error.h"
#include "hepar/pipeline/leakage.h"

namespace hepar {
namespace {
struct LeakageCommandRequest {
  LeakageRequest leakage;
  bool strict = false;
};

void refuse_unless_clean(const LeakageReport& report) {
  if (report.clean()) return;
  throw Error(
      ErrorCode::kInvalidInput,
      fmt::format("--strict: pairs that are one scan: {}, scans that could not be compared: {}",
                  report.matches.size() + (report.test_count == 0 ? report.train_duplicates.size() : 0),
                  report.left_out_count));
}
}  // namespace

Command make_leakage_command() {
  auto request = std::make_shared<LeakageCommandRequest>();
  return {
      .name = "leakage",
      .summary = "Find test scans that are training scans under another name, spacing, crop, flip or offset.",
      .sources = {"keypoints: SIFT, Lowe, Int. J. Comput. Vis. 60(2):91, 2004",
                  "decision: correlation of the aligned slices, docs/leakage.md"},
      .bind =
          [request](CLI::App& app) {
            constexpr const char* kPlace =
                "A scan (.nii, .nii.gz, .nrrd, .mha), or a folder: an nnU-Net dataset, image files, a DICOM "
                "folder or a folder of them";
            app.add_option("train", request->leakage.train, kPlace)->required();
            app.add_option("test", request->leakage.test, kPlace)->required();
            app.add_flag(
                "--strict", request->strict,
                "Exit code 2 when leakage is found or a scan is left out; else it is 0 whatever is found");
            app.add_flag("--resample-irregular", request->leakage.resample_irregular,
                         "Accept DICOM slices at uneven distances: they are interpolated onto even ones");
          },
      .run =
          [request](Console& console) {
            const LeakageReport report = find_leakage(request->leakage, &console);
            console.end_progress();
            for (const std::string& note : report.notes) console.note(note);
            if (console.json) console.result(leakage_json(report));
            console.say(leakage_text(report));
            if (request->strict) refuse_unless_clean(report);
          }};
}

}  // namespace hepar
