// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/predict.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <optional>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/output_folder.h"
#include "hepar/core/version.h"
#include "hepar/io/image_io.h"
#include "hepar/pipeline/case_properties.h"
#include "hepar/pipeline/channel_files.h"
#include "hepar/pipeline/liver_search.h"
#include "hepar/pipeline/model_stages.h"
#include "hepar/pipeline/postprocessing.h"
#include "hepar/pipeline/probability_file.h"
#include "hepar/pipeline/stage_clock.h"
#include "hepar/plan/preprocess.h"
#include "hepar/volume/reorient.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {
using Json = nlohmann::ordered_json;

bool is_nifti(const std::string& ending) { return ending == ".nii" || ending == ".nii.gz"; }

// One case after another through a loaded model.
class FolderPrediction {
 public:
  FolderPrediction(const PredictRequest& request, const EngineFactory& make_engine)
      : request_(request), stages_(load_stages(request, make_engine)) {
    if (!request.postprocessing.empty()) postprocessing_ = read_postprocessing(request.postprocessing);
  }

  const DatasetLabels& labels() const { return stages_.model.folder().labels; }
  std::string result_ending() const {
    return is_nifti(labels().file_ending) ? labels().file_ending : ".nii.gz";
  }

  PredictedCase predict(const ChannelFiles& files, Progress* progress) const {
    PredictedCase done;
    done.name = files.name;
    done.kept = request_.keep_existing && fs::exists(request_.output / (files.name + result_ending()));
    if (done.kept) return done;
    try {
      predict_case(files, done, progress);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kCancelled || error.code() == ErrorCode::kInternal) throw;
      done.fault = error.what();
    } catch (const std::bad_alloc&) {
      done.fault = "not enough memory for this case; close other programs or use a machine with more";
    } catch (const fs::filesystem_error& error) {
      done.fault = error.what();
    }
    return done;
  }

 private:
  static ModelStages load_stages(const PredictRequest& request, const EngineFactory& make_engine) {
    if (request.previous_stage.empty())
      return load_model_stages(request.model, make_engine, request.selection);
    ModelStages stages{load_model(request.model, make_engine, request.selection), {}};
    if (stages.model.folder().plan.previous_stage.empty()) {
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("{} is no cascade, so --previous-stage has no use", request.model.string()));
    }
    return stages;
  }

  void predict_case(const ChannelFiles& files, PredictedCase& done, Progress* progress) const {
    StageClock clock;
    clock.start("read");
    const LoadedChannels image = read_channels(
        files, stages_.model.folder().plan.normalization_schemes.size(),
        // nibabel looks at spacings alone, SimpleITK refuses such files.
        {.accept_skewed_directions = request_.accept_skewed_directions ||
                                     stages_.model.folder().plan.image_reader.starts_with("Nibabel")});
    done.notes = image.notes;
    std::optional<WideLabelMap> earlier = read_earlier(files.name, image.channels.front().geometry());
    clock.start("predict");
    OutputFolder out(request_.output);
    std::unique_ptr<ProbabilityFile> probabilities = make_probabilities(image, out.staging());
    ProbabilitySink sink;
    if (probabilities)
      sink = [&](std::int64_t d, std::span<const float> plane) { probabilities->set_plane(d, plane); };
    SearchRecord record;
    PredictOptions options = request_.options;
    options.record = &record;
    WideLabelMap labels =
        predict_stages(stages_, image.channels, options, progress, earlier ? &*earlier : nullptr, sink);
    if (std::string note = search_note(record); !note.empty()) done.notes.push_back(std::move(note));
    if (postprocessing_) postprocess(labels, *postprocessing_);
    clock.start("write");
    write_labels(out.staging() / (files.name + result_ending()), labels);
    if (probabilities) {
      probabilities->write_npz(out.staging() / (files.name + ".npz"));
      probabilities.reset();
      write_properties(out.staging() / (files.name + ".pkl"), image, done);
    }
    out.commit();
    clock.stop();
    done.timings_s = clock.seconds();
  }

  // The earlier stage's labels where the user has them.
  std::optional<WideLabelMap> read_earlier(const std::string& name, const Geometry& grid) const {
    if (request_.previous_stage.empty()) return {};
    LabelImage image = read_labels(request_.previous_stage / (name + result_ending()));
    lay_onto(image.voxels, grid);
    WideLabelMap wide(grid);
    std::copy(image.voxels.voxels().begin(), image.voxels.voxels().end(), wide.voxels().begin());
    return wide;
  }

  void write_properties(const fs::path& file, const LoadedChannels& image, PredictedCase& done) const {
    const ModelPlan& plan = stages_.model.folder().plan;
    if (plan.orientation.empty()) return write_case_properties(file, plan, image.channels);
    done.notes.push_back(fmt::format("{} is not written: the model's reader {} turns images around",
                                     file.filename().string(), plan.image_reader));
  }

  std::unique_ptr<ProbabilityFile> make_probabilities(const LoadedChannels& image,
                                                      const fs::path& folder) const {
    if (!request_.save_probabilities) return nullptr;
    const ModelPlan& plan = stages_.model.folder().plan;
    const Int3 size =
        reorient(image.channels.front().geometry(), network_order(image.channels.front().geometry(), plan))
            .size;
    return std::make_unique<ProbabilityFile>(folder, plan.network.heads, Kernel3{size.k, size.j, size.i},
                                             plan.transpose_forward);
  }

  const PredictRequest& request_;
  ModelStages stages_;
  std::optional<Postprocessing> postprocessing_;
};

