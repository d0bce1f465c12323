// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/parallel.h"
#include "hepar/dicom/attributes.h"
#include "hepar/dicom/dicom_output.h"
#include "hepar/dicom/frame_of_reference.h"
#include "hepar/dicom/packed_bits.h"
#include "hepar/dicom/referenced_ct.h"
#include "hepar/dicom/segmentation.h"
#include "hepar/dicom/segmentation_dataset.h"
#include "hepar/dicom/segmentation_frames.h"
#include "hepar/dicom/structure_set.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using dicom::kMaximumFraction;
using Bytes = std::vector<std::uint8_t>;

// Whether check(segment, k, frame or null) holds for every slice of every segment.
template <class Check>
bool agrees(const Segmentation& read, const dicom::SegmentationContent& content, const CtGrid& ct,
            const Check& check) {
  if (read.segments.size() != content.segments.size()) return false;
  std::atomic<bool> same = true;
  for (const Segment& segment : read.segments) {
    const auto frames = dicom::frames_by_slice(read, segment.number, ct.geometry);
    parallel_for(ct.geometry.size.k, [&](std::int64_t k) {
      if (!check(segment.number, k, frames[static_cast<std::size_t>(k)])) same = false;
    });
  }
  return same;
}

// Writes, reads back, compares, and only then puts the file in place.
template <class Check>
void write_checked(const fs::path& file, const dicom::SegmentationContent& content, const CtGrid& ct,
                   const DicomProfile& profile, const Check& check) {
  AtomicFile target(file);
  {
    DcmFileFormat format;
    dicom::fill_segmentation(*format.getDataset(), content, ct, profile);
    target.write(dicom::encoded_dicom(format, EXS_LittleEndianExplicit));
  }
  if (!agrees(read_segmentation(target.temporary()), content, ct, check)) {
    throw Error(ErrorCode::kInternal,
                fmt::format("{} was not written: read back, it differs from the masks", file.string()));
  }
  target.commit();
}

void check_grid(const Geometry& grid, const CtGrid& ct) {
  dicom::prepare_dcmtk();
  dicom::check_can_be_referenced(ct);
  if (const auto difference = grid_difference(grid, ct.geometry)) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the segmentation does not lie on the CT's grid: {}", *difference));
  }
  HEPAR_EXPECT(ct.slices.size() == static_cast<std::size_t>(ct.geometry.size.k), "one slice per k");
}

// The frames of all slices that make_frame(k) gives pixels for.
template <class MakeFrame>
void add_frames(int segment, std::int64_t slices, const MakeFrame& make_frame,
                std::vector<dicom::ContentFrame>& frames) {
  std::vector<Bytes> pixels(static_cast<std::size_t>(slices));
  parallel_for(slices, [&](std::int64_t k) { pixels[static_cast<std::size_t>(k)] = make_frame(k); });
  for (std::int64_t k = 0; k < slices; ++k) {
    Bytes& frame = pixels[static_cast<std::size_t>(k)];
    if (!frame.empty()) frames.push_back({segment, k, std::move(frame)});
  }
}

template <class T>
std::span<const T> slice_of(const Volume<T>& volume, std::int64_t k) {
  const auto area = static_cast<std::size_t>(volume.size().i * volume.size().j);
  return volume.voxels().subspan(static_cast<std::size_t>(k) * area, area);
}

dicom::SegmentationContent binary_content(const LabelMap& labels, const DicomProfile& profile,
                                          std::vector<std::string>& notes) {
  dicom::SegmentationContent content;
  for (const RoiStyle& roi : profile.rois) {
    const auto inside = label_set(roi);
    const std::size_t before = content.frames.size();
    add_frames(
        static_cast<int>(content.segments.size()) + 1, labels.size().k,
        [&](std::int64_t k) {
          const auto voxels = slice_of(labels, k);
          if (std::ranges::none_of(voxels, [&](std::uint8_t label) { return inside[label]; })) return Bytes();
          Bytes values(voxels.size());
          std::ranges::transform(voxels, values.begin(), [&](std::uint8_t label) { return inside[label]; });
          return dicom::pack_bits(values);
        },
        content.frames);
    if (content.frames.size() > before) {
      content.segments.push_back(roi);
    } else {
      notes.push_back(fmt::format("the structure '{}' has no voxels and was left out", roi.name));
    }
  }
  return content;
}

std::vector<std::string> notes_on(const CtGrid& ct) {
  const auto note = dicom::made_up_frame_note(ct, "SEG");
  return note ? std::vector{*note} : std::vector<std::string>();
}

}  // namespace

std::vector<std::string> write_segmentation(const fs::path& file, const LabelMap& labels, const CtGrid& ct,
                                            const DicomProfile& profile) {
  check_grid(labels.geometry(), ct);
  std::vector<std::string> notes = notes_on(ct);
  if (std::string note = labels_without_roi(labels, profile); !note.empty()) notes.push_back(std::move(note));
  const dicom::SegmentationContent content = binary_content(labels, profile, notes);
  if (content.segments.empty()) {
    throw Error(ErrorCode::kInvalidInput,
                "the label map holds no voxel of the profile's structures; there is nothing to write");
  }
  write_checked(file, content, ct, profile, [&](int segment, std::int64_t k, const SegmentFrame* frame) {
    const auto inside = label_set(content.segments[static_cast<std::size_t>(segment - 1)]);
    const auto wanted = slice_of(labels, k);
    Bytes values(frame == nullptr ? 0 : wanted.size());
    if (frame != nullptr) dicom::unpack_bits(frame->pixels, values);
    for (std::size_t n = 0; n < wanted.size(); ++n) {
      if ((frame != nullptr && values[n] != 0) != inside[wanted[n]]) return false;
    }
    return true;
  });
  return notes;
}

std::vector<std::string> write_fractional_segmentation(const fs::path& file, const Volume<float>& probability,
                                                       const RoiStyle& roi, const CtGrid& ct,
                                                       const DicomProfile& profile) {
  check_grid(probability.geometry(), ct);
  for (const float value : probability.voxels()) {
    if (value >= 0 && value <= 1) continue;
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("a probability is {}, which is not between 0 and 1", value));
  }
  dicom::SegmentationContent content{{roi}, {}, true};
  add_frames(
      1, probability.size().k,
      [&](std::int64_t k) {
        const auto voxels = slice_of(probability, k);
        Bytes values(voxels.size());
        std::ranges::transform(voxels, values.begin(), [](float value) {
          return static_cast<std::uint8_t>(value * kMaximumFraction + 0.5F);
        });
        return std::ranges::any_of(values, [](std::uint8_t value) { return value != 0; }) ? values : Bytes();
      },
      content.frames);
  if (content.frames.empty()) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the probability is below 1/{} everywhere; there is nothing to write",
                            2 * kMaximumFraction));
  }
  write_checked(file, content, ct, profile, [&](int, std::int64_t k, const SegmentFrame* frame) {
    constexpr float kHalfStep = 0.5F / kMaximumFraction + 1e-6F;
    const auto wanted = slice_of(probability, k);
    for (std::size_t n = 0; n < wanted.size(); ++n) {
      const float written = frame == nullptr ? 0 : static_cast<float>(frame->pixels[n]) / kMaximumFraction;
      if (std::abs(written - wanted[n]) > kHalfStep) return false;
    }
    return true;
  });
  return notes_on(ct);
}

}  // namespace hepar
