// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <new>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/core/version.h"
#include "progress_lines.h"
#include "recipe_options.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;

volatile std::sig_atomic_t stop_requested = 0;

struct Request {
  fs::path preprocessed, output, resumed, splits, initial_model;
  std::string configuration = "3d_fullres";
  TrainOptions options;
  RecipeOptions recipe;
  int threads = 0;
  bool quiet = false;
};

void bind(CLI::App& app, Request& request) {
  TrainOptions& options = request.options;
  auto* preprocessed =
      app.add_option("PREPROCESSED", request.preprocessed,
                     "Folder of `hepar preprocess` or `hepar train`: plans.json, cases/, ...");
  auto* output = app.add_option("-o,--output", request.output, "Model folder to write")->needs(preprocessed);
  preprocessed->needs(output);
  auto* resume = app.add_option("--resume", request.resumed, "Model folder whose training goes on");
  resume->excludes(preprocessed)->excludes(output);
  app.add_option("--fold", options.fold, "Fold of the splits, or all")->capture_default_str();
  app.add_option("--splits", request.splits,
                 "File with the folds; default: splits_final.json in RUN, else in PREPROCESSED")
      ->excludes(resume);
  app.add_option("--configuration", request.configuration, "Configuration of plans.json")
      ->capture_default_str()
      ->excludes(resume);
  app.add_option("--init", request.initial_model,
                 "Model folder, of Hepar or nnU-Net, whose weights to start from")
      ->excludes(resume);
  app.add_option("--device", options.device, "cpu, cuda or cuda:N")->capture_default_str();
  app.add_option(
         "--kernels", options.kernels,
         "hepar or libtorch: whose loops train on a CPU in float32; default: hepar's, the faster, where "
         "they are built in and can, else LibTorch's. Results agree but for rounding")
      ->check(CLI::IsMember({"hepar", "libtorch"}).description(""))
      ->type_name("");
  app.add_option("--workers", options.workers,
                 "Threads that draw and augment patches; default: by the device")
      ->check(CLI::Range(1, 1024));
  app.add_option("--threads", request.threads, "Threads of the network; default: all processors")
      ->check(CLI::Range(1, 1024));
  app.add_flag("--quiet", request.quiet, "No progress lines");
  request.recipe.bind(app);
  app.get_option("--config")->excludes(resume);
}

// What to train: told by options, or by the run that goes on.
void complete(Request& request) {
  TrainOptions& options = request.options;
  if (!request.resumed.empty()) {
    options.run = request.resumed;
    options.resume = true;
    options.record = read_training_record(options.run / ("fold_" + options.fold));
    options.record.recipe = request.recipe.applied_to(options.record.recipe);
    return;
  }
  if (request.preprocessed.empty()) {
    throw Error(ErrorCode::kInvalidInput,
                "there is nothing to train on; give PREPROCESSED -o RUN, or --resume RUN");
  }
  options.run = request.output;
  TrainingRecord& record = options.record;
  record.preprocessed = fs::absolute(request.preprocessed).lexically_normal();
  record.configuration = request.configuration;
  const fs::path of_run = options.run / "splits_final.json";
  if (request.splits.empty())
    request.splits = fs::exists(of_run) ? of_run : record.preprocessed / "splits_final.json";
  record.split = read_split(request.splits, options.fold);
  if (!request.initial_model.empty()) record.initial_model = fs::absolute(request.initial_model);
  record.recipe = request.recipe.recipe();
}

int run(int argc, char** argv) {
  CLI::App app(
      "hepar-train trains a segmentation network on preprocessed cases.\n"
      "Several processes, started by mpirun, srun or with RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT in "
      "the\n"
      "environment, share each batch.\nFor research; not a medical device.",
      "hepar-train");
  app.set_version_flag("--version", fmt::format("hepar-train {}", version()));
  Request request;
  bind(app, request);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "hepar-train: {}\nRun `hepar-train --help` for what is possible.\n", error.what());
    return exit_status(ErrorCode::kInvalidInput);
  }
  if (request.threads > 0) set_thread_count(request.threads);
  complete(request);
  request.options.processes = process_group_of_environment();
  ProgressLines lines(request.options, request.quiet || request.options.processes.rank != 0,
                      [] { return stop_requested != 0; });
  train(request.options, lines);
  return 0;
}

}  // namespace
}  // namespace hepar

int main(int argc, char** argv) {
  const auto request_stop = [](int) { hepar::stop_requested = 1; };
  std::signal(SIGINT, request_stop);
  std::signal(SIGTERM, request_stop);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return hepar::run(argc, argv);
  } catch (const hepar::Error& error) {
    fmt::print(stderr, "hepar-train: {}\n", error.what());
    return hepar::exit_status(error.code());
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "hepar-train: the memory is used up; train with a smaller --batch\n");
    return hepar::exit_status(hepar::ErrorCode::kExhausted);
  } catch (const std::exception& error) {
    fmt::print(stderr, "hepar-train: internal error: {}\n", error.what());
    return hepar::exit_status(hepar::ErrorCode::kInternal);
  }
}
