// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <cmath>

#include "hepar/dicom/ct_writer.h"
#include "hepar/dicom/structure_set.h"
#include "hepar/io/image_io.h"
#include "program_run.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

// Pixels first..last, both included, of the slices first..last.
struct Block {
  Int3 first, last;
};

bool within(const Block& block, Int3 at) {
  for (int axis = 0; axis < 3; ++axis) {
    if (at[axis] < block.first[axis] || at[axis] > block.last[axis]) return false;
  }
  return true;
}

// A block with a hole through its middle slices, and one voxel apart from it.
constexpr Block kLiver{{4, 3, 1}, {17, 15, 4}}, kHole{{8, 7, 2}, {11, 9, 3}},
    kIsland{{20, 17, 3}, {20, 17, 3}};

Mask liver_mask(const Geometry& grid) {
  Mask mask(grid);
  for (std::int64_t k = 0; k < grid.size.k; ++k) {
    for (std::int64_t j = 0; j < grid.size.j; ++j) {
      for (std::int64_t i = 0; i < grid.size.i; ++i) {
        const Int3 at{i, j, k};
        mask[at] = (within(kLiver, at) && !within(kHole, at)) || within(kIsland, at) ? 1 : 0;
      }
    }
  }
  return mask;
}

// The pixels' edges around a block, from its lowest corner on.
std::vector<Vec3> edges(const Block& block, std::int64_t slice) {
  const double k = static_cast<double>(slice);
  const Vec3 low = to_vec(block.first) - Vec3{.5, .5, .5}, high = to_vec(block.last) + Vec3{.5, .5, .5};
  return {{low.x, low.y, k}, {high.x, low.y, k}, {high.x, high.y, k}, {low.x, high.y, k}};
}

// The liver's outer edge, and from a point on it to the hole, around that and back.
std::vector<Vec3> keyhole(std::int64_t slice) {
  std::vector<Vec3> loop = edges(kLiver, slice), hole = edges(kHole, slice);
  const Vec3 entrance{loop[0].x, hole[0].y, loop[0].z};
  loop.insert(loop.end(), {entrance, hole[0], hole[3], hole[2], hole[1], hole[0], entrance});
  return loop;
}

StructureSet structures_on(const CtGrid& ct, const std::string& second_name) {
  StructureSet set;
  for (const RoiStyle& style : default_roi_styles()) {
    set.rois.push_back({.number = static_cast<int>(set.rois.size()) + 1,
                        .name = style.name,
                        .interpreted_type = style.interpreted_type,
                        .colour = style.colour,
                        .contours = {}});
  }
  set.rois[1].name = second_name;
  const auto draw = [&](std::size_t roi, std::int64_t k, std::vector<Vec3> points) {
    for (Vec3& point : points) point = ct.geometry.world_from_index(point);
    set.rois[roi].contours.push_back(
        {std::move(points), ct.slices[static_cast<std::size_t>(k)].sop_instance_uid});
  };
  for (std::int64_t k = kLiver.first.k; k <= kLiver.last.k; ++k) {
    const bool hole = k >= kHole.first.k && k <= kHole.last.k;
    draw(0, k, hole ? keyhole(k) : edges(kLiver, k));
    if (hole) draw(2, k, edges(kHole, k));
  }
  draw(0, kIsland.first.k, edges(kIsland, kIsland.first.k));
  draw(1, 2, edges(kLiver, 2));
  return set;
}

// A CT with all that we write on it.
struct Study {
  fs::path ct, objects;
  CtGrid grid;
};

class DicomTools : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const double c = std::cos(M_PI / 9), s = std::sin(M_PI / 9);
    studies_ = new std::vector<Study>;
    add_study("straight", Mat3::identity(), "GTV", {});
    add_study("oblique", Mat3{{{{1, 0, 0}, {0, c, -s}, {0, s, c}}}}, "Läsion", {.explicit_vr = true});
  }
  static void TearDownTestSuite() {
    delete studies_;
    fs::remove_all(folder());
  }
  static fs::path folder() {
    return fs::temp_directory_path() / fmt::format("hepar_dicom_tools_{}", ::getpid());
  }
  static void add_study(const std::string& name, const Mat3& direction, const std::string& second_name,
                        const DicomProfile& profile) {
    Study study{folder() / name / "ct", folder() / name / "objects", {}};
    const Geometry grid{{24, 20, 6}, {0.8, 0.7, 2.5}, {-100.25, -80.5, 33.125}, direction};
    write_ct_series(
        study.ct, CtVolume(grid, 40),
        {.patient_id = "P1", .patient_name = "Phantom^A", .series_description = "CT", .uid_seed = name});
    study.grid = read_ct_grid(study.ct);
    fs::create_directories(study.objects);
    write_structure_set(study.objects / "rtstruct.dcm", structures_on(study.grid, second_name), study.grid,
                        profile);
    studies_->push_back(study);
  }
  static const std::vector<Study>& studies() { return *studies_; }
  static std::vector<fs::path> objects() {
    std::vector<fs::path> files;
    for (const Study& study : studies()) {
      for (const auto& entry : fs::directory_iterator(study.objects)) files.push_back(entry.path());
    }
    return files;
  }
  static Outcome python(const std::string& arguments) {
    return run_program(
        fmt::format("{} {}/check_objects.py {}", HEPAR_PEER_PYTHON, HEPAR_DICOM_SCRIPTS, arguments),
        folder());
  }

 private:
  static inline std::vector<Study>* studies_ = nullptr;
};

