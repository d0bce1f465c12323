// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/ct_writer.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cmath>

#include "hepar/dicom/ct_series.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

// Oblique: turned by 30 degrees about x. Every voxel has its own HU.
TEST(CtWriter, IsReadBackAtItsPlace) {
  const fs::path folder = fs::temp_directory_path() / ("hepar_ct_writer_" + std::to_string(::getpid()));
  const double c = std::cos(M_PI / 6), s = std::sin(M_PI / 6);
  const Geometry grid{
      {5, 4, 3}, {0.7, 0.8, 2.5}, {-10, 20.5, 300}, Mat3{{{{1, 0, 0}, {0, c, -s}, {0, s, c}}}}};
  CtVolume ct(grid);
  for (std::size_t n = 0; n < ct.voxels().size(); ++n) ct.voxels()[n] = static_cast<float>(n) - 30;
  write_ct_series(
      folder, ct,
      {.patient_id = "P1", .patient_name = "Phantom", .series_description = "test", .uid_seed = "a"});
  const CtSeries read = read_ct_series(folder);
  fs::remove_all(folder);
  EXPECT_FALSE(grid_difference(read.grid.geometry, grid, 1e-6));
  EXPECT_THAT(read.voxels.voxels(), testing::ElementsAreArray(ct.voxels()));
  EXPECT_EQ(read.grid.slices.size(), 3U);
  EXPECT_THAT(read.grid.notes, testing::IsEmpty());
  EXPECT_FALSE(read.grid.frame_of_reference_uid.empty());
}

TEST(CtWriter, CutsWhatSixteenBitsCannotHold) {
  const fs::path folder = fs::temp_directory_path() / ("hepar_ct_writer_cut_" + std::to_string(::getpid()));
  CtVolume ct(Geometry{.size = {2, 1, 2}});
  ct.voxels()[0] = -5000, ct.voxels()[1] = 1e6F;
  write_ct_series(folder, ct,
                  {.patient_id = "P1", .patient_name = "Phantom", .series_description = "", .uid_seed = "b"});
  const CtSeries read = read_ct_series(folder);
  fs::remove_all(folder);
  EXPECT_THAT(read.voxels.voxels(), testing::ElementsAre(-1024, 31743, 0, 0));
}

TEST(CtWriter, AnEarlierSeriesGoes) {
  const fs::path folder = fs::temp_directory_path() / ("hepar_ct_writer_again_" + std::to_string(::getpid()));
  for (const std::int64_t slices : {5, 3}) {
    write_ct_series(folder, CtVolume(Geometry{.size = {4, 4, slices}}),
                    {.patient_id = "P1", .patient_name = "", .series_description = "", .uid_seed = "c"});
  }
  EXPECT_EQ(read_ct_grid(folder).slices.size(), 3U);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace hepar
