// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hepar/core/progress.h"
#include "hepar/evaluation/case_pairs.h"
#include "hepar/lesion/lesion_filter.h"
#include "hepar/pipeline/case_dicom.h"
#include "hepar/pipeline/ct_input.h"
#include "hepar/pipeline/label_input.h"
#include "hepar/pipeline/run_record.h"

namespace hepar {

struct FilterRequest {
  CtSource ct;
  std::filesystem::path labels;                       // a label map, an RTSTRUCT or a SEG
  std::vector<RoiLabel> rois = default_roi_labels();  // ... whose structures get these labels
  std::filesystem::path output;
  int tumour_label = 2;  // the value that means tumour in `labels`, 1 to 255
  LesionFilterOptions options;
  DicomOptions dicom;
  bool dry_run = false;  // judge only: nothing is written and `output` is not used
};

// What a case's run found and took, for the summary and for --json.
struct CaseResult {
  LabelMap labels;  // as written
  LesionFilterResult lesions;
  double liver_ml = 0, tumour_before_ml = 0, tumour_ml = 0, cyst_ml = 0;  // liver: with all that is in it
  std::vector<ExportedRoi> rois;            // written as DICOM objects; none: there are no such objects
  std::map<std::string, double> timings_s;  // by stage
  std::vector<std::string> notes;
};

// Brings anyone's label map to Hepar's values: `tumour_label` becomes 2, 1 stays liver and 3 stays cyst
// unless they are the tumour label, all else becomes background and is named in `notes`.
// Error(kInvalidInput) naming the labels present when `tumour_label` is not among them.
void adopt_labels(LabelMap& labels, int tumour_label, std::vector<std::string>& notes);

// The files of a result folder, as the commands' help and summaries name them.
inline constexpr std::string_view kCaseFiles =
    "labels.nii.gz, unfiltered.nii.gz, lesions.json, regions.csv, histograms.csv, run.json and overview.png";

// A model's own labels, where they say more than labels.nii.gz.
inline constexpr std::string_view kModelLabelsFile = "labels_model.nii.gz";

// All that a result folder can hold: what an earlier run left there goes when a new one does not write it.
inline constexpr std::array<std::string_view, 10> kResultFiles{
    kLabelsFile,      kUnfilteredFile, kModelLabelsFile, "lesions.json",    "regions.csv",
    "histograms.csv", kRunFile,        "overview.png",   kStructureSetFile, kSegmentationFile};

// Runs the lesion filter on a label map and writes kCaseFiles, and of a DICOM CT kDicomFiles, to
// request.output, all or none.
CaseResult filter_case(const FilterRequest& request, Progress* progress = nullptr);

// The shared last half of `filter` and `segment`.
class StageClock;
struct CaseJob {
  std::string command;           // for run.json
  std::vector<RunInput> inputs;  // ... their hashes are taken when files are written
  LesionFilterOptions options;
  std::map<std::string, std::string> inference = {};  // a network's options, for run.json
  std::optional<SearchRecord> search = {};            // RunRecord::search
  WideLabelMap model_labels = {};                     // a model's own, to be written beside; none: size 0
  std::optional<CaseDicom> dicom = {};                // for kDicomFiles
  std::filesystem::path output;
  StageClock& clock;               // running since reading began
  std::vector<std::string> notes;  // from reading
  Progress* progress = nullptr;
};
// Judges the lesions of `labels`, fills the result's volumes and writes kCaseFiles and kDicomFiles; without
// an output folder nothing.
CaseResult judge_and_write(const CtVolume& ct, LabelMap labels, CaseJob job);

// The document of --json: lesions.json with "timings_s", and "rois_ml" of the DICOM objects.
std::string case_json(const CaseResult& result);

// What a dry run shows: every region in a table, and the notes.
std::string case_table(const CaseResult& result);

// The summary, one screen: volumes, each region's verdict and reason (the largest ones first), notes.
std::string case_text(const CaseResult& result, const std::filesystem::path& output);

}  // namespace hepar
