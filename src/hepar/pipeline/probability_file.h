// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>

#include "hepar/nn/network_spec.h"

namespace hepar {

// Probabilities (heads, then the three axes of the image as its reader gives it) that come plane by plane of
// the network's axes and are written as nnU-Net's NAME.npz; kept in a file in between, so that memory does
// not grow with them. Error(kExhausted) when the disk is full.
class ProbabilityFile {
 public:
  // `size`: voxels along the network's d, h, w, which run along the image's array axes transpose_forward
  // (model_folder.h). `folder` holds the file in between, which goes with this object.
  ProbabilityFile(const std::filesystem::path& folder, std::int64_t heads, const Kernel3& size,
                  const std::array<std::size_t, 3>& transpose_forward);
  ~ProbabilityFile();
  ProbabilityFile(const ProbabilityFile&) = delete;
  ProbabilityFile& operator=(const ProbabilityFile&) = delete;

  // Plane d of the network's axes: heads x h x w.
  void set_plane(std::int64_t d, std::span<const float> probabilities);
  // With every plane set: array "probabilities" of float32, compressed.
  void write_npz(const std::filesystem::path& path) const;

 private:
  std::filesystem::path scratch_;
  std::int64_t heads_;
  Kernel3 size_;
  Kernel3 array_size_{};    // of the image's array axes
  Kernel3 array_stride_{};  // in the image's array, of the network's axes
  std::span<float> values_;
};

}  // namespace hepar
