// SPDX-License-Identifier: Apache-2.0
#include "hepar/report/svg_path.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "hepar/core/error.h"

namespace hepar {
namespace {

// Tenths of a unit.
struct Step {
  std::int64_t x = 0, y = 0;
};

std::int64_t tenths(double value) {
  HEPAR_EXPECT(std::isfinite(value), "an outline has a point that is not finite");
  return std::llround(value * 10);
}

bool same_direction(Step a, Step b) { return a.x * b.y == a.y * b.x && a.x * b.x + a.y * b.y > 0; }

// The first point, then the steps from point to point.
std::vector<Step> steps_of(std::span<const ReportPoint> points) {
  std::vector<Step> steps;
  Step at;
  for (const ReportPoint& point : points) {
    const Step next{tenths(point.x), tenths(point.y)};
    const Step step{next.x - at.x, next.y - at.y};
    at = next;
    if (steps.size() > 1 && same_direction(steps.back(), step)) {
      steps.back() = {steps.back().x + step.x, steps.back().y + step.y};
    } else if (steps.empty() || step.x != 0 || step.y != 0) {
      steps.push_back(step);
    }
  }
  return steps;
}

class PathWriter {
 public:
  void command(char letter) {
    if (letter == letter_) return;
    letter_ = letter;
    text_ += letter;
    needs_space_ = had_point_ = false;
  }
  void number(std::int64_t value) {
    const std::int64_t size = std::abs(value), whole = size / 10, tenth = size % 10;
    const bool begins_with_point = whole == 0 && tenth != 0;
    if (needs_space_ && value >= 0 && !(begins_with_point && had_point_)) text_ += ' ';
    if (value < 0) text_ += '-';
    if (!begins_with_point) text_ += std::to_string(whole);
    if (tenth != 0) text_ += {'.', static_cast<char>('0' + tenth)};
    needs_space_ = true;
    had_point_ = tenth != 0;
  }
  void step(Step step) {
    command(step.y == 0 ? 'h' : step.x == 0 ? 'v' : 'l');
    if (step.x != 0) number(step.x);
    if (step.y != 0) number(step.y);
  }
  std::string text() && { return std::move(text_); }

 private:
  std::string text_;
  char letter_ = 0;
  bool needs_space_ = false, had_point_ = false;
};

}  // namespace

std::string svg_path(std::span<const ReportPoint> points, PathEnd end) {
  const std::vector<Step> steps = steps_of(points);
  if (steps.empty()) return {};
  PathWriter writer;
  writer.command('M');
  writer.number(steps[0].x);
  writer.number(steps[0].y);
  for (std::size_t n = 1; n < steps.size(); ++n) writer.step(steps[n]);
  if (end == PathEnd::kClosed) writer.command('z');
  return std::move(writer).text();
}

}  // namespace hepar
