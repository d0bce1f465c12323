// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/phantom_cohort.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/dicom/ct_writer.h"
#include "hepar/digest/sha256.h"
#include "hepar/io/image_io.h"
#include "hepar/pipeline/truth_json.h"

namespace hepar {
namespace {
using nlohmann::ordered_json;

// Equal for equal CTs alone.
std::string uid_seed_of(const CtVolume& ct) {
  const auto bytes = std::as_bytes(ct.voxels());
  return sha256_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string dataset_json(std::int64_t cases) {
  // Order matters to nnU-Net: output channel n is the n-th region.
  const ordered_json document = {
      {"channel_names", {{"0", "CT"}}},
      {"labels", {{"background", 0}, {"liver", {1, 2, 3}}, {"tumour", 2}}},
      {"regions_class_order", {1, 2}},
      {"numTraining", cases},
      {"file_ending", ".nii.gz"},
      {"description", "Hepar phantoms: synthetic CT, no patient data; label 3 is cyst"}};
  return document.dump(2) + "\n";
}

}  // namespace

std::string phantom_case_name(std::int64_t index) { return fmt::format("phantom_{:03}", index); }

std::vector<std::string> write_phantom_cohort(const PhantomCohortRequest& request, Progress* progress) {
  if (request.cases < 1) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} cases were asked for; give 1 or more", request.cases));
  }
  const auto images = request.output / "imagesTr", labels = request.output / "labelsTr";
  make_folder(images);
  make_folder(labels);
  std::vector<TruthCase> cases;
  std::vector<std::string> names;
  for (std::int64_t index = request.first_case; std::ssize(names) < request.cases; ++index) {
    report(progress, "making phantoms",
           static_cast<double>(names.size()) / static_cast<double>(request.cases));
    const Phantom phantom = make_phantom(request.options, request.seed, index);
    const auto truth = phantom.labels.voxels();
    if (request.only_with_tumour && std::find(truth.begin(), truth.end(), kTumour) == truth.end()) continue;
    names.push_back(phantom_case_name(index));
    write_ct(images / (names.back() + "_0000.nii.gz"), phantom.ct);
    write_labels(labels / (names.back() + ".nii.gz"), phantom.labels);
    if (request.dicom) {
      write_ct_series(request.output / "dicom" / names.back(), phantom.ct,
                      {.patient_id = names.back(),
                       .patient_name = "Phantom",
                       .series_description = "Hepar phantom, no patient",
                       .uid_seed = uid_seed_of(phantom.ct)});
    }
    cases.push_back({names.back(), phantom.acquisition, {}, phantom.lesions, {}});
  }
  write_text_file(request.output / "dataset.json", dataset_json(request.cases));
  write_text_file(request.output / "truth.json", truth_json(request.seed, cases));
  report(progress, "making phantoms", 1.0);
  return names;
}

}  // namespace hepar
