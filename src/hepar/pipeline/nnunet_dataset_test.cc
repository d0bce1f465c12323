// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/nnunet_dataset.h"

#include <gmock/gmock.h>

#include "hepar/core/error.h"
#include "hepar/pipeline/test_folder.h"

namespace hepar {
namespace {

class NnunetCaseNames : public ScratchFolder {};

TEST_F(NnunetCaseNames, AreThoseOfTheLabelsWithTheEnding) {
  EXPECT_THROW(nnunet_case_names(root_, ".nii.gz"), Error);  // no labelsTr
  make_folder(root_ / "labelsTr");
  EXPECT_THROW(nnunet_case_names(root_, ".nii.gz"), Error);  // nothing in it
  for (const char* name : {"b.nii.gz", "a_1.nii.gz", "c.nrrd"})
    write_text_file(root_ / "labelsTr" / name, "");
  EXPECT_THAT(nnunet_case_names(root_, ".nii.gz"), testing::ElementsAre("a_1", "b"));
}

}  // namespace
}  // namespace hepar
