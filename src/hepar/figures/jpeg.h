// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace hepar {

// An 8-bit grey picture, rows from the top, as baseline JPEG with tables made for it (ITU-T T.81). `quality`
// 1 to 100 in libjpeg's scale. Needs width x height pixels, 1 to 65500 each way.
std::string encode_jpeg(std::span<const std::uint8_t> pixels, std::int64_t width, std::int64_t height,
                        int quality);

}  // namespace hepar
