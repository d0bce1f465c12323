// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <itkNiftiImageIO.h>

#include <cmath>

#include "hepar/io/image_io.h"
#include "hepar/io/test_scratch_folder.h"

namespace hepar::io {
namespace {

// ITK, and with it nnU-Net's reader, must see in Hepar's files the grid and voxels that were written.
class AgainstItk : public ScratchFolder {
 protected:
  void expect_same_in_itk(const Mat3& direction) const {
    const Geometry geometry{{4, 3, 2}, {0.7, 0.8, 2.5}, {-100.25, 50.5, -1200.125}, direction};
    LabelMap labels(geometry);
    for (std::size_t n = 0; n < 24; ++n) labels.voxels()[n] = static_cast<std::uint8_t>(n);
    write_labels(folder_ / "a.nii.gz", labels);
    const auto itk = itk::NiftiImageIO::New();
    itk->SetFileName((folder_ / "a.nii.gz").string());
    itk->ReadImageInformation();
    itk::ImageIORegion region(3);
    for (unsigned axis = 0; axis < 3; ++axis) {
      region.SetSize(axis, itk->GetDimensions(axis));
      const int a = static_cast<int>(axis);
      EXPECT_EQ(static_cast<std::int64_t>(itk->GetDimensions(axis)), geometry.size[a]);
      EXPECT_NEAR(itk->GetSpacing(axis), geometry.spacing_mm[a], 1e-6);
      EXPECT_NEAR(itk->GetOrigin(axis), geometry.origin_mm[a], 1e-4);
      for (unsigned row = 0; row < 3; ++row) {
        EXPECT_NEAR(itk->GetDirection(axis)[row], direction.column(a)[static_cast<int>(row)], 1e-6)
            << axis << row;
      }
    }
    std::vector<std::uint8_t> voxels(24);
    itk->SetIORegion(region);
    itk->Read(voxels.data());
    EXPECT_TRUE(std::equal(voxels.begin(), voxels.end(), labels.voxels().begin()));
  }
};

TEST_F(AgainstItk, AxialScan) { expect_same_in_itk(Mat3::identity()); }
TEST_F(AgainstItk, LeftHanded) { expect_same_in_itk(Mat3{{{{1, 0, 0}, {0, 1, 0}, {0, 0, -1}}}}); }
TEST_F(AgainstItk, Coronal) { expect_same_in_itk(Mat3{{{{1, 0, 0}, {0, 0, 1}, {0, -1, 0}}}}); }
// Rotations by 180 degrees about x, y and z in LPS reach each branch of the quaternion, a = 0 included.
TEST_F(AgainstItk, HalfTurns) {
  expect_same_in_itk(Mat3{{{{1, 0, 0}, {0, -1, 0}, {0, 0, -1}}}});
  expect_same_in_itk(Mat3{{{{-1, 0, 0}, {0, 1, 0}, {0, 0, -1}}}});
  expect_same_in_itk(Mat3{{{{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}}});
}
TEST_F(AgainstItk, Oblique) {
  const double c = std::cos(0.4), s = std::sin(0.4);
  const Mat3 about_z{{{{c, -s, 0}, {s, c, 0}, {0, 0, 1}}}}, about_x{{{{1, 0, 0}, {0, c, -s}, {0, s, c}}}};
  expect_same_in_itk(about_z * about_x);
  expect_same_in_itk(about_x * about_z * about_x);
}

}  // namespace
}  // namespace hepar::io
