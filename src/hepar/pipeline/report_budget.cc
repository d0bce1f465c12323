// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/report_budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace hepar {
namespace {

std::size_t base64_bytes(std::size_t bytes) { return (bytes + 2) / 3 * 4; }

std::size_t stack_bytes(const ReportSliceStack& stack) {
  constexpr std::size_t kPointBytes = 8;  // of an outline, relative to the one before
  std::size_t bytes = 0;
  for (const ReportSlice& slice : stack.slices) {
    bytes += base64_bytes(slice.bytes.size());
    for (const ReportOutline& outline : slice.outlines) {
      for (const auto& loop : outline.loops) bytes += kPointBytes * loop.size();
    }
  }
  return bytes;
}

std::vector<ReportSliceStack*> stacks_of(ReportDocument& document) {
  std::vector<ReportSliceStack*> stacks;
  for (ReportCase& one : document.cases) {
    for (ReportLesion& lesion : one.lesions) stacks.push_back(&lesion.stack);
  }
  return stacks;
}

// Takes the slice that is farthest from the one first shown.
void take_outermost(ReportSliceStack& stack) {
  const bool below = stack.first_shown >= stack.slices.size() - 1 - stack.first_shown;
  if (below) {
    stack.slices.erase(stack.slices.begin());
    --stack.first_shown;
  } else {
    stack.slices.pop_back();
  }
}

}  // namespace

std::size_t picture_bytes(const ReportDocument& document) {
  std::size_t bytes = 0;
  for (const ReportSection& section : document.summary) {
    for (const ReportFigure& figure : section.figures) bytes += base64_bytes(figure.bytes.size());
  }
  for (const ReportCase& one : document.cases) {
    for (const ReportLesion& lesion : one.lesions) bytes += stack_bytes(lesion.stack);
  }
  return bytes;
}

std::string trim_slices(ReportDocument& document, std::size_t most_bytes) {
  std::vector<ReportSliceStack*> stacks = stacks_of(document);
  std::size_t bytes = picture_bytes(document), longest = 0, taken = 0, emptied = 0;
  const auto shrink = [&](ReportSliceStack& stack, const auto& change) {
    bytes -= stack_bytes(stack);
    change(stack);
    bytes += stack_bytes(stack);
  };
  for (const ReportSliceStack* stack : stacks) longest = std::max(longest, stack->slices.size());
  for (; bytes > most_bytes && longest > 1; --longest) {
    for (ReportSliceStack* stack : stacks) {
      if (stack->slices.size() < longest) continue;
      shrink(*stack, take_outermost);
      ++taken;
    }
  }
  for (auto stack = stacks.rbegin(); stack != stacks.rend() && bytes > most_bytes; ++stack) {
    if ((*stack)->slices.empty()) continue;
    shrink(**stack, [](ReportSliceStack& whole) { whole.slices.clear(), whole.first_shown = 0; });
    ++emptied;
  }
  if (taken + emptied == 0) return {};
  return fmt::format("To keep this page below {:.1f} MB, {} slices were left out{}; --max-mb allows more.",
                     static_cast<double>(most_bytes) / 1e6, taken + emptied,
                     emptied > 0 ? fmt::format(", and {} lesions have none", emptied) : std::string());
}

}  // namespace hepar
