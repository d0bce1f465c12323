// SPDX-License-Identifier: Apache-2.0
#include "hepar/io/image_io.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "hepar/io/deflated.h"
#include "hepar/io/test_scratch_folder.h"

namespace hepar::io {
namespace {
using testing::HasSubstr;
using testing::IsEmpty;

// A NIfTI-1 file built by the offsets of nifti1.h: int16, sform diag(-0.5, -0.5, 2) mm in RAS with the
// corner at (10, 20, 30), which is LPS spacing (0.5, 0.5, 2), identity directions, origin (-10, -20, 30).
class NiftiBytes {
 public:
  explicit NiftiBytes(Int3 size) : header_(352, '\0') {
    set<std::int32_t>(0, 348);
    set_shape({size.i, size.j, size.k});
    set<std::int16_t>(70, 4).set<std::int16_t>(72, 16);
    for (const auto& [n, mm] : {std::pair{0, 1.F}, {1, 0.5F}, {2, 0.5F}, {3, 2.F}}) set_real(76, n, mm);
    set<float>(108, 352);
    set<std::uint8_t>(123, 2);
    set<std::int16_t>(254, 1);
    set_sform({-0.5F, 0, 0, 10, 0, -0.5F, 0, 20, 0, 0, 2, 30});
    header_.replace(344, 4, std::string("n+1\0", 4));
  }
  template <class T>
  NiftiBytes& set(std::size_t offset, T value) {
    std::memcpy(header_.data() + offset, &value, sizeof(T));
    return *this;
  }
  NiftiBytes& set_real(std::size_t offset, int n, float value) {
    return set<float>(offset + 4 * static_cast<std::size_t>(n), value);
  }
  NiftiBytes& set_shape(const std::vector<std::int64_t>& shape) {
    set<std::int16_t>(40, static_cast<std::int16_t>(shape.size()));
    for (std::size_t n = 0; n < shape.size(); ++n)
      set<std::int16_t>(42 + 2 * n, static_cast<std::int16_t>(shape[n]));
    return *this;
  }
  NiftiBytes& set_sform(const std::array<float, 12>& rows) {
    for (int n = 0; n < 12; ++n) set_real(280, n, rows[static_cast<std::size_t>(n)]);
    return *this;
  }
  template <class T>
  std::string with(const std::vector<T>& voxels) const {
    return header_ + std::string(reinterpret_cast<const char*>(voxels.data()), voxels.size() * sizeof(T));
  }

