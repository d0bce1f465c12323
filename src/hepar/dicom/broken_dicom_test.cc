// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <iterator>
#include <ostream>

#include "hepar/core/error.h"
#include "hepar/dicom/ct_series.h"
#include "hepar/dicom/deidentify.h"
#include "hepar/dicom/synthetic_series.h"

namespace hepar::dicom {
namespace {
namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string bytes_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write_bytes(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

// A kind of damage to a series of four slices 0.dcm to 3.dcm, and what is said of it.
struct BrokenCt {
  const char* name;
  std::function<void(const fs::path& folder)> make;
  ErrorCode code;
  std::vector<const char*> says;
  bool seen_without_pixels = true;   // read_ct_grid() refuses it too
  std::size_t not_deidentified = 0;  // files; the others are written
};

void PrintTo(const BrokenCt& broken, std::ostream* stream) { *stream << broken.name; }

using Change = std::function<void(std::vector<SyntheticSlice>&)>;

std::function<void(const fs::path&)> slices(Change change) {
  return [change = std::move(change)](const fs::path& folder) {
    auto all = even_slices(4);
    change(all);
    write_slices(folder, all);
  };
}

std::function<void(const fs::path&)> one_attribute(const char* name, const char* value) {
  return slices([=](auto& all) { all[1].attributes[name] = value; });
}

std::function<void(const fs::path&)> all_attributes(const char* name, const char* value) {
  return slices([=](auto& all) {
    for (auto& slice : all) slice.attributes[name] = value;
  });
}

// Whole slices of this syntax, of whose file `change` gets the bytes of the second.
std::function<void(const fs::path&)> bytes(std::function<void(std::string&)> change,
                                           const char* syntax = "explicit") {
  return [=](const fs::path& folder) {
    auto all = even_slices(4);
    for (auto& slice : all) slice.syntax = syntax;
    write_slices(folder, all);
    std::string content = bytes_of(folder / "1.dcm");
    change(content);
    write_bytes(folder / "1.dcm", content);
  };
}

// Puts other bytes at a distance after a text that the file must hold.
std::function<void(const fs::path&)> patch(std::string_view after, std::size_t distance,
                                           std::string_view replacement) {
  return bytes([=](std::string& content) {
    const auto at = content.find(after);
    ASSERT_NE(at, std::string::npos);
    content.replace(at + after.size() + distance, replacement.size(), replacement);
  });
}

// Overwrites the last bytes, which belong to the pixels.
std::function<void(const fs::path&)> damaged_pixels(const char* syntax) {
  return bytes([](std::string& content) { content.replace(content.size() - 30, 20, 20, '\x91'); }, syntax);
}

std::string nested(int levels) {
  const std::string level("\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff", 20);
  std::string all;
  for (int n = 0; n < levels; ++n) all += level;
  return all;
}

constexpr std::string_view kRows("\x28\x00\x10\x00", 4), kColumns("\x28\x00\x11\x00", 4),
    kPosition("\x20\x00\x32\x00", 4), kPixels("\xe0\x7f\x10\x00", 4), kLongLength("\xf0\xff\xff\x7f", 4);

// Damage to the pixels alone is not seen by read_ct_grid(), which does not look at them.
constexpr bool kSeenByTheGrid = true, kUnseenByTheGrid = false;

// The last number: the files that are not de-identified, those that DCMTK can't parse. What is
// wrong with a CT but well-formed DICOM is copied as it is.
const BrokenCt kBroken[] = {
    {"TruncatedInTheHeader",
     bytes([](std::string& b) { b.resize(500); }),
     ErrorCode::kCorrupt,
     {"1.dcm"},
     kSeenByTheGrid,
     1},
    {"TruncatedInThePixels",
     bytes([](std::string& b) { b.resize(b.size() - 20); }),
     ErrorCode::kCorrupt,
     {"1.dcm"},
     kUnseenByTheGrid,
     1},
    {"EmptyAfterItsStart",
     bytes([](std::string& b) { b.resize(132); }),
     ErrorCode::kCorrupt,
     {},
     kSeenByTheGrid,
     1},
    {"NoPixels",
     slices([](auto& all) { all[1].without_pixels = true; }),
     ErrorCode::kCorrupt,
     {"1.dcm", "pixels can't be read"},
     kUnseenByTheGrid},
    {"TooFewPixels",
     slices([](auto& all) { all[1].pixels.assign(20, 0); }),
     ErrorCode::kCorrupt,
     {"1.dcm", "20 of 24 pixels"},
     kUnseenByTheGrid},
    {"MoreRowsThanPixels",
     all_attributes("Rows", "5"),
     ErrorCode::kCorrupt,
     {"24 of 30 pixels"},
     kUnseenByTheGrid},
    {"FarMoreRowsThanPixels",
     all_attributes("Rows", "60000"),
     ErrorCode::kCorrupt,
     {"24 of 360000 pixels"},
     kUnseenByTheGrid},
    {"NoRows", one_attribute("Rows", "0"), ErrorCode::kCorrupt, {"where its slice lies"}},
    {"WrongVrOfRows", patch(kRows, 0, "SQ"), ErrorCode::kCorrupt, {"1.dcm"}, kSeenByTheGrid, 1},
    {"WrongVrOfPosition", patch(kPosition, 0, "US"), ErrorCode::kCorrupt, {"1.dcm", "where its slice lies"}},
    {"LengthBeyondTheEnd",
     patch(kPixels, 4, kLongLength),
     ErrorCode::kCorrupt,
     {"1.dcm"},
     kUnseenByTheGrid,
     1},
    {"LengthOfAnAttributeBeyondTheEnd",
     patch(kPosition, 2, "\xfe\xff"),
     ErrorCode::kCorrupt,
     {"1.dcm"},
     kSeenByTheGrid,
     1},
    {"TwoPatients",
     one_attribute("PatientID", "secret-2"),
     ErrorCode::kInvalidInput,
     {"more than one patient"}},
    {"DuplicateInstances",
     slices([](auto& all) { all[3].z_mm = 10; }),
     ErrorCode::kInvalidInput,
     {"1 slices", "show something else"}},
    {"MissingSlice",
     slices([](auto& all) { all[3].z_mm = 20; }),
     ErrorCode::kInvalidInput,
     {"1 slice is missing", "--resample-irregular"}},
    {"UnevenSlices",
     slices([](auto& all) { all[3].z_mm = 13; }),
     ErrorCode::kInvalidInput,
     {"unevenly spaced", "--resample-irregular"}},
    {"OneSlice", slices([](auto& all) { all.resize(1); }), ErrorCode::kInvalidInput, {"single slice"}},
    {"GantryTilt",
     slices([](auto& all) {
       for (auto& slice : all) {
         slice.attributes["ImagePositionPatient"] =
             "-100\\" + std::to_string(-120 + slice.z_mm * 0.1763) + "\\" + std::to_string(slice.z_mm);
       }
     }),
     ErrorCode::kInvalidInput,
     {"10.0 degrees", "gantry tilt"}},  // tan(10 degrees) = 0.1763
    {"SlicesShiftedSideways",
     one_attribute("ImagePositionPatient", "-95\\-120\\5"),
     ErrorCode::kInvalidInput,
     {"5.00 mm"}},
    {"MixedOrientations",
     slices([](auto& all) {
       for (const std::size_t n : {0U, 1U})
         all[n].attributes["ImageOrientationPatient"] = "0\\1\\0\\0\\0\\-1";
     }),
     ErrorCode::kInvalidInput,
     {"mixes slices of 2 orientations"}},
    {"RescaleSlopeThatIsNoNumber",
     one_attribute("RescaleSlope", "1x"),
     ErrorCode::kCorrupt,
     {"1.dcm", "rescale slope or intercept"}},
    {"RescaleInterceptThatIsNoNumber",
     one_attribute("RescaleIntercept", "-1024HU"),
     ErrorCode::kCorrupt,
     {"1.dcm", "rescale slope or intercept"}},
    {"RowsAndColumnsBeyond16Bits",
     bytes([](std::string& b) {
       b.replace(b.find(kRows), 10, std::string("\x28\x00\x10\x00UL\x04\x00\x00\xca\x9a\x3b", 12));
       b.replace(b.find(kColumns), 10, std::string("\x28\x00\x11\x00UL\x04\x00\x00\xca\x9a\x3b", 12));
     }),
     ErrorCode::kCorrupt,
     {"1.dcm", "where its slice lies"}},
    {"SkewedAxes",
     all_attributes("ImageOrientationPatient", "1\\0\\0\\0.2\\1\\0"),
     ErrorCode::kInvalidInput,
     {"right angles"}},
    {"ZeroSpacing", all_attributes("PixelSpacing", "0\\0.7"), ErrorCode::kInvalidInput, {"0"}},
    {"NegativeSpacing", all_attributes("PixelSpacing", "0.8\\-0.7"), ErrorCode::kInvalidInput, {"-0.7"}},
    {"NotANumber",
     one_attribute("ImagePositionPatient", "nan\\0\\5"),
     ErrorCode::kCorrupt,
     {"1.dcm", "where its slice lies"}},
    {"Infinite", one_attribute("ImagePositionPatient", "-100\\-120\\inf"), ErrorCode::kCorrupt, {"1.dcm"}},
    {"GarbageForANumber", one_attribute("PixelSpacing", "0.8\\0.7mm"), ErrorCode::kCorrupt, {"1.dcm"}},
    {"OverflowOfDs",
     one_attribute("ImagePositionPatient", "-100\\-120\\1e400"),
     ErrorCode::kCorrupt,
     {"1.dcm"}},
    {"HugeDs", one_attribute("ImagePositionPatient", "-100\\-120\\1e300"), ErrorCode::kInvalidInput, {}},
    {"TwoCoordinates", one_attribute("ImagePositionPatient", "-100\\-120"), ErrorCode::kCorrupt, {"1.dcm"}},
    {"TwelveBitsAllocated",
     all_attributes("BitsAllocated", "12"),
     ErrorCode::kUnsupported,
     {"12 bits per pixel"}},
    {"ThirtyTwoBitsAllocated",
     all_attributes("BitsAllocated", "32"),
     ErrorCode::kUnsupported,
     {"32 bits per pixel"}},
    {"MoreBitsStoredThanAllocated",
     all_attributes("BitsStored", "17"),
     ErrorCode::kCorrupt,
     {"17 bits stored"}},
    {"SeveralFrames", all_attributes("NumberOfFrames", "2"), ErrorCode::kUnsupported, {"multi-frame"}},
    {"Colours", all_attributes("PhotometricInterpretation", "RGB"), ErrorCode::kUnsupported, {"colour"}},
    {"UnknownTransferSyntax",
     patch("1.2.840.10008.1.2.", 0, "7"),
     ErrorCode::kUnsupported,
     {"1.dcm", "1.2.840.10008.1.2.7"},
     kSeenByTheGrid,
     1},
    {"DamagedRunLengths",
     bytes(
         [](std::string& b) {
           const std::string_view two_segments("\x02\x00\x00\x00\x40\x00\x00\x00", 8);
           b.replace(b.find(two_segments), 2, "\xff\x91");
         },
         "rle"),
     ErrorCode::kCorrupt,
     {"1.dcm"},
     kUnseenByTheGrid},
    {"DamagedJpeg", damaged_pixels("jpeg"), ErrorCode::kCorrupt, {"1.dcm"}, kUnseenByTheGrid},
    {"DamagedJpegLs", damaged_pixels("jpeg-ls"), ErrorCode::kCorrupt, {"1.dcm"}, kUnseenByTheGrid},
    {"DamagedDeflation",
     bytes([](std::string& b) { b.replace(b.size() - 60, 40, 40, '\x91'); }, "deflated"),
     ErrorCode::kCorrupt,
     {"1.dcm"},
     kSeenByTheGrid,
     1},
    {"SequencesNestedWithoutEnd",
     bytes([](std::string& b) { b.insert(b.find(kRows), nested(20000)); }),
     ErrorCode::kCorrupt,
     {"1.dcm", "nested more than 64 deep"},
     kSeenByTheGrid,
     1},
    {"SequenceLongerThanTheFile",
     bytes([](std::string& b) {
       b.insert(b.find(kRows),
                std::string("\x20\x00\x00\x92SQ\0\0\x00\x00\x00\x10\xfe\xff\x00\xe0\x08\x00\x00\x00", 20));
     }),
     ErrorCode::kCorrupt,
     {"1.dcm"},
     kSeenByTheGrid,
     1},
};

class CtFolder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("hepar_broken_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "ct");
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path ct() const { return folder_ / "ct"; }

  fs::path folder_;
};

class BrokenCtTest : public CtFolder, public testing::WithParamInterface<BrokenCt> {};

void expect_one_sentence(const std::string& text) {
  EXPECT_THAT(text,
              AllOf(Not(IsEmpty()), Not(HasSubstr("\n")), Not(HasSubstr("ecret")), Not(HasSubstr(". "))));
}

TEST_P(BrokenCtTest, IsRefusedInOneSentence) {
  GetParam().make(ct());
  try {
    read_ct_series(ct());
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), GetParam().code) << error.what();
    for (const char* part : GetParam().says) EXPECT_THAT(error.what(), HasSubstr(part));
    expect_one_sentence(error.what());
  }
  try {
    read_ct_grid(ct());
    EXPECT_FALSE(GetParam().seen_without_pixels) << "read without its pixels";
  } catch (const Error& error) {
    EXPECT_TRUE(GetParam().seen_without_pixels) << error.what();
    EXPECT_EQ(error.code(), GetParam().code) << error.what();
    expect_one_sentence(error.what());
  }
}

TEST_P(BrokenCtTest, IsDeidentifiedOrRefused) {
  GetParam().make(ct());
  const DeidentifyReport report = deidentify(ct(), folder_ / "output");
  EXPECT_EQ(report.refused.size(), GetParam().not_deidentified);
  const auto files = std::distance(fs::directory_iterator(ct()), fs::directory_iterator());
  EXPECT_EQ(report.written_count, files - std::ssize(report.refused));
  for (const std::string& sentence : report.refused) {
    EXPECT_THAT(sentence, testing::StartsWith("File "));
    expect_one_sentence(sentence);
  }
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "output")) {
    if (!entry.is_regular_file()) continue;
    EXPECT_EQ(bytes_of(entry.path()).find("ecret"), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, BrokenCtTest, testing::ValuesIn(kBroken),
                         [](const auto& kind) { return std::string(kind.param.name); });

// What breaks rules and is read all the same.
TEST_F(CtFolder, HarmlessFaultsAreReadThrough) {
  const std::pair<const char*, std::function<void(const fs::path&)>> faults[] = {
      {"DS of more than 16 bytes",
       all_attributes("PixelSpacing", "0.80000000000000000000\\0.70000000000000000")},
      {"unknown character set", all_attributes("SpecificCharacterSet", "ISO_IR 999")},
      {"group length that lies", bytes([](std::string& b) {
         b.insert(b.find(kRows), std::string("\x28\x00\x00\x00UL\x04\x00\xf0\xff\xff\x7f", 12));
       })},
      {"identical duplicate",
       [](const fs::path& folder) {
         write_slices(folder, even_slices(4));
         fs::copy(folder / "1.dcm", folder / "copy.dcm");
       }},
      {"numbers of another value representation", slices([](auto& all) {
         for (auto& slice : all) slice.numbers_as_text = true;
       })}};
  for (const auto& [what, make] : faults) {
    SCOPED_TRACE(what);
    SetUp();
    make(ct());
    const CtSeries series = read_ct_series(ct());
    EXPECT_EQ(series.voxels.geometry(),
              (Geometry{{6, 4, 4}, {0.7, 0.8, 5}, {-100, -120, 0}, Mat3::identity()}));
    EXPECT_EQ(series.voxels.voxels()[24], 100 - 1024);  // the second slice's first stored pixel is 100
  }
}

}  // namespace
}  // namespace hepar::dicom
