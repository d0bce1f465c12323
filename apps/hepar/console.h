// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "hepar/core/progress.h"

namespace hepar {

// How a command talks: a progress bar with stage and time left on a terminal, plain lines otherwise,
// nothing with --quiet. Results go to stdout; with --json stdout carries the document alone and all
// else goes to stderr.
class Console final : public Progress {
 public:
  bool quiet = false;
  bool json = false;

  void update(std::string_view stage, double done) override;
  bool cancelled() const override;

  void say(const std::string& line);     // part of the summary
  void note(const std::string& line);    // something the user should know, on stderr
  void result(const std::string& text);  // the JSON document
  void end_progress();                   // clears the bar

 private:
  using Clock = std::chrono::steady_clock;
  void draw_bar(double done);
  std::string stage_;
  Clock::time_point stage_start_, last_drawn_;
  int last_half_ = -1;
  bool bar_shown_ = false;
};

// Makes Ctrl-C and SIGTERM stop the work at its next progress report, and writes beyond a file size
// limit or into a closed pipe fail with an error instead of killing the process.
void install_signal_handlers();

}  // namespace hepar
