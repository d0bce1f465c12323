// SPDX-License-Identifier: Apache-2.0
#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dctk.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <ostream>

#include "hepar/core/error.h"
#include "hepar/dicom/ct_series.h"
#include "hepar/dicom/ct_writer.h"
#include "hepar/dicom/roi_masks.h"
#include "hepar/dicom/segmentation.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

void require(const OFCondition& status) {
  if (status.bad()) throw std::runtime_error(status.text());
}

// The first item of a sequence that there must be.
DcmItem& first_item(DcmItem& item, const DcmTagKey& sequence) {
  DcmItem* found = nullptr;
  require(item.findAndGetSequenceItem(sequence, found, 0));
  return *found;
}

DcmItem& first_contour(DcmDataset& data) {
  return first_item(first_item(data, DCM_ROIContourSequence), DCM_ContourSequence);
}

// A kind of damage to rs.dcm or seg.dcm, and what is said of it.
struct BrokenObject {
  const char *name, *file;
  std::function<void(DcmDataset&)> change;  // none: `cut` alone
  std::uintmax_t cut;                       // bytes off the end of the file
  ErrorCode code;
  std::vector<const char*> says;
};

void PrintTo(const BrokenObject& broken, std::ostream* stream) { *stream << broken.name; }

std::function<void(DcmDataset&)> contour_data(const char* values) {
  return [values](DcmDataset& data) {
    require(first_contour(data).putAndInsertString(DCM_ContourData, values));
  };
}

std::function<void(DcmDataset&)> attribute(const DcmTagKey& tag, const char* value) {
  return [=](DcmDataset& data) { require(data.putAndInsertString(tag, value)); };
}

std::function<void(DcmDataset&)> number(const DcmTagKey& tag, Uint16 value) {
  return [=](DcmDataset& data) { require(data.putAndInsertUint16(tag, value)); };
}

std::function<void(DcmDataset&)> without(const DcmTagKey& tag) {
  return [=](DcmDataset& data) { require(data.findAndDeleteElement(tag)); };
}

void nest(DcmDataset& data) {
  DcmItem* item = &data;
  for (int level = 0; level < 70; ++level)
    require(item->findOrCreateSequenceItem(DCM_SourceImageSequence, item, 0));
}

DcmItem& shared_measures(DcmDataset& data) {
  return first_item(first_item(data, DCM_SharedFunctionalGroupsSequence), DCM_PixelMeasuresSequence);
}

