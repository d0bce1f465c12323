// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/reproduce_data.h"

#include <fmt/format.h>

#include <algorithm>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/io/image_io.h"
#include "hepar/nn/model_folder.h"
#include "hepar/pipeline/nnunet_dataset.h"
#include "hepar/pipeline/phantom_cohort.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

CohortData whole_dataset(const std::string& key, const fs::path& dataset) {
  CohortData cohort{.key = key, .title = {}, .dataset = dataset, .cases = {}};
  cohort.file_ending = read_dataset_labels(dataset / "dataset.json").file_ending;
  cohort.cases = nnunet_case_names(dataset, cohort.file_ending);
  return cohort;
}

// The paper tests on the 14 of 20 cases of 3D-IRCADb that have a tumour.
void keep_cases_with_tumour(CohortData& cohort) {
  std::erase_if(cohort.cases, [&](const std::string& name) {
    const LabelMap labels = read_labels(cohort.labels(name)).voxels;
    return std::find(labels.voxels().begin(), labels.voxels().end(), kTumour) == labels.voxels().end();
  });
  if (cohort.cases.empty()) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("no case of {} holds tumour (label 2)", cohort.dataset.string()));
  }
}

ExperimentData real_data(const ReproduceRequest& request) {
  if (request.train_data.empty() || request.test_data.empty()) {
    throw Error(ErrorCode::kInvalidInput,
                "an experiment on datasets needs two: one to train and validate on, and one to test on");
  }
  ExperimentData data{request.train_data, {}};
  CohortData validation = whole_dataset("validation", request.train_data);
  const auto held_back = static_cast<std::size_t>(request.validation_cases);
  if (validation.cases.size() <= held_back) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} holds {} cases; {} are held back for validation, so more are needed",
                            request.train_data.string(), validation.cases.size(), held_back));
  }
  validation.cases.erase(validation.cases.begin(),
                         validation.cases.end() - static_cast<std::ptrdiff_t>(held_back));
  data.cohorts = {std::move(validation), whole_dataset("test", request.test_data)};
  if (!request.clinical_data.empty())
    data.cohorts.push_back(whole_dataset("clinical", request.clinical_data));
  for (CohortData& cohort : data.cohorts) {
    if (cohort.key != "validation") keep_cases_with_tumour(cohort);
    cohort.title = fmt::format("{} cases of {}", cohort.cases.size(), last_name(cohort.dataset));
  }
  return data;
}

ExperimentData phantom_data(const ReproduceRequest& request, Progress* progress) {
  const fs::path root = request.output / "data";
  const bool training = static_cast<bool>(request.train);
  // The validation cases are the last of the training dataset, made alone when there is no training.
  PhantomCohortRequest train{.output = root / (training ? "training" : "validation"),
                             .cases = request.validation_cases + (training ? request.training_cases : 0),
                             .first_case = training ? 0 : request.training_cases,
                             .seed = request.seed,
                             .options = {}};
  std::vector<std::string> validation = write_phantom_cohort(train, progress);
  validation.erase(validation.begin(), validation.end() - request.validation_cases);
  const PhantomCohortRequest test{.output = root / "test",
                                  .cases = request.test_cases,
                                  .seed = request.seed + 1,
                                  .only_with_tumour = true,
                                  .options = {}};
  const PhantomCohortRequest clinical{.output = root / "clinical",
                                      .cases = request.clinical_cases,
                                      .seed = request.seed + 2,
                                      .only_with_tumour = true,
                                      .options = {.cysts = CystContent::kSome}};
  ExperimentData data{training ? train.output : fs::path(), {}};
  const auto add = [&](const char* key, const char* what, const fs::path& dataset,
                       std::vector<std::string> cases) {
    CohortData cohort{.key = key, .title = {}, .dataset = dataset, .cases = std::move(cases)};
    cohort.title = fmt::format("{} phantoms {}", cohort.cases.size(), what);
    data.cohorts.push_back(std::move(cohort));
  };
  add("validation", "without cysts", train.output, std::move(validation));
  add("test", "without cysts, of other patients", test.output, write_phantom_cohort(test, progress));
  add("clinical", "with cysts", clinical.output, write_phantom_cohort(clinical, progress));
  return data;
}

}  // namespace

std::filesystem::path CohortData::image(const std::string& name) const {
  return dataset / "imagesTr" / (name + "_0000" + file_ending);
}

std::filesystem::path CohortData::labels(const std::string& name) const {
  return dataset / "labelsTr" / (name + file_ending);
}

ExperimentData experiment_data(const ReproduceRequest& request, Progress* progress) {
  const bool phantoms =
      request.train_data.empty() && request.test_data.empty() && request.clinical_data.empty();
  return phantoms ? phantom_data(request, progress) : real_data(request);
}

}  // namespace hepar