 private:
  std::string header_;
};

const std::vector<std::int16_t> kSix{-1024, 0, 1, 2, 3, 32767};

class Nifti : public ScratchFolder {
 protected:
  CtImage read(const std::string& bytes, const ReadOptions& options = {}) const {
    return read_ct(write("a.nii", bytes), options);
  }
  std::string error_reading(ErrorCode code, const std::string& bytes) const {
    return error_of(code, [&] { read(bytes); });
  }
};

std::vector<float> floats(const CtImage& image) {
  return {image.voxels.voxels().begin(), image.voxels.voxels().end()};
}

TEST_F(Nifti, GivesVoxelsInFileOrderAndTheGridInLps) {
  const CtImage image = read(NiftiBytes({3, 2, 1}).with(kSix));
  EXPECT_THAT(floats(image), testing::ElementsAre(-1024, 0, 1, 2, 3, 32767));
  const Geometry expected{{3, 2, 1}, {0.5, 0.5, 2}, {-10, -20, 30}, Mat3::identity()};
  EXPECT_EQ(image.voxels.geometry(), expected);
  EXPECT_THAT(image.notes, IsEmpty());
}

TEST_F(Nifti, GzipIsRecognisedByContent) {
  const std::string plain = NiftiBytes({3, 2, 1}).with(kSix);
  EXPECT_EQ(floats(read_ct(write("a.nii.gz", deflated(plain)))), floats(read(plain)));
  EXPECT_EQ(floats(read_ct(write("b.nii.gz", plain))), floats(read(plain)));
}

template <class T>
CtImage read_type(const Nifti&, const std::filesystem::path& path, std::int16_t code) {
  std::ofstream(path, std::ios::binary)
      << NiftiBytes({3, 1, 1}).set<std::int16_t>(70, code).with(std::vector<T>{T{0}, T{7}, T{100}});
  return read_ct(path);
}

TEST_F(Nifti, ReadsEveryNumberType) {
  const auto path = folder_ / "t.nii";
  const auto values = testing::ElementsAre(0, 7, 100);
  EXPECT_THAT(floats(read_type<std::uint8_t>(*this, path, 2)), values);
  EXPECT_THAT(floats(read_type<std::int16_t>(*this, path, 4)), values);
  EXPECT_THAT(floats(read_type<std::int32_t>(*this, path, 8)), values);
  EXPECT_THAT(floats(read_type<float>(*this, path, 16)), values);
  EXPECT_THAT(floats(read_type<double>(*this, path, 64)), values);
  EXPECT_THAT(floats(read_type<std::int8_t>(*this, path, 256)), values);
  EXPECT_THAT(floats(read_type<std::uint16_t>(*this, path, 512)), values);
  EXPECT_THAT(floats(read_type<std::uint32_t>(*this, path, 768)), values);
  EXPECT_THAT(floats(read_type<std::int64_t>(*this, path, 1024)), values);
  EXPECT_THAT(floats(read_type<std::uint64_t>(*this, path, 1280)), values);
}

TEST_F(Nifti, OtherByteOrder) {
  // Every field that is set is reversed in place; int16 -1024 = 0xFC00, so its bytes become FC 00.
  std::string bytes = NiftiBytes({1, 1, 1}).with(std::vector<std::int16_t>{-1024});
  const auto reverse = [&bytes](std::ptrdiff_t offset, std::ptrdiff_t width, int count) {
    for (; count > 0; --count, offset += width)
      std::reverse(bytes.begin() + offset, bytes.begin() + offset + width);
  };
  reverse(0, 4, 1), reverse(40, 2, 8), reverse(68, 2, 4), reverse(76, 4, 11), reverse(252, 2, 2),
      reverse(256, 4, 18);
  reverse(352, 2, 1);
  const CtImage image = read(bytes);
  EXPECT_THAT(floats(image), testing::ElementsAre(-1024));
  EXPECT_EQ(image.voxels.geometry().spacing_mm, (Vec3{0.5, 0.5, 2}));
}

TEST_F(Nifti, AppliesSlopeAndIntercept) {
  NiftiBytes file({3, 2, 1});
  file.set<float>(112, 2).set<float>(116, -1024);
  EXPECT_THAT(floats(read(file.with(kSix))), testing::ElementsAre(-3072, -1024, -1022, -1020, -1018, 64510));
  file.set<float>(112, 0);  // nifti1.h: a slope of 0 means no scaling, intercept included
  EXPECT_THAT(floats(read(file.with(kSix))), testing::ElementsAre(-1024, 0, 1, 2, 3, 32767));
}

TEST_F(Nifti, QformAloneGivesTheGrid) {
  // Quaternion (a, b, c, d) = (sqrt(1/2), 0, 0, sqrt(1/2)): i runs along RAS +y, j along RAS -x. In LPS
  // that is i along -y and j along +x. pixdim[0] = -1 turns k to -z.
  NiftiBytes file({3, 2, 1});
  file.set<std::int16_t>(252, 1).set<std::int16_t>(254, 0).set_real(76, 0, -1).set_real(256, 2,
                                                                                        std::sqrt(0.5F));
  file.set_real(268, 0, 1).set_real(268, 1, 2).set_real(268, 2, 3);
  const Geometry geometry = read(file.with(kSix)).voxels.geometry();
  const Mat3 expected{{{{0, 1, 0}, {-1, 0, 0}, {0, 0, -1}}}};
  for (int row = 0; row < 3; ++row)
    for (int column = 0; column < 3; ++column)
      EXPECT_NEAR(geometry.direction.at[row][column], expected.at[row][column], 1e-7) << row << column;
  EXPECT_EQ(geometry.origin_mm, (Vec3{-1, -2, 3}));
  EXPECT_EQ(geometry.spacing_mm, (Vec3{0.5, 0.5, 2}));
}

TEST_F(Nifti, WithoutOrientationTheAxesAreRasAndSaidSo) {
  NiftiBytes file({3, 2, 1});
  file.set<std::int16_t>(254, 0).set_real(76, 3, -2);
  const CtImage image = read(file.with(kSix));
  const Geometry expected{{3, 2, 1}, {0.5, 0.5, 2}, {0, 0, 0}, Mat3{{{{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}}}};
  EXPECT_FALSE(grid_difference(image.voxels.geometry(), expected, 1e-9));
  EXPECT_THAT(image.notes, testing::ElementsAre(HasSubstr("negative k spacing"), HasSubstr("orientation")));
  EXPECT_THAT(error_reading(ErrorCode::kInvalidInput, file.set_real(76, 3, 0).with(kSix)),
              HasSubstr("k spacing of 0"));
}

TEST_F(Nifti, SpacingThatContradictsTheSformIsNoted) {
  const CtImage image = read(NiftiBytes({3, 2, 1}).set_real(76, 3, 5).with(kSix));
  EXPECT_EQ(image.voxels.geometry().spacing_mm.z, 2);
  EXPECT_THAT(image.notes, testing::ElementsAre(HasSubstr("5.0000 mm (pixdim) and 2.0000 mm (sform)")));
}

// The i axis leans by `shear` towards j: M^T M - 1 has the off-diagonal element shear / sqrt(1 + shear^2).
std::string sheared(float shear) {
  return NiftiBytes({3, 2, 1}).set_sform({-0.5F, 0, 0, 0, 0.5F * shear, -0.5F, 0, 0, 0, 0, 2, 0}).with(kSix);
}

TEST_F(Nifti, SlightlySkewedAxesAreSnappedAndSaidSo) {
  const CtImage image = read(sheared(5e-4F));
  EXPECT_LT(orthonormality_error(image.voxels.geometry().direction), 1e-12);
  EXPECT_THAT(image.notes, testing::ElementsAre(HasSubstr("off by 0.0005")));
}

TEST_F(Nifti, SkewedAxesNeedTheOption) {
  EXPECT_THAT(error_reading(ErrorCode::kInvalidInput, sheared(0.02F)),
              testing::AllOf(HasSubstr("off by 0.02"), HasSubstr("--accept-skewed-directions")));
  const CtImage image = read(sheared(0.02F), {.accept_skewed_directions = true});
  // The polar factor of a small shear s is the rotation by s / 2.
  EXPECT_NEAR(image.voxels.geometry().direction.at[0][1], 0.01, 1e-4);
  EXPECT_THAT(image.notes, testing::ElementsAre(HasSubstr("off by 0.02")));
}

TEST_F(Nifti, OrientationThatCannotBe) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  NiftiBytes file({3, 2, 1});
  file.set_sform({0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0});
  EXPECT_THAT(error_reading(ErrorCode::kInvalidInput, file.with(kSix)), HasSubstr("axis i"));
  file.set_sform({1, 0, 0, 0, 0, 1, 0, 0, 0, nan, 1, 0});
  EXPECT_THAT(error_reading(ErrorCode::kInvalidInput, file.with(kSix)), HasSubstr("axis j"));
  file.set_sform({1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0});
  error_reading(ErrorCode::kInvalidInput, file.with(kSix));
  file.set_sform({1, 0, 0, nan, 0, 1, 0, 0, 0, 0, 1, 0});
  EXPECT_THAT(error_reading(ErrorCode::kInvalidInput, file.with(kSix)), HasSubstr("origin"));
}

TEST_F(Nifti, TrailingAxesOfOneAreFineMoreVolumesAreNot) {
  EXPECT_EQ(read(NiftiBytes({3, 2, 1}).set_shape({3, 2, 1, 1}).with(kSix)).voxels.size(), (Int3{3, 2, 1}));
  EXPECT_THAT(
      error_reading(ErrorCode::kUnsupported, NiftiBytes({3, 1, 1}).set_shape({3, 1, 1, 2}).with(kSix)),
      HasSubstr("holds 2 volumes"));
  EXPECT_THAT(error_reading(ErrorCode::kUnsupported, NiftiBytes({3, 1, 1}).set_shape({3, 2}).with(kSix)),
              HasSubstr("2 dimensions"));
}

TEST_F(Nifti, ColourAndComplexAreRefused) {
  EXPECT_THAT(
      error_reading(ErrorCode::kUnsupported, NiftiBytes({1, 1, 1}).set<std::int16_t>(70, 128).with(kSix)),
      HasSubstr("colours"));
  EXPECT_THAT(
      error_reading(ErrorCode::kUnsupported, NiftiBytes({1, 1, 1}).set<std::int16_t>(70, 32).with(kSix)),
      HasSubstr("complex"));
}

TEST_F(Nifti, VoxelsThatAreNotNumbersBecomeAirAndAreCounted) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  const CtImage image =
      read(NiftiBytes({3, 1, 1}).set<std::int16_t>(70, 16).with(std::vector<float>{nan, 40.5F, -inf}));
  EXPECT_THAT(floats(image), testing::ElementsAre(-1024, 40.5, -1024));
  EXPECT_THAT(image.notes, testing::ElementsAre(HasSubstr("2 voxels")));
}

TEST_F(Nifti, VoxelsThatAreNotNumbersCanBeRefused) {
  const ReadOptions strict{.refuse_not_finite = true};
  const auto with = [](float value) {
    return NiftiBytes({2, 1, 1}).set<std::int16_t>(70, 16).with(std::vector<float>{40.5F, value});
  };
  EXPECT_THAT(floats(read(with(7), strict)), testing::ElementsAre(40.5, 7));
  for (const float value : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
    EXPECT_THROW(read(with(value), strict), Error);
}

TEST_F(Nifti, TruncatedFilesAreNeverFilledUp) {
  const std::vector<std::int16_t> voxels(40000, 7);
  const std::string plain = NiftiBytes({200, 200, 1}).with(voxels);
  EXPECT_THAT(error_reading(ErrorCode::kCorrupt, plain.substr(0, plain.size() - 1)), HasSubstr("truncated"));
  EXPECT_THAT(error_reading(ErrorCode::kCorrupt, plain.substr(0, 347)), HasSubstr("ends after 347 bytes"));
  const std::string packed = deflated(plain);
  for (const std::size_t missing : {std::size_t{1}, std::size_t{8}, std::size_t{30}, packed.size() - 11}) {
    const auto path = write("a.nii.gz", std::string_view(packed).substr(0, packed.size() - missing));
    error_of(ErrorCode::kCorrupt, [&] { read_ct(path); });
  }
}

TEST_F(Nifti, WrongChecksumIsDamage) {
  std::string packed = deflated(NiftiBytes({3, 2, 1}).with(kSix));
  packed[packed.size() - 6] =
      static_cast<char>(packed[packed.size() - 6] ^ 1);  // in the CRC, before the length
  const auto path = write("a.nii.gz", packed);
  EXPECT_THAT(error_of(ErrorCode::kCorrupt, [&] { read_ct(path); }), HasSubstr("checksum"));
}

TEST_F(Nifti, OtherFilesUnderANiftiName) {
  const auto text = write("a.nii.gz", std::string(2000, 'x'));
  EXPECT_THAT(error_of(ErrorCode::kCorrupt, [&] { read_ct(text); }), HasSubstr("not a NIfTI file"));
  const auto gzipped_text = write("b.nii.gz", deflated(std::string(2000, 'x')));
  EXPECT_THAT(error_of(ErrorCode::kCorrupt, [&] { read_ct(gzipped_text); }), HasSubstr("not a NIfTI file"));
  EXPECT_THAT(error_reading(ErrorCode::kCorrupt, NiftiBytes({3, 2, 1}).set<char>(344, 'x').with(kSix)),
              HasSubstr("n+1"));
  EXPECT_THAT(error_reading(ErrorCode::kUnsupported, NiftiBytes({3, 2, 1}).set<char>(345, 'i').with(kSix)),
              HasSubstr(".img"));
  EXPECT_THAT(error_reading(ErrorCode::kUnsupported, NiftiBytes({3, 2, 1}).set<int>(0, 540).with(kSix)),
              HasSubstr("NIfTI-2"));
}

TEST_F(Nifti, DamagedHeaders) {
  NiftiBytes huge({32767, 32767, 32767});
  EXPECT_THAT(error_reading(ErrorCode::kCorrupt, huge.with(kSix)), HasSubstr("truncated"));
  const auto packed = write("huge.nii.gz", deflated(huge.with(kSix)));
  EXPECT_THAT(error_of(ErrorCode::kCorrupt, [&] { read_ct(packed); }), HasSubstr("truncated"));
  error_reading(ErrorCode::kCorrupt, NiftiBytes({3, -2, 1}).with(kSix));
  error_reading(ErrorCode::kCorrupt, NiftiBytes({3, 2, 1}).set<std::int16_t>(40, 8).with(kSix));
  error_reading(ErrorCode::kCorrupt, NiftiBytes({3, 2, 1}).set<float>(108, 12.5F).with(kSix));
}

TEST_F(Nifti, LabelsAreWholeNumbersOfOneByte) {
  const auto read_values = [this](const std::vector<float>& values) {
    return read_labels(write("l.nii", NiftiBytes({3, 1, 1}).set<std::int16_t>(70, 16).with(values))).voxels;
  };
  const LabelMap labels = read_values({0, 3, 255});
  EXPECT_THAT(std::vector<int>(labels.voxels().begin(), labels.voxels().end()),
              testing::ElementsAre(0, 3, 255));
  for (const float wrong : {1.5F, -1.F, 256.F, std::numeric_limits<float>::quiet_NaN()}) {
    EXPECT_THAT(error_of(ErrorCode::kInvalidInput,
                         [&] {
                           read_values({0, wrong, 1});
                         }),
                HasSubstr("voxel 1"));
  }
}

}  // namespace
}  // namespace hepar::io
