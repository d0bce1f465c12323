// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/metrics_log.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "hepar/core/file.h"
#include "hepar/train/progress_chart.h"

namespace hepar {
namespace {

using Json = nlohmann::ordered_json;

std::string line_of(const EpochReport& report) {
  Json json{{"epoch", report.epoch},
            {"loss", report.loss},
            {"learning_rate", report.learning_rate},
            {"seconds", report.seconds},
            {"waiting_share", report.waiting_share}};
  if (report.validation_loss) json["validation_loss"] = *report.validation_loss;
  if (report.pseudo_dice) json["pseudo_dice"] = *report.pseudo_dice;
  if (report.pseudo_dice_average) json["pseudo_dice_ema"] = *report.pseudo_dice_average;
  for (const auto& [name, dice] : report.class_dice) {
    if (dice) json["class_dice"][name] = *dice;
  }
  if (report.best) json["best"] = true;
  return json.dump() + "\n";
}

}  // namespace

MetricsLog::MetricsLog(const std::filesystem::path& fold_folder, std::int64_t finished_epochs)
    : file_(fold_folder / "metrics.jsonl") {
  if (!std::filesystem::exists(file_)) return;
  std::istringstream lines(read_text_file(file_));
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::parse(line, nullptr, false);
    if (json.is_object() && json.value("epoch", std::int64_t{0}) <= finished_epochs) text_ += line + "\n";
  }
  write_text_file(file_, text_);
}

void MetricsLog::append(const EpochReport& report) {
  text_ += line_of(report);
  write_text_file(file_, text_);
  write_progress_chart(file_.parent_path());
}

}  // namespace hepar
