// SPDX-License-Identifier: Apache-2.0
#include "hepar/report/html_text.h"

#include <gtest/gtest.h>

#include <limits>

#include "hepar/core/error.h"

namespace hepar {
namespace {

TEST(EscapeHtml, LeavesNothingThatCouldBeMarkup) {
  EXPECT_EQ(escape_html("<script>\"a\" & 'b'</script>"),
            "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;");
}

TEST(EscapeHtml, KeepsUmlautsAndReplacesWhatIsNoText) {
  EXPECT_EQ(escape_html("Gr\xC3\xB6\xC3\x9F"
                        "e \xE2\x89\xA4 5\tmm\n"),
            "Gr\xC3\xB6\xC3\x9F"
            "e \xE2\x89\xA4 5\tmm\n");
  // A byte that begins nothing, a Latin-1 umlaut, a NUL and an escape.
  EXPECT_EQ(escape_html("a\xFF"
                        "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(escape_html("M\xFCller"), "M\xEF\xBF\xBDller");
  EXPECT_EQ(escape_html(std::string_view("\0\x1B", 2)), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(PictureUri, TakesPicturesOnly) {
  EXPECT_EQ(picture_uri("image/png", "foo"), "data:image/png;base64,Zm9v");
  EXPECT_THROW(picture_uri("text/html", "foo"), Error);
}

TEST(JsonElement, CannotBeClosedByItsText) {
  EXPECT_EQ(json_element("[\"</script><!--\"]"),
            "<script type=\"application/json\">[\"\\u003c/script>\\u003c!--\"]</script>");
}

TEST(ShortNumber, HasNoZerosAtItsEndAndNoNegativeZero) {
  EXPECT_EQ(short_number(12.5, 2), "12.5");
  EXPECT_EQ(short_number(100, 0), "100");
  EXPECT_EQ(short_number(100, 2), "100");
  EXPECT_EQ(short_number(-0.001, 2), "0");
  EXPECT_EQ(short_number(-0.126, 2), "-0.13");
  EXPECT_THROW(short_number(std::numeric_limits<double>::quiet_NaN(), 1), Error);
}

}  // namespace
}  // namespace hepar