std::string timings_text(const std::map<std::string, double>& timings_s) {
  double sum = 0;
  for (const auto& [stage, seconds] : timings_s) sum += seconds;
  return fmt::format("{:.1f} s", sum);
}

}  // namespace

PredictResult predict_folder(const PredictRequest& request, const EngineFactory& make_engine,
                             Progress* progress) {
  const FolderPrediction prediction(request, make_engine);
  const std::vector<ChannelFiles> cases = find_channel_files(request.input, prediction.labels().file_ending);
  PredictResult result;
  if (prediction.result_ending() != prediction.labels().file_ending) {
    result.notes.push_back(
        fmt::format("label maps are written as NAME{}, not NAME{}: Hepar writes NIfTI only",
                    prediction.result_ending(), prediction.labels().file_ending));
  }
  make_folder(request.output);
  for (const char* file : {"dataset.json", "plans.json"}) {
    write_text_file(request.output / file, read_text_file(request.model / file));
  }
  for (std::size_t n = 0; n < cases.size(); ++n) {
    report(progress, fmt::format("case {} of {}", n + 1, cases.size()), 0);
    result.cases.push_back(prediction.predict(cases[n], progress));
  }
  return result;
}

std::string predict_json(const PredictResult& result) {
  Json json{{"format", "hepar.predict/1"}, {"hepar", version()}, {"cases", Json::array()}};
  for (const PredictedCase& done : result.cases) {
    json["cases"].push_back({{"case", done.name},
                             {"kept", done.kept},
                             {"fault", done.fault.empty() ? Json(nullptr) : Json(done.fault)},
                             {"notes", done.notes},
                             {"timings_s", done.timings_s}});
  }
  json["notes"] = result.notes;
  return json.dump(1);
}

std::string predict_text(const PredictResult& result, const fs::path& output) {
  std::string text;
  for (const PredictedCase& done : result.cases) {
    const std::string outcome = !done.fault.empty() ? "not predicted: " + done.fault
                                : done.kept         ? std::string("was there already")
                                                    : timings_text(done.timings_s);
    text += fmt::format("{}: {}\n", done.name, outcome);
    for (const std::string& note : done.notes) text += fmt::format("  note: {}\n", note);
  }
  for (const std::string& note : result.notes) text += fmt::format("note: {}\n", note);
  return text + fmt::format("written to {}\n{}", output.string(), kDisclaimer);
}

}  // namespace hepar
