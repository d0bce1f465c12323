// SPDX-License-Identifier: Apache-2.0
#include "progress_lines.h"

#include <fmt/format.h>

#include <cstdio>

namespace hepar {
namespace {

constexpr std::chrono::seconds kBetweenLines{30};

std::string duration(double seconds) {
  if (seconds < 100) return fmt::format("{:.0f} s", seconds);
  if (seconds < 6000) return fmt::format("{:.0f} min", seconds / 60);
  return seconds < 200 * 3600 ? fmt::format("{:.1f} h", seconds / 3600)
                              : fmt::format("{:.0f} days", seconds / 86400);
}

}  // namespace

ProgressLines::ProgressLines(const TrainOptions& options, bool quiet, std::function<bool()> cancelled)
    : options_(options), quiet_(quiet), cancelled_(std::move(cancelled)) {}

void ProgressLines::say(const std::string& line) const {
  if (quiet_) return;
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

void ProgressLines::note(const std::string& sentence) {
  if (options_.processes.rank == 0) fmt::print(stderr, "note: {}\n", sentence);
}

void ProgressLines::iteration_done(const IterationReport& report) {
  if (Clock::now() - last_line_ < kBetweenLines) return;
  last_line_ = Clock::now();
  say(fmt::format("epoch {}: iteration {} of {}, loss {:.4f}, {:.2f} s each", report.epoch, report.iteration,
                  options_.record.recipe.iterations, report.loss, report.seconds));
}

void ProgressLines::epoch_done(const EpochReport& report) {
  last_line_ = Clock::now();
  epoch_seconds_ += report.seconds;
  ++epoch_count_;
  const double each = epoch_seconds_ / static_cast<double>(epoch_count_);
  std::string line = fmt::format("epoch {} of {}: loss {:.4f}", report.epoch, report.epochs, report.loss);
  if (report.validation_loss) line += fmt::format(", validation {:.4f}", *report.validation_loss);
  if (report.pseudo_dice) line += fmt::format(", pseudo-Dice {:.3f}", *report.pseudo_dice);
  for (const auto& [name, dice] : report.class_dice) {
    if (dice) line += fmt::format(" {} {:.3f}", name, *dice);
  }
  if (report.best) line += " (best)";
  line += fmt::format(", {}, {} left, {:.1f} % waiting for data", duration(report.seconds),
                      duration(each * static_cast<double>(report.epochs - report.epoch)),
                      100 * report.waiting_share);
  say(line);
}

void ProgressLines::validated(const Validation& validation) {
  say(fmt::format("Validation on the preprocessed grid:\n{}", validation_text(validation)));
}

}  // namespace hepar
