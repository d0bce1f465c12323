// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "hepar/io/deflated.h"
#include "hepar/io/image_io.h"
#include "hepar/io/test_scratch_folder.h"

namespace hepar::io {
namespace {
using testing::HasSubstr;

std::string nrrd(const std::string& encoding, const std::string& payload,
                 const std::string& sizes = "20 20 20") {
  return "NRRD0005\ntype: uint8\ndimension: 3\nspace: left-posterior-superior\nsizes: " + sizes +
         "\nspace directions: (0.5,0,0) (0,0.5,0) (0,0,2)\nspace origin: (-10,-20,30)\nencoding: " +
         encoding + "\n\n" + payload;
}

std::string meta(bool compressed, const std::string& payload, const std::string& sizes = "20 20 20") {
  return "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData "
         "= " +
         std::string(compressed ? "True\nCompressedDataSize = " + std::to_string(payload.size()) : "False") +
         "\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = -10 -20 30\nElementSpacing = 0.5 0.5 2\nDimSize "
         "= " +
         sizes + "\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n" + payload;
}

// 8000 bytes that deflate can't make much shorter.
std::string noise() {
  std::string bytes;
  std::uint32_t state = 1;
  while (bytes.size() < 8000) bytes += static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

struct Format {
  std::string suffix, bytes;
};

class NrrdAndMeta : public ScratchFolder, public testing::WithParamInterface<Format> {};
INSTANTIATE_TEST_SUITE_P(Encoding, NrrdAndMeta,
                         testing::Values(Format{".nrrd", nrrd("raw", noise())},
                                         Format{".nrrd", nrrd("gzip", deflated(noise()))},
                                         Format{".mha", meta(false, noise())},
                                         Format{".mha", meta(true, deflated(noise(), false))}),
                         [](const auto& instance) { return std::to_string(instance.index); });

TEST_P(NrrdAndMeta, GivesVoxelsAndGrid) {
  const LabelMap labels = read_labels(write("x" + GetParam().suffix, GetParam().bytes)).voxels;
  const Geometry expected{{20, 20, 20}, {0.5, 0.5, 2}, {-10, -20, 30}, Mat3::identity()};
  EXPECT_EQ(labels.geometry(), expected);
  EXPECT_EQ(std::string(labels.voxels().begin(), labels.voxels().end()), noise());
}

TEST_P(NrrdAndMeta, TruncationIsNoticedQuietly) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  const std::string& whole = GetParam().bytes;
  for (std::size_t missing = 1; missing < whole.size(); missing += 1 + missing / 4) {
    const auto path =
        write("x" + GetParam().suffix, std::string_view(whole).substr(0, whole.size() - missing));
    error_of(ErrorCode::kCorrupt, [&] { read_ct(path); });
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr() + testing::internal::GetCapturedStdout(), "");
}

TEST_P(NrrdAndMeta, TextIsRefusedQuietly) {
  testing::internal::CaptureStderr();
  const auto path = write("x" + GetParam().suffix, "The patient came in on Monday.\n");
  error_of(ErrorCode::kCorrupt, [&] { read_ct(path); });
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

class ItkSource : public ScratchFolder {};

TEST_F(ItkSource, DamagedCompressedVoxelsAreNoticed) {
  for (const Format& format : {Format{"a.nrrd", nrrd("gzip", deflated(noise()))},
                               Format{"a.mha", meta(true, deflated(noise(), false))}}) {
    std::string bytes = format.bytes;
    bytes[bytes.size() - 3000] = static_cast<char>(bytes[bytes.size() - 3000] ^ 4);
    const auto path = write(format.suffix, bytes);
    EXPECT_THAT(error_of(ErrorCode::kCorrupt, [&] { read_ct(path); }), HasSubstr("damaged"));
  }
}

TEST_F(ItkSource, HeaderThatClaimsTooMuch) {
  for (const Format& format : {Format{"a.nrrd", nrrd("raw", noise(), "30000 30000 30000")},
                               Format{"a.mha", meta(false, noise(), "30000 30000 30000")}}) {
    const auto path = write(format.suffix, format.bytes);
    EXPECT_THAT(error_of(ErrorCode::kCorrupt, [&] { read_ct(path); }), HasSubstr("truncated"));
  }
}

TEST_F(ItkSource, NrrdInRasBecomesLps) {
  // RAS (-0.5, 0, 0), (0, -0.5, 0), (0, 0, 2) with origin (10, 20, 30) is LPS identity from (-10, -20, 30).
  const auto path =
      write("a.nrrd",
            "NRRD0005\ntype: int16\ndimension: 3\nspace: right-anterior-superior\nsizes: 3 2 1\n"
            "space directions: (-0.5,0,0) (0,-0.5,0) (0,0,2)\nspace origin: (10,20,30)\n"
            "encoding: ascii\n\n1 -2 3 4 5 6\n");
  const CtVolume ct = read_ct(path).voxels;
  const Geometry expected{{3, 2, 1}, {0.5, 0.5, 2}, {-10, -20, 30}, Mat3::identity()};
  EXPECT_FALSE(grid_difference(ct.geometry(), expected, 1e-9));
  EXPECT_THAT(std::vector<float>(ct.voxels().begin(), ct.voxels().end()),
              testing::ElementsAre(1, -2, 3, 4, 5, 6));
}

TEST_F(ItkSource, SkewedNrrdNeedsTheOption) {
  // i leans by 0.02 towards j, so D^T D has the off-diagonal element 0.02.
  const auto path =
      write("a.nrrd",
            "NRRD0005\ntype: uint8\ndimension: 3\nspace: left-posterior-superior\nsizes: 2 1 1\n"
            "space directions: (1,0.02,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\nencoding: ascii\n\n1 2\n");
  EXPECT_THAT(error_of(ErrorCode::kInvalidInput, [&] { read_ct(path); }),
              HasSubstr("--accept-skewed-directions"));
  EXPECT_THAT(read_ct(path, {.accept_skewed_directions = true}).notes,
              testing::ElementsAre(HasSubstr("off by 0.02")));
}

TEST_F(ItkSource, DetachedHeadersFindTheirVoxels) {
  write("a.raw", "\1\2\3\4");
  write("a.gz", deflated("\1\2\3\4"));
  const std::string head =
      "NRRD0005\ntype: uint8\ndimension: 3\nspace: left-posterior-superior\nsizes: 2 2 1\n"
      "space directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\n";
  const auto raw = write("a.nhdr", head + "encoding: raw\ndata file: a.raw\n\n");
  const auto gzip = write("b.nhdr", head + "encoding: gzip\ndata file: a.gz\n\n");
  const auto mhd = write("a.mhd",
                         "ObjectType = Image\nNDims = 3\nDimSize = 2 2 1\nElementType = MET_UCHAR\n"
                         "ElementSpacing = 1 1 1\nElementDataFile = a.raw\n");
  for (const auto& path : {raw, gzip, mhd}) {
    const LabelMap labels = read_labels(path).voxels;
    EXPECT_EQ(std::string(labels.voxels().begin(), labels.voxels().end()), "\1\2\3\4") << path;
  }
  std::filesystem::remove(folder_ / "a.raw");
  std::filesystem::remove(folder_ / "a.gz");
  for (const auto& path : {raw, gzip, mhd}) {
    EXPECT_THAT(error_of(ErrorCode::kMissing, [&] { read_labels(path); }),
                HasSubstr("file of its voxels, a."));
  }
}

TEST_F(ItkSource, SeveralNumbersPerVoxelAreRefused) {
  const auto colour = write("a.mha",
                            "ObjectType = Image\nNDims = 3\nDimSize = 1 1 1\nElementNumberOfChannels = 3\n"
                            "ElementType = MET_UCHAR\nElementSpacing = 1 1 1\nElementDataFile = LOCAL\nabc");
  EXPECT_THAT(error_of(ErrorCode::kUnsupported, [&] { read_ct(colour); }), HasSubstr("3 numbers per voxel"));
}

}  // namespace
}  // namespace hepar::io
