// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace hepar::leakage {

inline constexpr std::size_t kDescriptorSize = 128;
using Descriptor = std::array<std::int16_t, kDescriptorSize>;

// A blob of a picture with a description of its surroundings that no change of place, size, rotation,
// brightness or contrast alters: SIFT, Lowe, Int. J. Comput. Vis. 60(2):91, 2004.
struct Keypoint {
  float x = 0, y = 0;       // pixels
  float scale = 0;          // sigma of the blob, pixels
  float angle = 0;          // of the main gradient, radians, from +x to +y
  float strength = 0;       // of the blob's response
  Descriptor descriptor{};  // 4 x 4 cells of 8 directions, norm kDescriptorNorm
};
inline constexpr float kDescriptorNorm = 1024;

// The strongest keypoints, at most `most`, whose centre lies where `allowed` is not 0.
std::vector<Keypoint> find_keypoints(std::span<const float> picture, std::int64_t width, std::int64_t height,
                                     std::span<const std::uint8_t> allowed, std::size_t most);

// The descriptor of the same place in the mirrored picture.
Descriptor mirrored(const Descriptor& descriptor);

}  // namespace hepar::leakage
