// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "hepar/dicom/ct_series.h"
#include "hepar/dicom/synthetic_series.h"
#include "hepar/io/test_scratch_folder.h"

namespace hepar::dicom {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;

class SliceChecks : public io::ScratchFolder {
 protected:
  std::string refusal(const std::vector<SyntheticSlice>& slices) const {
    write_slices(folder_, slices);
    return error_of(ErrorCode::kInvalidInput, [this] { read_ct_grid(folder_); });
  }
};

TEST_F(SliceChecks, SeveralFramesOrStudiesAreRefused) {
  auto slices = even_slices(4);
  slices[2].attributes["FrameOfReferenceUID"] = "1.2.3.7";
  EXPECT_THAT(refusal(slices), HasSubstr("4 slices of the series state 2 frames of reference and 1 studies"));
  slices = even_slices(4);
  slices[1].attributes["StudyInstanceUID"] = "1.2.3.55";
  EXPECT_THAT(refusal(slices), HasSubstr("1 frames of reference and 2 studies"));
}

TEST_F(SliceChecks, RepeatedInstancesAreNoted) {
  auto slices = even_slices(4);
  for (const std::size_t n : {1U, 3U}) slices[n].attributes["SOPInstanceUID"] = "1.2.3.9.1";
  write_slices(folder_, slices);
  const CtGrid grid = read_ct_grid(folder_);
  EXPECT_EQ(grid.slices.size(), 4U);
  EXPECT_THAT(grid.notes, ElementsAre(HasSubstr("1 slices have the SOP Instance UID of another")));
}

}  // namespace
}  // namespace hepar::dicom
