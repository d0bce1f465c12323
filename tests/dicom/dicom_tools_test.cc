// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <cmath>

#include "hepar/dicom/ct_writer.h"
#include "hepar/dicom/segmentation.h"
#include "hepar/dicom/structure_set.h"
#include "hepar/dicom/structure_set_export.h"
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
constexpr Block kBlock{{4, 3, 1}, {17, 15, 4}}, kHoleBlock{{8, 7, 2}, {11, 9, 3}},
    kIslandVoxel{{20, 17, 3}, {20, 17, 3}};

Mask liver_mask(const Geometry& grid) {
  Mask mask(grid);
  for (std::int64_t k = 0; k < grid.size.k; ++k) {
    for (std::int64_t j = 0; j < grid.size.j; ++j) {
      for (std::int64_t i = 0; i < grid.size.i; ++i) {
        const Int3 at{i, j, k};
        mask[at] = (within(kBlock, at) && !within(kHoleBlock, at)) || within(kIslandVoxel, at) ? 1 : 0;
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
  std::vector<Vec3> loop = edges(kBlock, slice), hole = edges(kHoleBlock, slice);
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
  for (std::int64_t k = kBlock.first.k; k <= kBlock.last.k; ++k) {
    const bool hole = k >= kHoleBlock.first.k && k <= kHoleBlock.last.k;
    draw(0, k, hole ? keyhole(k) : edges(kBlock, k));
    if (hole) draw(2, k, edges(kHoleBlock, k));
  }
  draw(0, kIslandVoxel.first.k, edges(kIslandVoxel, kIslandVoxel.first.k));
  draw(1, 2, edges(kBlock, 2));
  return set;
}

// The liver (1) around a cyst (3), and a tumour (2) of one voxel apart from it.
LabelMap label_map(const Geometry& grid) {
  LabelMap labels = liver_mask(grid);
  for (std::int64_t k = 0; k < grid.size.k; ++k) {
    for (std::int64_t j = 0; j < grid.size.j; ++j) {
      for (std::int64_t i = 0; i < grid.size.i; ++i) {
        if (within(kHoleBlock, {i, j, k})) labels[{i, j, k}] = kCyst;
      }
    }
  }
  labels[kIslandVoxel.first] = kTumour;
  return labels;
}

// One ROI for each label, so that the liver has a hole.
DicomProfile profile_of_single_labels() {
  DicomProfile profile;
  for (RoiStyle& roi : profile.rois) roi.labels = {roi.name == "Liver" ? kLiver : roi.labels.front()};
  return profile;
}

Volume<float> probability(const Geometry& grid) {
  Volume<float> values(grid);
  for (std::size_t n = 0; n < values.voxels().size(); ++n) values.voxels()[n] = static_cast<float>(n % 5) / 4;
  return values;
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
    export_structure_set(study.objects / "exported.dcm", label_map(study.grid.geometry), study.grid,
                         profile_of_single_labels());
    write_segmentation(study.objects / "seg.dcm", label_map(study.grid.geometry), study.grid, profile);
    write_fractional_segmentation(study.objects / "fractional.dcm", probability(study.grid.geometry),
                                  profile.rois[1], study.grid, profile);
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

TEST_F(DicomTools, DciodvfyFindsNoErrorInMadeUpCts) {
  for (const Study& study : studies()) {
    const Outcome outcome = run_program("dciodvfy " + (study.ct / "ct_0003.dcm").string(), folder());
    EXPECT_THAT(outcome.err, Not(HasSubstr("Error")));
    EXPECT_THAT(outcome.out + outcome.err, HasSubstr("CTImage"));
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

// The structures as plastimatch rasterises them.
class Plastimatch : public DicomTools {
 protected:
  fs::path fill(const Study& study, const char* object) const {
    const fs::path out = folder() / fmt::format("plastimatch_{}", object);
    const Outcome outcome =
        run_program(fmt::format("plastimatch convert --input {} --referenced-ct {} --output-prefix {} "
                                "--prefix-format nii",
                                (study.objects / object).string(), study.ct.string(), out.string()),
                    folder());
    EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
    return out;
  }
  // Voxels inside in the file, all of which must be those of `label` in `wanted`.
  static std::int64_t count_equal(const fs::path& file, const LabelMap& wanted, std::uint8_t label) {
    const LabelMap filled = read_labels(file).voxels;
    EXPECT_EQ(grid_difference(filled.geometry(), wanted.geometry()), std::nullopt);
    std::int64_t inside = 0, different = 0;
    for (std::size_t n = 0; n < wanted.voxels().size(); ++n) {
      inside += filled.voxels()[n] != 0 ? 1 : 0;
      different += (filled.voxels()[n] != 0) != (wanted.voxels()[n] == label) ? 1 : 0;
    }
    EXPECT_EQ(different, 0) << file;
    return inside;
  }
};

TEST_F(Plastimatch, FillsTheSameVoxels) {
  const Study& study = studies()[0];
  const fs::path by_hand = fill(study, "rtstruct.dcm");
  constexpr std::int64_t kHoleVoxels = 4 * 3 * 2, kBlockVoxels = 14 * 13 * 4;
  EXPECT_EQ(count_equal(by_hand / "Liver.nii", liver_mask(study.grid.geometry), 1),
            kBlockVoxels - kHoleVoxels + 1);
  const fs::path exported = fill(study, "exported.dcm");
  const LabelMap labels = label_map(study.grid.geometry);
  EXPECT_EQ(count_equal(exported / "Liver.nii", labels, kLiver), kBlockVoxels - kHoleVoxels);
  EXPECT_EQ(count_equal(exported / "GTV.nii", labels, kTumour), 1);
  EXPECT_EQ(count_equal(exported / "Cyst.nii", labels, kCyst), kHoleVoxels);
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
