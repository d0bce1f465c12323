// SPDX-License-Identifier: Apache-2.0
// Real CTs against altered copies of themselves and against each other.
#include <gmock/gmock.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "hepar/core/file.h"
#include "hepar/core/random.h"
#include "hepar/imaging/box.h"
#include "hepar/imaging/resample.h"
#include "hepar/io/image_io.h"
#include "hepar/leakage/scan_match.h"
#include "hepar/pipeline/ct_input.h"
#include "hepar/pipeline/leakage.h"
#include "hepar/volume/reorient.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

fs::path data(const std::string& name) { return fs::path(HEPAR_UNPACKED_DATA) / name; }

CtVolume read(const std::string& name) {
  CtSource source;
  source.path = data(name), source.resample_irregular = true;
  return load_ct(source).voxels;
}

// The same voxels under a header that only tells a spacing.
CtVolume with_spacing(const CtVolume& ct, Vec3 spacing_mm) {
  CtVolume copy({.size = ct.size(), .spacing_mm = spacing_mm});
  std::copy(ct.voxels().begin(), ct.voxels().end(), copy.voxels().begin());
  return copy;
}

// Flipped under an unchanged header.
CtVolume flipped(const CtVolume& ct, bool i, bool j, bool k) {
  AxisOrder order;
  order.flipped[0] = i, order.flipped[1] = j, order.flipped[2] = k;
  const CtVolume turned = reorient(ct, order);
  CtVolume copy(ct.geometry());
  std::copy(turned.voxels().begin(), turned.voxels().end(), copy.voxels().begin());
  return copy;
}

CtVolume resampled(const CtVolume& ct, Vec3 spacing_mm) {
  return resample(ct, geometry_with_spacing(ct.geometry(), spacing_mm), Interpolation::kLinear, -1024);
}

// The part of each axis from the first to the second share.
CtVolume cropped(const CtVolume& ct, Vec3 from, Vec3 to) {
  Box3 box;
  for (int axis = 0; axis < 3; ++axis) {
    const auto size = static_cast<double>(ct.size()[axis]);
    box.low[axis] = std::llround(from[axis] * size), box.high[axis] = std::llround(to[axis] * size);
  }
  return crop(ct, box);
}

CtVolume changed(CtVolume ct, double noise_hu, double offset_hu) {
  Random random(11);
  for (float& value : ct.voxels())
    value =
        static_cast<float>(std::lround(static_cast<double>(value) + offset_hu + random.normal(0, noise_hu)));
  return ct;
}

using Alteration = std::function<CtVolume(const CtVolume&)>;
const std::map<std::string, Alteration>& alterations() {
  static const std::map<std::string, Alteration> all{
      {"spacing 1 mm",
       [](const CtVolume& ct) {
         return with_spacing(ct, {1, 1, 1});
       }},
      {"resampled to 1 mm",
       [](const CtVolume& ct) {
         return resampled(ct, {1, 1, 1});
       }},
      {"resampled to 3 mm",
       [](const CtVolume& ct) {
         return resampled(ct, {3, 3, 3});
       }},
      {"slices of 5 mm",
       [](const CtVolume& ct) {
         const Vec3 spacing_mm = ct.geometry().spacing_mm;
         return resampled(ct, {spacing_mm.x, spacing_mm.y, 5});
       }},
      {"flipped left-right", [](const CtVolume& ct) { return flipped(ct, true, false, false); }},
      {"flipped front-back", [](const CtVolume& ct) { return flipped(ct, false, true, false); }},
      {"flipped head-feet", [](const CtVolume& ct) { return flipped(ct, false, false, true); }},
      {"turned by 180 degrees", [](const CtVolume& ct) { return flipped(ct, true, true, false); }},
      {"without the first 20 slices",
       [](const CtVolume& ct) {
         return crop(ct, {{0, 0, 20}, ct.size()});
       }},
      {"without the last 20 slices",
       [](const CtVolume& ct) {
         return crop(ct, {{0, 0, 0}, ct.size() - Int3{0, 0, 20}});
       }},
      {"without 40 % of the slices",
       [](const CtVolume& ct) {
         return cropped(ct, {0, 0, 0.4}, {1, 1, 1});
       }},
      {"without 20 % of columns and rows",
       [](const CtVolume& ct) {
         return cropped(ct, {0.2, 0.2, 0}, {1, 1, 1});
       }},
      {"noise of 10 HU", [](const CtVolume& ct) { return changed(ct, 10, 0); }},
      {"30 HU more", [](const CtVolume& ct) { return changed(ct, 0, 30); }},
      {"1024 HU more", [](const CtVolume& ct) { return changed(ct, 0, 1024); }},
      {"all together",
       [](const CtVolume& ct) {
         const CtVolume part = crop(ct, {{0, 0, 20}, ct.size() - Int3{0, 0, 20}});
         return with_spacing(changed(flipped(resampled(part, {1, 1, 1}), true, true, true), 10, 1024),
                             {1, 1, 1});
       }},
      {"all together and cropped in the plane",
       [](const CtVolume& ct) {
         const CtVolume part = cropped(ct, {0.1, 0.15, 0.4}, {0.9, 0.95, 1});
         return with_spacing(changed(flipped(resampled(part, {1.5, 1.5, 3}), true, false, true), 10, 30),
                             {1, 1, 1});
       }},
  };
  return all;
}

