// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "console.h"

namespace CLI {
class App;
}

namespace hepar {

// One verb of the program: its options are bound to a request that `run` then carries out. Errors leave
// as hepar::Error and are printed in main.
struct Command {
  std::string name;
  std::string summary;               // one line of `hepar --help`
  std::vector<std::string> sources;  // where the method comes from, shown by `hepar NAME --help`
  std::function<void(CLI::App&)> bind;
  std::function<void(Console&)> run;
  std::vector<std::string> definitions = {};  // of what it measures, a line each, before the sources
  std::vector<Command> subcommands = {};      // verbs of its own, such as `phantom insert`
};

Command make_segment_command();
Command make_predict_command();
Command make_model_command();
Command make_filter_command();
Command make_convert_command();
Command make_calibrate_command();
Command make_evaluate_command();
Command make_report_command();
Command make_reproduce_command();
Command make_leakage_command();
Command make_phantom_command();
Command make_deidentify_command();
Command make_demo_command();
Command make_plan_command();
Command make_preprocess_command();
Command make_train_command();
Command make_import_command();
Command make_series_command();
Command make_bench_command();

}  // namespace hepar
