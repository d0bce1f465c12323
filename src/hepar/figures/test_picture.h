// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairo.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hepar/core/file.h"

namespace hepar {

// For tests: a PNG read back.
class Picture {
 public:
  explicit Picture(std::string_view png) : surface_(nullptr, cairo_surface_destroy) {
    const auto read = [](void* rest, unsigned char* to, unsigned int length) {
      auto& bytes = *static_cast<std::string_view*>(rest);
      if (bytes.size() < length) return CAIRO_STATUS_READ_ERROR;
      std::memcpy(to, bytes.data(), length);
      bytes.remove_prefix(length);
      return CAIRO_STATUS_SUCCESS;
    };
    surface_.reset(cairo_image_surface_create_from_png_stream(read, &png));
    EXPECT_EQ(cairo_surface_status(surface_.get()), CAIRO_STATUS_SUCCESS);
  }
  int width() const { return cairo_image_surface_get_width(surface_.get()); }
  int height() const { return cairo_image_surface_get_height(surface_.get()); }
  std::uint32_t at(int x, int y) const {  // 0xRRGGBB
    const unsigned char* row =
        cairo_image_surface_get_data(surface_.get()) +
        static_cast<std::ptrdiff_t>(y) * cairo_image_surface_get_stride(surface_.get());
    return reinterpret_cast<const std::uint32_t*>(row)[x] & 0xFFFFFF;
  }
  // Whether a pixel's colour is that one up to `tolerance` in red, green and blue: Cairo cuts to whole
  // numbers.
  bool shows(int x, int y, std::uint32_t colour, int tolerance = 2) const {
    for (const int shift : {0, 8, 16}) {
      const int difference =
          static_cast<int>(at(x, y) >> shift & 255) - static_cast<int>(colour >> shift & 255);
      if (std::abs(difference) > tolerance) return false;
    }
    return true;
  }
  // Such pixels in the columns [left, right) and rows [top, bottom).
  int count(std::uint32_t colour, int left, int top, int right, int bottom, int tolerance = 2) const {
    int found = 0;
    for (int y = top; y < bottom; ++y)
      for (int x = left; x < right; ++x) found += shows(x, y, colour, tolerance);
    return found;
  }

 private:
  std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)> surface_;
};

inline constexpr std::uint32_t kWhitePixel = 0xFFFFFF, kInkPixel = 0x26292E;  // 0.15, 0.16, 0.18 of 255
inline constexpr std::uint32_t kBluePixel = 0x0072B2, kVermilionPixel = 0xD55E00;

// One <text> element of our SVG.
struct SvgText {
  std::string text;
  double x = 0, y = 0, width = 0;
  bool turned = false;
};
inline std::vector<SvgText> texts_of(const std::string& svg) {
  std::vector<SvgText> found;
  for (std::size_t at = svg.find("<text "); at != std::string::npos; at = svg.find("<text ", at + 1)) {
    const std::size_t open = svg.find('>', at), close = svg.find("</text>", at);
    const std::string head = svg.substr(at, open - at);
    const auto number = [&](const std::string& name) {
      const std::size_t begin = head.find(" " + name + "=\"");
      return begin == std::string::npos ? 0 : std::stod(head.substr(begin + name.size() + 3));
    };
    found.push_back({svg.substr(open + 1, close - open - 1), number("x"), number("y"), number("textLength"),
                     head.find("rotate(") != std::string::npos});
  }
  return found;
}
inline bool has_text(const std::string& svg, const std::string& text) {
  for (const SvgText& one : texts_of(svg))
    if (one.text == text) return true;
  return false;
}

// An empty folder that is removed afterwards.
class PictureFolder : public testing::Test {
 protected:
  void SetUp() override { make_folder(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      (std::string("figures_") + testing::UnitTest::GetInstance()->current_test_info()->test_suite_name() +
       "_" + testing::UnitTest::GetInstance()->current_test_info()->name());
};

}  // namespace hepar
