// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/slice_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"

namespace hepar::dicom {
namespace {

constexpr double kSamePlaceMm = 0.1;

bool differ(const FileHeader& a, const FileHeader& b) {
  if ((a.plane->position_mm - b.plane->position_mm).norm() > kSamePlaceMm) return true;
  const auto area = static_cast<std::size_t>(a.plane->rows * a.plane->columns);
  std::vector<float> first(area), second(area);
  read_hu(a, first);
  read_hu(b, second);
  return first != second;
}

}  // namespace

std::vector<SlicePlane> checked_planes(const std::vector<FileHeader>& slices) {
  std::vector<SlicePlane> planes;
  for (const FileHeader& slice : slices) {
    if (slice.patient_key != slices.front().patient_key) {
      throw Error(ErrorCode::kInvalidInput,
                  "the slices of the series belong to more than one patient; sort them first");
    }
    if (slice.plane || slice.multi_frame) check_pixels(slice);
    if (!slice.plane) {
      throw Error(ErrorCode::kCorrupt,
                  fmt::format("{} does not say where its slice lies: position, orientation, pixel spacing, "
                              "rows or columns are missing or damaged",
                              slice.file.string()));
    }
    planes.push_back(*slice.plane);
  }
  return planes;
}

void check_one_origin(const std::vector<FileHeader>& slices, const SliceStack& stack) {
  std::set<std::string> frames, studies;
  for (const std::size_t n : stack.order) {
    frames.insert(slices[n].frame_of_reference_uid);
    studies.insert(slices[n].study_uid);
  }
  if (frames.size() == 1 && studies.size() == 1) return;
  throw Error(
      ErrorCode::kInvalidInput,
      fmt::format("the {} slices of the series state {} frames of reference and {} studies, where one "
                  "of each is wanted; separate what does not belong together first",
                  stack.order.size(), frames.size(), studies.size()));
}

void check_duplicates(const std::vector<FileHeader>& slices, const SliceStack& stack) {
  std::vector<char> differs(stack.duplicates.size());
  parallel_for(std::ssize(differs), [&](std::int64_t index) {
    const auto n = static_cast<std::size_t>(index);
    const auto [used, left_out] = stack.duplicates[n];
    differs[n] = differ(slices[used], slices[left_out]) ? 1 : 0;
  });
  if (const auto count = std::ranges::count(differs, 1); count > 0) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} slices of the series lie where another one does, but show something else "
                            "(several phases in one series?); separate them first",
                            count));
  }
}

std::int64_t repeated_instances(const std::vector<FileHeader>& slices, const SliceStack& stack) {
  std::set<std::string> seen;
  return std::ranges::count_if(stack.order, [&](std::size_t n) {
    const std::string& uid = slices[n].sop_instance_uid;
    return !uid.empty() && !seen.insert(uid).second;
  });
}

}  // namespace hepar::dicom