TEST_F(DicomTools, DciodvfyFindsNoError) {
  for (const fs::path& file : objects()) {
    const Outcome outcome = run_program("dciodvfy " + file.string(), folder());
    EXPECT_THAT(outcome.err, Not(HasSubstr("Error"))) << file;
    EXPECT_THAT(outcome.out + outcome.err, testing::ContainsRegex("RTStructureSet|Segmentation"));
  }
}

TEST_F(DicomTools, DciodvfyFindsWhatIsMissing) {
  const fs::path broken = folder() / "broken.dcm";
  fs::copy_file(studies()[0].objects / "rtstruct.dcm", broken);
  ASSERT_EQ(run_program(fmt::format("dcmodify -nb -ea '(3006,0002)' {}", broken.string()), folder()).status,
            0);
  EXPECT_THAT(run_program("dciodvfy " + broken.string(), folder()).err,
              HasSubstr("Error - Missing attribute Type 1 Required Element=<StructureSetLabel>"));
}

TEST_F(DicomTools, DcmdumpReadsAll) {
  for (const fs::path& file : objects()) {
    const Outcome outcome = run_program("dcmdump " + file.string(), folder());
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.err, "") << file;
  }
}

TEST_F(DicomTools, PydicomFollowsEveryReference) {
  for (const Study& study : studies()) {
    for (const auto& entry : fs::directory_iterator(study.objects)) {
      const Outcome outcome =
          python(fmt::format("references {} {}", entry.path().string(), study.ct.string()));
      EXPECT_EQ(outcome.status, 0) << entry.path() << outcome.err;
      EXPECT_EQ(outcome.err, "");
    }
  }
  EXPECT_NE(python(fmt::format("references {} {}", (studies()[0].objects / "rtstruct.dcm").string(),
                               studies()[1].ct.string()))
                .status,
            0);
}

TEST_F(DicomTools, PlastimatchFillsTheSameVoxels) {
  const Study& study = studies()[0];
  const fs::path out = folder() / "plastimatch";
  const Outcome outcome =
      run_program(fmt::format("plastimatch convert --input {} --referenced-ct {} --output-prefix {} "
                              "--prefix-format nii",
                              (study.objects / "rtstruct.dcm").string(), study.ct.string(), out.string()),
                  folder());
  ASSERT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  const LabelMap filled = read_labels(out / "Liver.nii").voxels;
  EXPECT_EQ(grid_difference(filled.geometry(), study.grid.geometry), std::nullopt);
  const Mask wanted = liver_mask(study.grid.geometry);
  std::int64_t inside = 0, different = 0;
  ASSERT_EQ(filled.voxels().size(), wanted.voxels().size());
  for (std::size_t n = 0; n < wanted.voxels().size(); ++n) {
    inside += wanted.voxels()[n];
    different += (filled.voxels()[n] != 0) != (wanted.voxels()[n] != 0) ? 1 : 0;
  }
  EXPECT_EQ(inside, 14 * 13 * 4 - 4 * 3 * 2 + 1);
  EXPECT_EQ(different, 0);
}

TEST_F(DicomTools, OrthancGivesBackWhatItGot) {
  for (const Study& study : studies()) {
    const Outcome outcome = run_program(
        fmt::format("{}/orthanc_round_trip.sh {} {} {} {} {}", HEPAR_DICOM_SCRIPTS, study.ct.string(),
                    study.objects.string(), (study.objects.parent_path() / "orthanc").string(),
                    HEPAR_PEER_PYTHON, HEPAR_ORTHANC_DICOMWEB),
        folder());
    EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
    EXPECT_EQ(outcome.out, "C-STORE\nSTOW-RS\nidentical\n");
  }
}

}  // namespace
}  // namespace hepar
