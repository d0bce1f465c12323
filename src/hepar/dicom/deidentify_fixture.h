// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dctk.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/dicom/ct_series.h"
#include "hepar/dicom/ct_writer.h"
#include "hepar/dicom/deidentify.h"

// For tests: a small CT of a patient whose every attribute is SECRET, and its de-identification.
namespace hepar {

inline constexpr const char* kKey = "a key of more than sixteen bytes";

inline std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// All regular files, by their path below the folder.
inline std::map<std::string, std::string> files_in(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file())
      files[std::filesystem::relative(entry.path(), folder).string()] = bytes_of(entry.path());
  }
  return files;
}

inline void check(const OFCondition& status) { ASSERT_TRUE(status.good()) << status.text(); }

// Loads a file, lets `change` work on it and saves it again.
inline void edit(const std::filesystem::path& file, const std::function<void(DcmDataset&)>& change,
                 E_TransferSyntax syntax = EXS_LittleEndianExplicit) {
  DcmFileFormat format;
  check(format.loadFile(file.c_str()));
  format.loadAllDataIntoMemory();
  change(*format.getDataset());
  check(format.saveFile(file.c_str(), syntax));
}

inline std::string value_of(const std::filesystem::path& file, const DcmTagKey& tag) {
  DcmFileFormat format;
  check(format.loadFile(file.c_str()));
  OFString value;
  return format.getDataset()->findAndGetOFStringArray(tag, value, OFTrue).good() ? value.c_str() : "(none)";
}

inline bool has(const std::filesystem::path& file, const DcmTagKey& tag) {
  DcmFileFormat format;
  check(format.loadFile(file.c_str()));
  return format.getDataset()->tagExists(tag, OFTrue);
}

class DeidentifyTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    folder_ = std::filesystem::temp_directory_path() /
              ("hepar_deidentify_" + std::to_string(::getpid()) + "_" + name);
    std::filesystem::remove_all(folder_);
    source_ = folder_ / "source", output_ = folder_ / "output";
    CtVolume ct({{6, 4, 3}, {0.7, 0.8, 5}, {-100, -120, 10}, Mat3::identity()});
    std::iota(ct.voxels().begin(), ct.voxels().end(), -20.0F);
    write_ct_series(source_, ct, {"SECRET-ID", "SECRET^NAME", "for Dr SECRET", "SECRET seed"});
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  DeidentifyReport run(const DeidentifyOptions& options = {kKey, ""}) const {
    return deidentify(source_, output_, options);
  }
  std::string refusal(ErrorCode code, const DeidentifyOptions& options = {kKey, ""}) const {
    try {
      run(options);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_THAT(error.what(), testing::AllOf(testing::Not(testing::HasSubstr("SECRET")),
                                               testing::Not(testing::HasSubstr("\n"))));
      return error.what();
    }
    ADD_FAILURE() << "not refused";
    return "";
  }
  std::vector<std::filesystem::path> written() const {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(output_)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
  }
  void expect_no_secret(const DeidentifyReport& report) const {
    for (const auto& [name, bytes] : files_in(output_)) {
      EXPECT_EQ(name.find("SECRET"), std::string::npos) << name;
      EXPECT_EQ(bytes.find("SECRET"), std::string::npos)
          << name << ": "
          << bytes.substr(bytes.find("SECRET") - std::min<std::size_t>(60, bytes.find("SECRET")), 80);
    }
    EXPECT_THAT(report.notes, testing::Each(testing::Not(testing::HasSubstr("SECRET"))));
    EXPECT_THAT(report.refused, testing::Each(testing::Not(testing::HasSubstr("SECRET"))));
  }
  // A structure set on the CT with these ROIs.
  std::filesystem::path write_rtstruct(const std::vector<std::string>& names) const {
    const CtGrid grid = read_ct_grid(source_);
    DcmFileFormat format;
    DcmDataset& data = *format.getDataset();
    check(data.putAndInsertString(DCM_SOPClassUID, UID_RTStructureSetStorage));
    check(data.putAndInsertString(DCM_SOPInstanceUID, "1.2.3.4"));
    check(data.putAndInsertString(DCM_SeriesInstanceUID, "1.2.3.5"));
    check(data.putAndInsertString(DCM_StudyInstanceUID, grid.study_uid.c_str()));
    check(data.putAndInsertString(DCM_Modality, "RTSTRUCT"));
    check(data.putAndInsertString(DCM_PatientID, "SECRET-ID"));
    check(data.putAndInsertString(DCM_StructureSetLabel, "SECRET"));
    DcmItem* item = nullptr;
    for (std::size_t n = 0; n < names.size(); ++n) {
      check(data.findOrCreateSequenceItem(DCM_StructureSetROISequence, item, static_cast<signed long>(n)));
      check(item->putAndInsertString(DCM_ROINumber, std::to_string(n + 1).c_str()));
      check(item->putAndInsertString(DCM_ROIName, names[n].c_str()));
      check(item->putAndInsertString(DCM_ReferencedFrameOfReferenceUID, grid.frame_of_reference_uid.c_str()));
    }
    check(data.findOrCreateSequenceItem(DCM_ROIContourSequence, item, 0));
    DcmItem* contour = nullptr;
    check(item->findOrCreateSequenceItem(DCM_ContourSequence, contour, 0));
    check(contour->putAndInsertString(DCM_ContourData, "1\\2\\10\\3\\2\\10\\3\\4.5\\10"));
    DcmItem* image = nullptr;
    check(contour->findOrCreateSequenceItem(DCM_ContourImageSequence, image, 0));
    check(image->putAndInsertString(DCM_ReferencedSOPClassUID, UID_CTImageStorage));
    check(image->putAndInsertString(DCM_ReferencedSOPInstanceUID, grid.slices[1].sop_instance_uid.c_str()));
    const std::filesystem::path file = source_ / "rs.dcm";
    check(format.saveFile(file.c_str(), EXS_LittleEndianImplicit));
    return file;
  }

  std::filesystem::path folder_, source_, output_;
};

}  // namespace hepar
