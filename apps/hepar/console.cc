// SPDX-License-Identifier: Apache-2.0
#include "console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>

namespace hepar {
namespace {

std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set from a signal handler");

std::string clock_text(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

void install_signal_handlers() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop_requested = true; };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
}

bool Console::cancelled() const { return stop_requested; }

void Console::update(std::string_view stage, double done) {
  if (quiet) return;
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  if (stage != stage_) {
    end_progress();
    stage_ = stage;
    stage_start_ = last_drawn_ = Clock::now();
    last_half_ = -1;
  }
  if (terminal) {
    draw_bar(done);
    return;
  }
  // A log file gets one line a stage, and one every further half for long stages.
  const int half = static_cast<int>(done * 2);
  const bool slow = Clock::now() - last_drawn_ > std::chrono::seconds(5);
  if (last_half_ < 0 || (half > last_half_ && half < 2 && slow)) {
    fmt::print(stderr, "{} {}\n", stage_, last_half_ < 0 ? "..." : "half done");
    last_half_ = half;
    last_drawn_ = Clock::now();
  }
}

void Console::draw_bar(double done) {
  const auto now = Clock::now();
  if (bar_shown_ && now - last_drawn_ < std::chrono::milliseconds(100)) return;
  last_drawn_ = now;
  bar_shown_ = true;
  constexpr int kWidth = 30;
  const int filled = static_cast<int>(done * kWidth);
  const double elapsed_s = std::chrono::duration<double>(now - stage_start_).count();
  const std::string left =
      done > 0.02 && elapsed_s > 1 ? clock_text(elapsed_s * (1 - done) / done) + " left" : std::string();
  fmt::print(stderr, "\r\033[K{:<24} [{:#>{}}{:.>{}}] {:3.0f} % {}", stage_, "", filled, "", kWidth - filled,
             done * 100, left);
  std::fflush(stderr);
}

void Console::end_progress() {
  if (bar_shown_) fmt::print(stderr, "\r\033[K");
  bar_shown_ = false;
}

void Console::say(const std::string& line) {
  if (quiet) return;
  end_progress();
  fmt::print(json ? stderr : stdout, "{}\n", line);
}

void Console::note(const std::string& line) {
  if (quiet) return;
  end_progress();
  fmt::print(stderr, "note: {}\n", line);
}

void Console::result(const std::string& text) {
  end_progress();
  fmt::print(stdout, "{}\n", text);
}

}  // namespace hepar
