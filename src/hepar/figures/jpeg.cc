// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/jpeg.h"

#include <cstdio>  // jpeglib.h needs FILE

#include <jpeglib.h>

#include <csetjmp>
#include <cstdlib>

#include "hepar/core/error.h"

namespace hepar {
namespace {

// libjpeg reports errors by a call that must not return; C++ exceptions can't pass through its frames.
struct ErrorExit {
  jpeg_error_mgr manager;
  std::jmp_buf back;
};
[[noreturn]] void leave(j_common_ptr state) {
  std::longjmp(reinterpret_cast<ErrorExit*>(state->err)->back, 1);
}

struct Encoded {
  unsigned char* bytes = nullptr;  // of malloc
  unsigned long size = 0;
  Encoded() = default;
  ~Encoded() { std::free(bytes); }
  Encoded(const Encoded&) = delete;
  Encoded& operator=(const Encoded&) = delete;
};

void set_parameters(jpeg_compress_struct& state, std::int64_t width, std::int64_t height, int quality) {
  state.image_width = static_cast<JDIMENSION>(width);
  state.image_height = static_cast<JDIMENSION>(height);
  state.input_components = 1;
  state.in_color_space = JCS_GRAYSCALE;
  jpeg_set_defaults(&state);
  jpeg_set_quality(&state, quality, TRUE);
  state.optimize_coding = TRUE;
}

// False when libjpeg gave up. No object with a destructor may live here: longjmp skips it.
bool compress(std::span<const std::uint8_t> pixels, std::int64_t width, std::int64_t height, int quality,
              Encoded& encoded) {
  jpeg_compress_struct state;
  ErrorExit error;
  state.err = jpeg_std_error(&error.manager);
  error.manager.error_exit = leave;
  if (setjmp(error.back) != 0) {
    jpeg_destroy_compress(&state);
    return false;
  }
  jpeg_create_compress(&state);
  jpeg_mem_dest(&state, &encoded.bytes, &encoded.size);
  set_parameters(state, width, height, quality);
  jpeg_start_compress(&state, TRUE);
  while (state.next_scanline < state.image_height) {
    JSAMPROW row =
        const_cast<JSAMPROW>(pixels.data() + state.next_scanline * static_cast<std::size_t>(width));
    jpeg_write_scanlines(&state, &row, 1);
  }
  jpeg_finish_compress(&state);
  jpeg_destroy_compress(&state);
  return true;
}

}  // namespace

std::string encode_jpeg(std::span<const std::uint8_t> pixels, std::int64_t width, std::int64_t height,
                        int quality) {
  constexpr std::int64_t kMost = 65500;  // JPEG_MAX_DIMENSION
  HEPAR_EXPECT(width > 0 && height > 0 && width <= kMost && height <= kMost, "a JPEG of impossible size");
  HEPAR_EXPECT(pixels.size() == static_cast<std::size_t>(width * height), "pixels are missing");
  HEPAR_EXPECT(quality >= 1 && quality <= 100, "a JPEG quality is 1 to 100");
  Encoded encoded;
  if (!compress(pixels, width, height, quality, encoded)) {
    throw Error(ErrorCode::kExhausted,
                "no memory to write a JPEG; close other programs or show fewer slices");
  }
  return {reinterpret_cast<const char*>(encoded.bytes), encoded.size};
}

}  // namespace hepar