// Correlations of the altered copies of one patient; those with two others as well.
void expect_found(const std::string& name) {
  const CtVolume ct = read(name);
  const ScanSignature original = make_scan_signature(ct);
  const ScanSignature others[] = {make_scan_signature(read("radcttaceomics/0745")),
                                  make_scan_signature(read("crlm"))};
  for (const auto& [what, alter] : alterations()) {
    const ScanSignature copy = make_scan_signature(alter(ct));
    EXPECT_GT(compare_scans(original, copy).correlation, 0.8) << name << ", " << what;
    EXPECT_GT(compare_scans(copy, original).correlation, 0.8) << what << ", the other way round";
    for (const ScanSignature& other : others)
      EXPECT_LT(compare_scans(other, copy).correlation, 0.3) << name << ", " << what;
  }
}

TEST(RealLeakage, FirstPatientIsFoundHoweverAltered) { expect_found("ircadb01/case01/PATIENT_DICOM"); }
TEST(RealLeakage, SecondPatientIsFoundHoweverAltered) { expect_found("ircadb01/case17/PATIENT_DICOM"); }

TEST(RealLeakage, SlicesAndFlipsAreTold) {
  const CtVolume ct = read("ircadb01/case01/PATIENT_DICOM");  // slices every 1.6 mm
  const ScanSignature original = make_scan_signature(ct);
  const CtVolume part = crop(ct, {{0, 0, 20}, ct.size()});
  const ScanMatch match =
      compare_scans(original, make_scan_signature(flipped(resampled(part, {1, 1, 1}), true, false, true)));
  EXPECT_TRUE(match.flipped_left_right && !match.flipped_front_back && match.flipped_head_feet);
  EXPECT_NEAR(match.slice_step, 1.6, 0.03);
  EXPECT_NEAR(static_cast<double>(match.slices_a.first), 20, 2);
  EXPECT_NEAR(static_cast<double>(match.slices_a.last), 128, 2);
}

// All CTs of the test data that can be read and have enough slices; one patient is there three times.
const std::map<std::string, std::string>& all_places() {
  static const std::map<std::string, std::string> places{{"case01", "ircadb01/case01/PATIENT_DICOM"},
                                                         {"case17", "ircadb01/case17/PATIENT_DICOM"},
                                                         {"0745", "radcttaceomics/0745"},
                                                         {"crlm", "crlm"},
                                                         {"tcga", "tcga_lihc_irregular/images"},
                                                         {"phantom", "ibsi_ct_phantom/dicom/image"},
                                                         {"same1", "totalseg_example/example_ct.nii.gz"},
                                                         {"same2", "totalseg_example/example_ct_sm.nii.gz"},
                                                         {"same3", "nnunet_example/example_ct_sm.nii.gz"},
                                                         {"spleen", "msd_spleen8/imagesTr/spleen_8.nii.gz"}};
  return places;
}

// Thick slices, slices stored four times (spleen), uneven ones, a chest.
TEST(RealLeakage, EveryScanIsFoundInItsCopies) {
  for (const auto& [name, place] : all_places()) {
    const CtVolume ct = read(place);
    const ScanSignature original = make_scan_signature(ct);
    EXPECT_GT(compare_scans(original, original).correlation, 0.99) << name;
    for (const char* what : {"spacing 1 mm", "flipped head-feet", "turned by 180 degrees",
                             "without 20 % of columns and rows", "noise of 10 HU"}) {
      const ScanSignature copy = make_scan_signature(alterations().at(what)(ct));
      EXPECT_GT(compare_scans(original, copy).correlation, 0.75) << name << ", " << what;
    }
  }
}

// Each against each.
TEST(RealLeakage, NoFalseAlarm) {
  const auto& places = all_places();
  std::map<std::string, ScanSignature> signatures;
  for (const auto& [name, place] : places) signatures[name] = make_scan_signature(read(place));
  for (const auto& [name, a] : signatures)
    for (const auto& [other, b] : signatures) {
      if (name == other) continue;
      const double correlation = compare_scans(a, b).correlation;
      if (name.starts_with("same") && other.starts_with("same")) {
        EXPECT_GT(correlation, 0.9) << name << " and " << other;
      } else {
        EXPECT_LT(correlation, 0.3) << name << " and " << other;
      }
    }
  for (const char* few : {"anondicom_rtstruct/AnonDICOM", "dcmqi_liver3slice/ct-3slice"})
    EXPECT_FALSE(make_scan_signature(read(few)).comparable()) << few;
}

TEST(RealLeakage, FoldersOfDicomAndImages) {
  const fs::path test = fs::temp_directory_path() / ("hepar_real_leakage_" + std::to_string(::getpid()));
  make_folder(test);
  write_ct(test / "volume-28.nii", with_spacing(read("ircadb01/case01/PATIENT_DICOM"), {1, 1, 1}));
  const LeakageReport report = find_leakage({data("ircadb01"), test});
  fs::remove_all(test);
  EXPECT_EQ(report.train_count, 2);
  ASSERT_EQ(report.matches.size(), 1U);
  EXPECT_EQ(report.matches[0].first, "train/case01");
  EXPECT_EQ(report.matches[0].second, "test/volume-28");
  ASSERT_EQ(report.nearest_others.size(), 1U);
  EXPECT_EQ(report.nearest_others[0].first, "train/case17");
}

TEST(RealLeakage, LabelMapsAreNamedAndLeftOut) {
  const LeakageReport report = find_leakage({data("totalseg_example"), data("crlm")});
  // Two CTs and one in JPEG 2000; four label maps stay out.
  EXPECT_EQ(report.train_count, 3);
  EXPECT_EQ(report.left_out_count, 4);
  EXPECT_EQ(report.notes.size(), 4U);
  EXPECT_THAT(report.notes, testing::Each(testing::HasSubstr("label map")));
  EXPECT_TRUE(report.matches.empty());
  EXPECT_EQ(report.train_duplicates.size(), 1U);
}

}  // namespace
}  // namespace hepar
