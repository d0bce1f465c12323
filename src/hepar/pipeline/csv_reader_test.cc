// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/csv_reader.h"

#include <gmock/gmock.h>

#include "hepar/core/error.h"

namespace hepar {
namespace {

using testing::ElementsAre;
using namespace std::string_view_literals;

std::string refusal(std::string_view text) {
  try {
    read_csv(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ReadCsv, SplitsLinesOfEitherKind) {
  for (const auto text : {"a,b\nc,\n"sv, "a,b\r\nc,\r\n"sv, "a,b\n\r\n\nc,"sv}) {
    const auto rows = read_csv(text);
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_THAT(rows[0].fields, ElementsAre("a", "b"));
    EXPECT_THAT(rows[1].fields, ElementsAre("c", ""));
  }
  EXPECT_TRUE(read_csv("").empty());
}

TEST(ReadCsv, TakesQuotedFields) {
  const auto rows = read_csv("\"a,1\",\"b\"\"2\",\"\",\"c\n3\"\nd");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_THAT(rows[0].fields, ElementsAre("a,1", "b\"2", "", "c\n3"));
  EXPECT_EQ(rows[1].line, 3);  // the line end inside the quotes counts
}

TEST(ReadCsv, SkipsByteOrderMarksOfFilesPutTogether) {
  const auto rows = read_csv("\xEF\xBB\xBFx,y\n1,2\n\xEF\xBB\xBFx,y\n");
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_THAT(rows[0].fields, ElementsAre("x", "y"));
  EXPECT_THAT(rows[2].fields, ElementsAre("x", "y"));
}

TEST(ReadCsv, NamesTheLineOfAFault) {
  EXPECT_EQ(refusal("a\n\"b\nc\n"), "line 2 opens a quote that is not closed");
  EXPECT_EQ(refusal("a\"b\"\n"), "line 1 has a quote inside a field that does not begin with one");
  EXPECT_EQ(refusal("a\n\"b\"c\n"), "line 2 has text after a closing quote or a stray carriage return");
  EXPECT_EQ(refusal("a\rb\n"), "line 1 has text after a closing quote or a stray carriage return");
  EXPECT_EQ(refusal("\xFF\xFE"
                    "a\0,\0b\0\n"sv),
            "line 1 holds a zero byte; save the table as CSV in UTF-8");
}

}  // namespace
}  // namespace hepar
