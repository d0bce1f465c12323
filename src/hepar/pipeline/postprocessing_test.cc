// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/postprocessing.h"

#include <gmock/gmock.h>

#include "hepar/core/error.h"
#include "hepar/pipeline/test_folder.h"

namespace hepar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PostprocessingTest : public ScratchFolder {
 protected:
  Postprocessing read(const std::string& functions, const std::string& arguments) const {
    const auto file = root_ / "postprocessing.json";
    write_text_file(file, R"({"postprocessing_fns": )" + functions + R"(, "postprocessing_kwargs": )" +
                              arguments + R"(, "input_folder": "somewhere"})");
    return read_postprocessing(file);
  }
  const std::string kFunction = R"("remove_all_but_largest_component_from_segmentation")";
};

TEST_F(PostprocessingTest, ReadsTheFormsThatNnunetWrites) {
  const auto read_one = [&](const std::string& labels) {
    return read("[" + kFunction + "]", R"([{"labels_or_regions": )" + labels + "}]").keep_largest_of;
  };
  EXPECT_THAT(read_one("2"), ElementsAre(ElementsAre(2)));
  EXPECT_THAT(read_one("[1, 2]"), ElementsAre(ElementsAre(1, 2)));
  EXPECT_THAT(read_one("[[1, 2], 3]"), ElementsAre(ElementsAre(1, 2, 3)));
  EXPECT_THAT(read("[]", "[]").keep_largest_of, testing::IsEmpty());
}

TEST_F(PostprocessingTest, OtherFunctionsAreRefused) {
  try {
    read(R"(["fill_holes"])", R"([{"labels_or_regions": 1}])");
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_THAT(error.what(), HasSubstr("fill_holes"));
  }
  EXPECT_THROW(read("[" + kFunction + "]", "[]"), Error);
}

TEST_F(PostprocessingTest, IsDoneInOrder) {
  // 1 1 . 2 . 1 2 2: of label 1 the two voxels at the front stay; of label 2 then the two at the end.
  Geometry geometry;
  geometry.size = {8, 1, 1};
  WideLabelMap labels(geometry);
  const std::uint16_t line[] = {1, 1, 0, 2, 0, 1, 2, 2};
  std::copy(std::begin(line), std::end(line), labels.voxels().begin());
  postprocess(labels, {.keep_largest_of = {{1}, {2}}});
  EXPECT_THAT(labels.voxels(), ElementsAre(1, 1, 0, 0, 0, 0, 2, 2));
}

}  // namespace
}  // namespace hepar
