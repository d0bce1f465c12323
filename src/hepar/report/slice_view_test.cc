// SPDX-License-Identifier: Apache-2.0
#include "hepar/report/slice_view.h"

#include <gmock/gmock.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"

namespace hepar {
namespace {

using testing::HasSubstr;
using testing::Not;

// 100 x 50 pixels of 0.8 x 1.5 mm: 80 x 75 mm. Base64 of "foo" is Zm9v, of "bar" YmFy.
ReportSliceStack two_slices() {
  const std::vector<ReportPoint> square{{1, 1}, {3, 1}, {3, 3}, {1, 3}};
  ReportSliceStack stack{.width = 100, .height = 50, .pixel_width_mm = 0.8, .pixel_height_mm = 1.5};
  stack.slices.push_back({"z 0 mm", "image/png", "foo", {{"cyst", {square}}}});
  stack.slices.push_back({"z 5 mm", "image/jpeg", "bar", {{"liver", {square, square}}, {"cyst", {}}}});
  stack.first_shown = 1;
  return stack;
}

nlohmann::json other_slices(const std::string& html) {
  const std::string begin = "<script type=\"application/json\">";
  const std::size_t start = html.find(begin) + begin.size();
  return nlohmann::json::parse(html.substr(start, html.find("</script>", start) - start));
}

TEST(SliceViewHtml, DrawsTheSliceFirstShownInMillimetres) {
  const std::string html = slice_view_html(two_slices(), "id-7");
  EXPECT_THAT(html, HasSubstr("viewBox=\"0 0 80 75\""));
  EXPECT_THAT(html, HasSubstr("<g transform=\"scale(0.8 1.5)\"><image width=\"100\" height=\"50\""));
  EXPECT_THAT(html, HasSubstr("href=\"data:image/jpeg;base64,YmFy\""));
  EXPECT_THAT(
      html, HasSubstr("<path class=\"liver\" d=\"M1 1h2v2h-2zM1 1h2v2h-2z\"/><path class=\"cyst\" d=\"\"/>"));
  EXPECT_THAT(html, HasSubstr("<figcaption id=\"id-7\">z 5 mm</figcaption>"));
  EXPECT_THAT(html, Not(HasSubstr("class=\"tumour\"")));  // no slice has it
  EXPECT_THAT(html, HasSubstr("min=\"1\" max=\"2\" value=\"2\""));
}

TEST(SliceViewHtml, HoldsTheOtherSlicesOnce) {
  const std::string html = slice_view_html(two_slices(), "id");
  const nlohmann::json expected = {
      {"z 0 mm", "data:image/png;base64,Zm9v", "", "M1 1h2v2h-2z"},  // liver, cyst
      nlohmann::json::array()};
  EXPECT_EQ(other_slices(html), expected);
  EXPECT_EQ(html.find("YmFy"), html.rfind("YmFy"));
}

TEST(SliceViewHtml, LabelsCannotBreakOut) {
  ReportSliceStack stack = two_slices();
  stack.slices[0].label = "</script><b>\xFF";
  stack.slices[1].label = "<i>\"";
  const std::string html = slice_view_html(stack, "id");
  EXPECT_EQ(other_slices(html)[0][0], "</script><b>\xEF\xBF\xBD");
  EXPECT_THAT(html, HasSubstr("aria-valuetext=\"&lt;i&gt;&quot;\""));
  EXPECT_THAT(html, Not(HasSubstr("<i>")));
}

TEST(SliceViewHtml, HasABarThatFits) {
  ReportSliceStack stack = two_slices();
  EXPECT_THAT(slice_view_html(stack, "id"), HasSubstr("h10\"/>"));
  EXPECT_THAT(slice_view_html(stack, "id"), HasSubstr(">10 mm</text>"));
  stack.pixel_width_mm = 1;  // 100 mm
  EXPECT_THAT(slice_view_html(stack, "id"), HasSubstr("h50\"/>"));
  EXPECT_THAT(slice_view_html(stack, "id"), HasSubstr(">50 mm</text>"));
}

TEST(SliceViewHtml, FramesTheLesionByFourCorners) {
  ReportSliceStack stack = two_slices();
  stack.lesion = ReportBox{20, 30, 24, 33};
  // 5 pixels off: x 15 to 29, y 25 to 38; each corner 8 long.
  EXPECT_THAT(slice_view_html(stack, "id"), HasSubstr("d=\"M15 33v-8h8M15 30v8h8M29 33v-8h-8M29 30v8h-8\""));
  stack.lesion = ReportBox{24, 30, 20, 33};
  EXPECT_THROW(slice_view_html(stack, "id"), Error);
}

TEST(SliceViewHtml, OneSliceNeedsNoSlider) {
  ReportSliceStack stack = two_slices();
  stack.slices.pop_back();
  stack.first_shown = 0;
  const std::string html = slice_view_html(stack, "id");
  EXPECT_THAT(html, Not(HasSubstr("type=\"range\"")));
  EXPECT_THAT(html, Not(HasSubstr("application/json")));
  EXPECT_THAT(html, HasSubstr("Zm9v"));
  stack.slices.clear();
  EXPECT_EQ(slice_view_html(stack, "id"), "");
}

TEST(SliceViewHtml, RefusesABrokenStack) {
  const auto broken = [](auto&& change) {
    ReportSliceStack stack = two_slices();
    change(stack);
    return stack;
  };
  EXPECT_THROW(slice_view_html(broken([](auto& s) { s.first_shown = 2; }), "id"), Error);
  EXPECT_THROW(slice_view_html(broken([](auto& s) { s.width = 0; }), "id"), Error);
  EXPECT_THROW(slice_view_html(broken([](auto& s) { s.pixel_height_mm = 0; }), "id"), Error);
  EXPECT_THROW(slice_view_html(broken([](auto& s) { s.slices[0].outlines[0].layer = "bone"; }), "id"), Error);
  EXPECT_THROW(slice_view_html(broken([](auto& s) { s.slices[0].media_type = "text/html"; }), "id"), Error);
  EXPECT_THROW(slice_view_html(broken([](auto& s) {
                                 s.slices[0].outlines[0].loops[0][0].x =
                                     std::numeric_limits<double>::quiet_NaN();
                               }),
                               "id"),
               Error);
}

}  // namespace
}  // namespace hepar
