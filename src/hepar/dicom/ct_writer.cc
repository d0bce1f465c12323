// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/ct_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/parallel.h"
#include "hepar/core/version.h"
#include "hepar/dicom/attributes.h"
#include "hepar/dicom/decimal_string.h"
#include "hepar/dicom/dicom_output.h"
#include "hepar/dicom/uid.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

constexpr double kLowestHu = -1024, kHighestHu = 31743;  // as 16 bits with the intercept -1024: 0 to 32767

void require(const OFCondition& status, const fs::path& file) {
  if (status.good()) return;
  throw Error(ErrorCode::kInternal, fmt::format("can't make {}: {}", file.string(), status.text()));
}

std::string file_name(std::int64_t k) { return fmt::format("ct_{:04}.dcm", k); }

using Attributes = std::vector<std::pair<DcmTagKey, std::string>>;

Attributes series_attributes(const CtVolume& ct, const CtIdentity& identity) {
  const Geometry& grid = ct.geometry();
  const auto uid = [&](const char* what) {
    return dicom::uid_from(fmt::format("{} {}", what, identity.uid_seed));
  };
  const Vec3 row = grid.direction.column(0), column = grid.direction.column(1);
  using dicom::decimal_string;
  return {{DCM_SOPClassUID, UID_CTImageStorage},
          {DCM_StudyInstanceUID, uid("study")},
          {DCM_SeriesInstanceUID, uid("series")},
          {DCM_FrameOfReferenceUID, uid("frame of reference")},
          {DCM_PatientID, identity.patient_id},
          {DCM_PatientName, identity.patient_name},
          {DCM_PatientBirthDate, ""},
          {DCM_PatientSex, ""},
          {DCM_StudyDate, ""},
          {DCM_StudyTime, ""},
          {DCM_StudyID, "1"},
          {DCM_AccessionNumber, ""},
          {DCM_ReferringPhysicianName, ""},
          {DCM_Modality, "CT"},
          {DCM_SeriesNumber, "1"},
          {DCM_SeriesDescription, identity.series_description},
          {DCM_PatientPosition, "HFS"},
          {DCM_BodyPartExamined, "ABDOMEN"},
          {DCM_PositionReferenceIndicator, ""},
          {DCM_Manufacturer, "Hepar"},
          {DCM_SoftwareVersions, std::string(version())},
          {DCM_ImageType, "DERIVED\\SECONDARY\\AXIAL"},
          {DCM_AcquisitionNumber, ""},
          {DCM_KVP, ""},
          {DCM_SliceThickness, decimal_string(grid.spacing_mm.z)},
          {DCM_PixelSpacing, decimal_string(grid.spacing_mm.y) + "\\" + decimal_string(grid.spacing_mm.x)},
          {DCM_ImageOrientationPatient,
           dicom::decimal_strings({row.x, row.y, row.z, column.x, column.y, column.z})},
          {DCM_RescaleIntercept, "-1024"},
          {DCM_RescaleSlope, "1"},
          {DCM_RescaleType, "HU"},
          {DCM_PhotometricInterpretation, "MONOCHROME2"}};
}

void put_pixels(DcmDataset& dataset, const CtVolume& ct, std::int64_t k, const fs::path& file) {
  const std::pair<DcmTagKey, std::int64_t> format[] = {
      {DCM_SamplesPerPixel, 1}, {DCM_Rows, ct.size().j}, {DCM_Columns, ct.size().i},  {DCM_BitsAllocated, 16},
      {DCM_BitsStored, 16},     {DCM_HighBit, 15},       {DCM_PixelRepresentation, 0}};
  for (const auto& [tag, value] : format) {
    require(dataset.putAndInsertUint16(tag, static_cast<Uint16>(value)), file);
  }
  const auto area = static_cast<std::size_t>(ct.size().i * ct.size().j);
  std::vector<Uint16> pixels(area);
  std::ranges::transform(ct.voxels().subspan(static_cast<std::size_t>(k) * area, area), pixels.begin(),
                         [](float hu) {
                           const double kept = std::clamp(static_cast<double>(hu), kLowestHu, kHighestHu);
                           return static_cast<Uint16>(std::lround(kept - kLowestHu));
                         });
  require(dataset.putAndInsertUint16Array(DCM_PixelData, pixels.data(), static_cast<unsigned long>(area)),
          file);
}

// A longer series of an earlier run must not add its last slices to this one.
void remove_earlier_slices(const fs::path& folder) {
  std::error_code ignored;
  for (std::int64_t k = 0; fs::remove(folder / file_name(k), ignored); ++k) {
  }
}

}  // namespace

void write_ct_series(const fs::path& folder, const CtVolume& ct, const CtIdentity& identity) {
  dicom::prepare_dcmtk();
  if (ct.size().i > 65535 || ct.size().j > 65535) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("a DICOM slice has up to 65535 x 65535 pixels, this one {} x {}", ct.size().i,
                            ct.size().j));
  }
  make_folder(folder);
  remove_earlier_slices(folder);
  const Attributes common = series_attributes(ct, identity);
  parallel_for(ct.size().k, [&](std::int64_t k) {
    const fs::path file = folder / file_name(k);
    DcmFileFormat format;
    DcmDataset& dataset = *format.getDataset();
    Attributes attributes = common;
    const Vec3 position = ct.geometry().world_from_index({0, 0, static_cast<double>(k)});
    attributes.emplace_back(DCM_SOPInstanceUID,
                            dicom::uid_from(fmt::format("slice {} {}", k, identity.uid_seed)));
    attributes.emplace_back(DCM_InstanceNumber, std::to_string(k + 1));
    attributes.emplace_back(DCM_ImagePositionPatient,
                            dicom::decimal_strings({position.x, position.y, position.z}));
    for (const auto& [tag, value] : attributes) require(dataset.putAndInsertString(tag, value.c_str()), file);
    put_pixels(dataset, ct, k, file);
    dicom::write_dicom_file(file, format, EXS_LittleEndianExplicit);
  });
}

}  // namespace hepar
