// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <new>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/parallel.h"
#include "hepar/core/version.h"
#include "hepar/train/train.h"

namespace hepar {
namespace {

volatile std::sig_atomic_t stop_requested = 0;

struct Request {
  std::filesystem::path preprocessed, run;
  TrainOptions options;
  std::int64_t report_every = 10;
  int threads = 0;
  bool quiet = false;
};

// Prints a line now and then, and keeps RUN/metrics.jsonl: one JSON object a line.
class LogWriter final : public TrainingObserver {
 public:
  explicit LogWriter(const Request& request) : request_(request) {
    make_folder(request.run);
    const auto path = request.run / "metrics.jsonl";
    metrics_.open(path, request.options.resume ? std::ios::app : std::ios::trunc);
    if (!metrics_) throw Error(ErrorCode::kMissing, fmt::format("{} can't be written.", path.string()));
  }

  void step_done(const TrainingStep& step) override {
    loss_sum_ += step.loss;
    seconds_ += step.seconds;
    ++count_;
    const std::int64_t total = request_.options.iterations;
    if (step.iteration % request_.report_every != 0 && step.iteration != total) return;
    const double loss = loss_sum_ / static_cast<double>(count_);
    const double seconds = seconds_ / static_cast<double>(count_);
    metrics_ << fmt::format(
                    R"({{"iteration": {}, "loss": {:.6f}, "learning_rate": {:.3e}, "seconds": {:.3f}}})",
                    step.iteration, loss, step.learning_rate, seconds)
             << std::endl;
    if (!request_.quiet) {
      fmt::print("iteration {} of {}, loss {:.4f}, {:.2f} s each, {:.0f} min left\n", step.iteration, total,
                 loss, seconds, seconds * static_cast<double>(total - step.iteration) / 60);
      std::fflush(stdout);
    }
    loss_sum_ = seconds_ = 0;
    count_ = 0;
  }

  void validated(std::int64_t iteration, const std::vector<ValidationScore>& scores) override {
    std::string json = fmt::format(R"({{"iteration": {})", iteration);
    std::string line = fmt::format("iteration {}, validation DSC", iteration);
    for (const ValidationScore& score : scores) {
      json += fmt::format(R"(, "dsc_{}": {:.4f})", score.region, score.dsc);
      line += fmt::format(" {} {:.3f} ({} cases)", score.region, score.dsc, score.cases);
    }
    metrics_ << json << "}" << std::endl;
    if (!request_.quiet) fmt::print("{}\n", line);
  }

  bool cancelled() const override { return stop_requested != 0; }

 private:
  const Request& request_;
  std::ofstream metrics_;
  double loss_sum_ = 0, seconds_ = 0;
  int count_ = 0;
};

void bind(CLI::App& app, Request& request) {
  TrainOptions& options = request.options;
  app.add_option("PREPROCESSED", request.preprocessed, "Folder that `hepar train` makes of a dataset")
      ->required();
  app.add_option("-o,--output", request.run, "Model folder to write")->required();
  app.add_option("--iterations", options.iterations, "Optimiser steps")->capture_default_str();
  app.add_option("--learning-rate", options.learning_rate, "Adam's step size at the start")
      ->capture_default_str();
  app.add_option("--batch", options.batch_size, "Patches per step; default as planned");
  app.add_option("--seed", options.seed, "Same seed, data and threads: same weights")->capture_default_str();
  app.add_option("--init", options.initial_model, "Model folder whose weights to start from");
  app.add_option("--checkpoint-every", options.checkpoint_every, "Steps between checkpoints and validations")
      ->capture_default_str();
  app.add_option("--report-every", request.report_every, "Steps between progress lines")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  app.add_option("--threads", request.threads, "Threads; default: all processors")
      ->check(CLI::Range(1, 1024));
  app.add_flag("--bfloat16", options.bfloat16,
               "Convolutions in bfloat16; for processors with AVX512_BF16 or AMX");
  app.add_flag("--resume", options.resume, "Go on from the run's last checkpoint");
  app.add_flag("--quiet", request.quiet, "No progress lines");
}

int run(int argc, char** argv) {
  CLI::App app("hepar-train trains a segmentation network.\nFor research; not a medical device.",
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
  LogWriter log(request);
  train(request.preprocessed, request.run, request.options, log);
  return 0;
}

}  // namespace
}  // namespace hepar

int main(int argc, char** argv) {
  const auto request_stop = [](int) { hepar::stop_requested = 1; };
  std::signal(SIGINT, request_stop);
  std::signal(SIGTERM, request_stop);
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
