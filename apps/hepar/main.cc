// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <new>
#include <vector>

#include "command.h"
#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/core/version.h"
#include "nearest_name.h"

namespace hepar {
namespace {

constexpr std::array kCommands{
    &make_series_command,     &make_segment_command, &make_predict_command,   &make_model_command,
    &make_filter_command,     &make_convert_command, &make_calibrate_command, &make_evaluate_command,
    &make_report_command,     &make_leakage_command, &make_reproduce_command, &make_import_command,
    &make_deidentify_command, &make_phantom_command, &make_plan_command,      &make_preprocess_command,
    &make_train_command,      &make_demo_command,    &make_bench_command};  // = help order

std::string footer(const Command& command) {
  std::string text;
  for (const std::string& definition : command.definitions) text += definition + "\n";
  for (const std::string& source : command.sources) text += "Source: " + source + "\n";
  return text + "For research; not a medical device.";
}

// What CLI11 says of a mistyped option, with the option that was probably meant.
std::string describe(const CLI::ParseError& error, CLI::App& app) {
  std::string text = error.what();
  CLI::App* used = &app;
  while (!used->get_subcommands().empty()) used = used->get_subcommands().front();
  std::vector<std::string> names;
  for (const CLI::Option* option : used->get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  for (const CLI::App* command : used->get_subcommands(nullptr)) names.push_back(command->get_name());
  for (const std::string& extra : app.remaining(true)) {
    if (const auto nearest = nearest_name(extra, names)) text += fmt::format("; did you mean {}?", *nearest);
  }
  return text;
}

// What the options of all commands are bound to.
struct Parsed {
  Console console;
  int threads = 0;
  const Command* chosen = nullptr;
};

void add_command(CLI::App& parent, const Command& command, Parsed& parsed) {
  CLI::App* sub = parent.add_subcommand(command.name, command.summary);
  sub->footer(footer(command));
  for (const Command& inner : command.subcommands) add_command(*sub, inner, parsed);
  command.bind(*sub);
  sub->add_flag("--json", parsed.console.json, "Print the result as JSON on stdout, all else on stderr");
  sub->add_flag("--quiet", parsed.console.quiet, "No progress, no summary");
  sub->add_option("--threads", parsed.threads, "Threads; default: all processors")
      ->check(CLI::Range(1, 1024));
  // A command's own callback comes after that of its subcommand.
  sub->callback([sub, &parsed, &command] {
    if (sub->get_subcommands().empty()) parsed.chosen = &command;
  });
}

int run(int argc, char** argv) {
  CLI::App app(
      "Hepar contours the liver, its tumours and its cysts on CT.\nFor research; not a medical device.",
      "hepar");
  app.set_version_flag("--version", fmt::format("hepar {}", version()));
  app.require_subcommand(1);
  Parsed parsed;
  std::vector<Command> commands;
  for (const auto& make : kCommands) commands.push_back(make());
  for (const Command& command : commands) add_command(app, command, parsed);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "hepar: {}\nRun `hepar --help` or `hepar COMMAND --help` for what is possible.\n",
               describe(error, app));
    return exit_status(ErrorCode::kInvalidInput);
  }
  try {
    if (parsed.threads > 0) set_thread_count(parsed.threads);
    parsed.chosen->run(parsed.console);
    return 0;
  } catch (...) {
    parsed.console.end_progress();
    throw;
  }
}

}  // namespace
}  // namespace hepar

int main(int argc, char** argv) {
  using hepar::ErrorCode;
  hepar::install_signal_handlers();
  try {
    return hepar::run(argc, argv);
  } catch (const hepar::Error& error) {
    fmt::print(stderr, "hepar: {}\n", error.what());
    return hepar::exit_status(error.code());
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "hepar: the memory is used up; close other programs or use a machine with more\n");
    return hepar::exit_status(ErrorCode::kExhausted);
  } catch (const std::exception& error) {
    fmt::print(stderr, "hepar: internal error: {}\n", error.what());
    return hepar::exit_status(ErrorCode::kInternal);
  }
}