const BrokenObject kBroken[] = {
    {"CoordinatesThatAreNotThreeAPoint",
     "rs.dcm",
     contour_data("1\\2\\3\\4\\5\\6\\7\\8\\9\\10"),
     0,
     ErrorCode::kCorrupt,
     {"10 coordinates"}},
    {"CoordinateThatIsNoNumber",
     "rs.dcm",
     contour_data("1\\2\\3\\4\\x\\6\\7\\8\\9"),
     0,
     ErrorCode::kCorrupt,
     {"no number"}},
    {"CoordinateLeftOut",
     "rs.dcm",
     contour_data("1\\2\\3\\4\\\\6\\7\\8\\9"),
     0,
     ErrorCode::kCorrupt,
     {"no number"}},
    {"CoordinateBeyondAllNumbers",
     "rs.dcm",
     contour_data("1\\2\\3\\4\\1e400\\6\\7\\8\\9"),
     0,
     ErrorCode::kCorrupt,
     {"no number"}},
    {"CoordinateInfinite",
     "rs.dcm",
     contour_data("1\\2\\3\\4\\inf\\6\\7\\8\\9"),
     0,
     ErrorCode::kCorrupt,
     {"no number"}},
    {"TruncatedStructureSet", "rs.dcm", {}, 100, ErrorCode::kCorrupt, {"damaged or truncated"}},
    {"StructureSetNestedTooDeep", "rs.dcm", nest, 0, ErrorCode::kCorrupt, {"nested more than 64 deep"}},
    {"StructureSetOfAnotherKind",
     "rs.dcm",
     [](DcmDataset& data) {
       attribute(DCM_SOPClassUID, UID_RTDoseStorage)(data);
       attribute(DCM_Modality, "RTDOSE")(data);
     },
     0,
     ErrorCode::kInvalidInput,
     {"RTDOSE"}},
    {"MoreFramesStatedThanDescribed",
     "seg.dcm",
     attribute(DCM_NumberOfFrames, "7"),
     0,
     ErrorCode::kCorrupt,
     {"states 7 frames"}},
    {"NoFrames",
     "seg.dcm",
     without(DCM_PerFrameFunctionalGroupsSequence),
     0,
     ErrorCode::kCorrupt,
     {"frames"}},
    {"NoSegments", "seg.dcm", without(DCM_SegmentSequence), 0, ErrorCode::kCorrupt, {"no segment"}},
    {"NoPixelsOfTheSegments", "seg.dcm", without(DCM_PixelData), 0, ErrorCode::kCorrupt, {"no pixels"}},
    {"MorePixelsStatedThanThere", "seg.dcm", number(DCM_Rows, 40), 0, ErrorCode::kCorrupt, {"40 pixels"}},
    {"FarMorePixelsStatedThanThere",
     "seg.dcm",
     [](DcmDataset& data) { number(DCM_Rows, 65535)(data), number(DCM_Columns, 65535)(data); },
     0,
     ErrorCode::kCorrupt,
     {"far more than the file can hold"}},
    {"NoRowsOfTheSegments", "seg.dcm", number(DCM_Rows, 0), 0, ErrorCode::kCorrupt, {"0 rows"}},
    {"BitsThatAreNotRead", "seg.dcm", number(DCM_BitsAllocated, 12), 0, ErrorCode::kUnsupported, {"12 bits"}},
    {"UnknownTypeOfSegmentation",
     "seg.dcm",
     attribute(DCM_SegmentationType, "SECRET"),
     0,
     ErrorCode::kCorrupt,
     {"neither BINARY nor"}},
    {"ZeroSpacingOfTheSegments",
     "seg.dcm",
     [](DcmDataset& data) { require(shared_measures(data).putAndInsertString(DCM_PixelSpacing, "0\\0.75")); },
     0,
     ErrorCode::kCorrupt,
     {"spacing"}},
    {"FrameOfAnUnknownSegment",
     "seg.dcm",
     [](DcmDataset& data) {
       DcmItem& frame = first_item(data, DCM_PerFrameFunctionalGroupsSequence);
       require(first_item(frame, DCM_SegmentIdentificationSequence)
                   .putAndInsertUint16(DCM_ReferencedSegmentNumber, 9));
     },
     0,
     ErrorCode::kCorrupt,
     {"segment 9"}},
    {"TruncatedSegmentation", "seg.dcm", {}, 20, ErrorCode::kCorrupt, {"truncated"}},
    {"SegmentationNestedTooDeep", "seg.dcm", nest, 0, ErrorCode::kCorrupt, {"nested more than 64 deep"}},
    {"SegmentationOfAnotherKind",
     "seg.dcm",
     attribute(DCM_SOPClassUID, UID_CTImageStorage),
     0,
     ErrorCode::kInvalidInput,
     {"no DICOM Segmentation"}},
};

class BrokenObjectTest : public testing::TestWithParam<BrokenObject> {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("hepar_broken_object_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    const CtVolume ct({{16, 12, 4}, {0.75, 0.75, 3}, {-6, -4, 100}, Mat3::identity()});
    write_ct_series(folder_ / "ct", ct, {"SECRET", "SECRET^NAME", "SECRET description", "seed"});
    const CtGrid grid = read_ct_grid(folder_ / "ct");
    LabelMap labels(grid.geometry);
    for (std::int64_t i = 3; i < 9; ++i) labels[{i, 5, 1}] = labels[{i, 6, 1}] = labels[{i, 6, 2}] = 1;
    write_structure_set(folder_ / "rs.dcm", contour_labels(labels, grid), grid);
    write_segmentation(folder_ / "seg.dcm", labels, grid);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
};

TEST_P(BrokenObjectTest, IsRefusedInOneSentence) {
  const BrokenObject& broken = GetParam();
  const fs::path file = folder_ / broken.file;
  if (broken.change) {
    DcmFileFormat format;
    require(format.loadFile(file.c_str()));
    require(format.loadAllDataIntoMemory());
    broken.change(*format.getDataset());
    require(format.saveFile(file.c_str(), EXS_LittleEndianExplicit));
  }
  if (broken.cut > 0) fs::resize_file(file, fs::file_size(file) - broken.cut);
  try {
    if (file.filename() == "rs.dcm") {
      read_structure_set(file);
    } else {
      read_segmentation(file);
    }
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), broken.code) << error.what();
    EXPECT_THAT(error.what(), AllOf(Not(HasSubstr("\n")), Not(HasSubstr("SECRET")), HasSubstr(broken.file)));
    for (const char* part : broken.says) EXPECT_THAT(error.what(), HasSubstr(part));
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, BrokenObjectTest, testing::ValuesIn(kBroken),
                         [](const auto& kind) { return std::string(kind.param.name); });

}  // namespace
}  // namespace hepar
