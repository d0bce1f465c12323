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

TrimmedSlices trim_slices(ReportDocument& document, std::size_t bytes) {
  const std::vector<ReportSliceStack*> stacks = stacks_of(document);
  TrimmedSlices taken;
  std::size_t saved = 0, longest = 0;
  const auto shrink = [&](ReportSliceStack& stack, const auto& change) {
    const std::size_t before = stack_bytes(stack), slices = stack.slices.size();
    change(stack);
    saved += before - stack_bytes(stack);
    taken.slices += slices - stack.slices.size();
  };
  for (const ReportSliceStack* stack : stacks) longest = std::max(longest, stack->slices.size());
  for (; saved < bytes && longest > 1; --longest) {
    for (ReportSliceStack* stack : stacks) {
      if (stack->slices.size() == longest) shrink(*stack, take_outermost);
    }
  }
  for (auto stack = stacks.rbegin(); stack != stacks.rend() && saved < bytes; ++stack) {
    if ((*stack)->slices.empty()) continue;
    shrink(**stack, [](ReportSliceStack& whole) { whole.slices.clear(), whole.first_shown = 0; });
    ++taken.bare_lesions;
  }
  return taken;
}

void fit_page(ReportDocument& document, std::size_t most_bytes) {
  TrimmedSlices all;
  std::size_t size = report_html(document).size();
  while (size > most_bytes) {
    const TrimmedSlices taken = trim_slices(document, size - most_bytes);
    if (taken.slices == 0) break;
    all.slices += taken.slices, all.bare_lesions += taken.bare_lesions;
    size = report_html(document).size();
  }
  if (all.slices == 0 || document.summary.empty()) return;
  document.summary.front().paragraphs.push_back(fmt::format(
      "To keep this page to {:.1f} MB, {} slices were left out{}; --max-mb allows more.",
      static_cast<double>(most_bytes) / 1e6, all.slices,
      all.bare_lesions > 0 ? fmt::format(", and {} lesions have none", all.bare_lesions) : std::string()));
}

}  // namespace hepar
