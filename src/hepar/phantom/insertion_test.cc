// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/insertion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/core/random.h"
#include "hepar/imaging/distance.h"
#include "hepar/volume/reorient.h"

namespace hepar {
namespace {

using ::testing::HasSubstr;

struct Patient {
  CtVolume ct;
  LabelMap labels;
};

constexpr double kNoiseHu = 15;

// A body of 50 HU in air, blurred by 0.8 mm, that holds a liver of 110 HU (a cylinder of 46 mm radius and
// 100 mm height, 665 mL). Noise of 15 HU; each voxel is the sum of 2 x 2 white ones.
Patient make_patient() {
  Geometry geometry;
  geometry.size = {144, 136, 44};
  geometry.spacing_mm = {1, 1, 2.5};
  geometry.origin_mm = {-80, 20, -300};
  Patient patient{CtVolume(geometry), LabelMap(geometry)};
  Geometry wide = geometry;
  wide.size = geometry.size + Int3{1, 1, 0};
  CtVolume white(wide);
  Random random(4);
  for (float& hu : white.voxels()) hu = static_cast<float>(random.normal(0, kNoiseHu / 2));
  for (Int3 at; at.k < 44; ++at.k)
    for (at.j = 0; at.j < 136; ++at.j)
      for (at.i = 0; at.i < 144; ++at.i) {
        const double x = static_cast<double>(at.i) - 71.4, y = static_cast<double>(at.j) - 67.7;
        const double r = std::sqrt(x * x + y * y);
        double hu = -1000 + 1050 * 0.5 * std::erfc((r - 60) / 0.8 / std::sqrt(2.0));
        if (r < 46 && at.k >= 2 && at.k < 42) hu = 110, patient.labels[at] = kLiver;
        for (std::int64_t n = 0; n < 4; ++n) hu += static_cast<double>(white[at + Int3{n % 2, n / 2, 0}]);
        patient.ct[at] = static_cast<float>(std::round(hu));
      }
  return patient;
}

const Patient& patient() {
  static const Patient made = make_patient();
  return made;
}

// With a tumour and a cyst that were there before.
const Patient& ill_patient() {
  static const Patient made = [] {
    Patient ill = make_patient();
    for (Int3 at; at.k < 44; ++at.k)
      for (at.j = 0; at.j < 136; ++at.j)
        for (at.i = 0; at.i < 144; ++at.i) {
          const Vec3 p{static_cast<double>(at.i), static_cast<double>(at.j), 2.5 * static_cast<double>(at.k)};
          if ((p - Vec3{50, 60, 50}).norm() < 10) ill.labels[at] = kTumour;
          if ((p - Vec3{90, 80, 60}).norm() < 8) ill.labels[at] = kCyst;
        }
    return ill;
  }();
  return made;
}

InsertionOptions only_one(int InsertionOptions::*kind, double diameter_mm) {
  InsertionOptions options{.cysts = 0, .tumours = 0, .necrotic = 0, .touching = 0};
  options.*kind = 1;
  options.smallest_mm = options.largest_mm = diameter_mm;
  return options;
}

template <class T>
bool same(const Volume<T>& a, const Volume<T>& b) {
  return std::equal(a.voxels().begin(), a.voxels().end(), b.voxels().begin(), b.voxels().end());
}

Mask where(const Volume<std::uint8_t>& volume, auto&& condition) {
  Mask mask(volume.geometry());
  for (std::size_t n = 0; n < mask.voxels().size(); ++n)
    mask.voxels()[n] = condition(volume.voxels()[n]) ? 1 : 0;
  return mask;
}

TEST(InsertLesions, ACystShowsItsHuAndTheScansNoise) {
  const InsertedCase inserted =
      insert_lesions(patient().ct, patient().labels, only_one(&InsertionOptions::cysts, 36), 2);
  ASSERT_EQ(inserted.lesions.size(), 1U);
  EXPECT_EQ(inserted.lesions[0].kind, "cyst");
  EXPECT_NEAR(inserted.psf_sigma_mm, 0.8, 0.1);
  EXPECT_NEAR(inserted.liver_hu, 110, 1);
  EXPECT_NEAR(inserted.noise_sd_hu, kNoiseHu, 1);
  // Beyond 3 sigma of the blur and a slice from the surface there is nothing but cyst and noise.
  const auto depth2 = squared_distance_mm2(where(inserted.lesion_ids, [](auto id) { return id == 0; }));
  double count = 0, sum = 0, squares = 0;
  for (std::size_t n = 0; n < depth2.voxels().size(); ++n) {
    if (depth2.voxels()[n] < 25) continue;
    const auto hu = static_cast<double>(inserted.ct.voxels()[n]);
    ++count, sum += hu, squares += hu * hu;
  }
  ASSERT_GT(count, 1500);
  const double mean = sum / count, sd = std::sqrt(squares / count - mean * mean);
  // Sums of 2 x 2 white voxels: about 4 voxels count as one.
  EXPECT_NEAR(mean, inserted.lesions[0].true_mean_hu, 3.5 * kNoiseHu / std::sqrt(count / 4));
  EXPECT_NEAR(sd, kNoiseHu, 0.1 * kNoiseHu);
}

TEST(InsertLesions, TruthAgreesWithItself) {
  InsertionOptions options;
  options.largest_mm = 30;
  const InsertedCase inserted = insert_lesions(patient().ct, patient().labels, options, 5);
  EXPECT_GE(inserted.lesions.size(), 8U);
  std::vector<std::int64_t> voxels(inserted.lesions.size() + 1);
  for (std::size_t n = 0; n < inserted.truth.voxels().size(); ++n) {
    const std::uint8_t id = inserted.lesion_ids.voxels()[n], label = inserted.truth.voxels()[n];
    ASSERT_LE(id, inserted.lesions.size());
    ++voxels[id];
    if (id == 0) {
      ASSERT_EQ(label, patient().labels.voxels()[n]);
    } else {
      ASSERT_EQ(patient().labels.voxels()[n], kLiver);
      ASSERT_EQ(label, inserted.lesions[id - 1U].kind == "cyst" ? kCyst : kTumour);
    }
    ASSERT_EQ(inserted.contoured.voxels()[n], std::min<std::uint8_t>(label, kTumour));
  }
  for (std::size_t n = 0; n < inserted.lesions.size(); ++n) {
    const LesionTruth& lesion = inserted.lesions[n];
    EXPECT_EQ(lesion.voxels, voxels[n + 1]);
    const double ml = static_cast<double>(lesion.voxels) * 0.0025;
    EXPECT_NEAR(std::pow(lesion.diameter_mm, 3) * 3.14159265358979 / 6000, ml, 1e-6);
    const Vec3 index = inserted.truth.geometry().index_from_world(lesion.centre_lps_mm);
    const Int3 at{std::llround(index.x), std::llround(index.y), std::llround(index.z)};
    EXPECT_GT(inserted.lesion_ids[at], 0);
  }
}

TEST(InsertLesions, LeavesTheScanAloneBeyondTheBlur) {
  const InsertedCase inserted =
      insert_lesions(patient().ct, patient().labels, only_one(&InsertionOptions::tumours, 20), 3);
  const auto away2 = squared_distance_mm2(where(inserted.lesion_ids, [](auto id) { return id != 0; }));
  // Half a pixel and 2 mm of soft margin halved, 3 sigma (2.4 mm), a slice and its profile (3.8 mm).
  bool changed = false;
  for (std::size_t n = 0; n < away2.voxels().size(); ++n) {
    if (away2.voxels()[n] > 6.5 * 6.5) {
      ASSERT_EQ(inserted.ct.voxels()[n], patient().ct.voxels()[n]);
    }
    changed |= inserted.ct.voxels()[n] != patient().ct.voxels()[n];
  }
  EXPECT_TRUE(changed);
}

TEST(InsertLesions, KeepsOffLesionsThatAreThere) {
  InsertionOptions options;
  options.largest_mm = 25;
  const Patient& ill = ill_patient();
  const InsertedCase inserted = insert_lesions(ill.ct, ill.labels, options, 6);
  ASSERT_GE(inserted.lesions.size(), 6U);
  const auto away2 = squared_distance_mm2(where(ill.labels, [](auto label) { return label > kLiver; }));
  for (std::size_t n = 0; n < away2.voxels().size(); ++n) {
    if (inserted.lesion_ids.voxels()[n] != 0) {
      ASSERT_GE(away2.voxels()[n], 16);  // 4 mm
    }
    if (ill.labels.voxels()[n] <= kLiver) continue;
    ASSERT_EQ(inserted.truth.voxels()[n], ill.labels.voxels()[n]);
    ASSERT_EQ(inserted.contoured.voxels()[n], kTumour);
    ASSERT_EQ(inserted.ct.voxels()[n], ill.ct.voxels()[n]);
  }
}

TEST(InsertLesions, LesionsKeepApart) {
  InsertionOptions options{.cysts = 5, .tumours = 5, .necrotic = 0, .touching = 0, .largest_mm = 25};
  const InsertedCase inserted = insert_lesions(patient().ct, patient().labels, options, 8);
  ASSERT_GE(inserted.lesions.size(), 7U);
  for (std::size_t lesion = 1; lesion <= inserted.lesions.size(); ++lesion) {
    const auto away2 =
        squared_distance_mm2(where(inserted.lesion_ids, [lesion](auto id) { return id == lesion; }));
    for (std::size_t n = 0; n < away2.voxels().size(); ++n)
      if (inserted.lesion_ids.voxels()[n] != 0 && inserted.lesion_ids.voxels()[n] != lesion) {
        ASSERT_GE(away2.voxels()[n], 16);
      }
    EXPECT_FALSE(inserted.lesions[lesion - 1].touching);
  }
}

TEST(InsertLesions, APairTouches) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    InsertionOptions options{.cysts = 0, .tumours = 0, .necrotic = 0, .touching = 1};
    const InsertedCase inserted = insert_lesions(patient().ct, patient().labels, options, seed);
    ASSERT_EQ(inserted.lesions.size(), 2U) << seed;
    EXPECT_EQ(inserted.lesions[0].kind, "tumour");
    EXPECT_EQ(inserted.lesions[1].kind, "cyst");
    const auto away2 = squared_distance_mm2(where(inserted.lesion_ids, [](auto id) { return id == 1; }));
    double nearest2 = 1e9;
    for (std::size_t n = 0; n < away2.voxels().size(); ++n)
      if (inserted.lesion_ids.voxels()[n] == 2) nearest2 = std::min(nearest2, away2.voxels()[n]);
    EXPECT_LE(nearest2, 1 + 1 + 2.5 * 2.5) << seed;  // a 26-neighbour
    for (const LesionTruth& lesion : inserted.lesions) {
      EXPECT_TRUE(lesion.touching);
      EXPECT_GE(lesion.diameter_mm, 10);
    }
  }
}

TEST(InsertLesions, AThirdIsCutByTheCapsule) {
  InsertionOptions options{.cysts = 8, .tumours = 0, .necrotic = 0, .touching = 0};
  options.smallest_mm = options.largest_mm = 14;
  int cut = 0, lesions = 0;
  for (std::uint64_t seed = 0; seed < 4; ++seed)
    for (const LesionTruth& lesion : insert_lesions(patient().ct, patient().labels, options, seed).lesions)
      // Radii within 10 % of each other keep 90 % of the volume, diameters 0.966; a cut takes more.
      ++lesions, cut += lesion.diameter_mm < 12.9;
  EXPECT_GE(lesions, 28);
  EXPECT_GE(cut, lesions / 10);
  EXPECT_LE(cut, lesions / 2);
}

TEST(InsertLesions, IsTheSameForOneSeed) {
  InsertionOptions options;
  options.contour_error_mm = 1;
  set_thread_count(1);
  const InsertedCase one = insert_lesions(ill_patient().ct, ill_patient().labels, options, 7);
  set_thread_count(3);
  const InsertedCase three = insert_lesions(ill_patient().ct, ill_patient().labels, options, 7);
  EXPECT_TRUE(same(one.ct, three.ct));
  EXPECT_TRUE(same(one.truth, three.truth));
  EXPECT_TRUE(same(one.contoured, three.contoured));
  EXPECT_TRUE(same(one.lesion_ids, three.lesion_ids));
  const InsertedCase other = insert_lesions(ill_patient().ct, ill_patient().labels, options, 8);
  EXPECT_FALSE(same(one.truth, other.truth));
}

TEST(InsertLesions, WorksInAnyOrderOfAxes) {
  // Slices first: then rows and columns keep their order, and the voxels must be the very same.
  const AxisOrder order{.source_axis = {2, 0, 1}};
  const InsertedCase wanted = insert_lesions(patient().ct, patient().labels, {}, 9);
  const InsertedCase turned =
      insert_lesions(reorient(patient().ct, order), reorient(patient().labels, order), {}, 9);
  EXPECT_TRUE(same(turned.ct, reorient(wanted.ct, order)));
  EXPECT_TRUE(same(turned.truth, reorient(wanted.truth, order)));
  ASSERT_EQ(turned.lesions.size(), wanted.lesions.size());
  for (std::size_t n = 0; n < wanted.lesions.size(); ++n)
    EXPECT_NEAR((turned.lesions[n].centre_lps_mm - wanted.lesions[n].centre_lps_mm).norm(), 0, 1e-6);
}

TEST(InsertLesions, ContoursAreOffByTheError) {
  InsertionOptions options;
  options.largest_mm = 25;
  options.contour_error_mm = 1;
  const InsertedCase inserted = insert_lesions(ill_patient().ct, ill_patient().labels, options, 10);
  const auto to_lesion2 =
      squared_distance_mm2(where(inserted.truth, [](auto label) { return label > kLiver; }));
  const auto to_rest2 =
      squared_distance_mm2(where(inserted.truth, [](auto label) { return label <= kLiver; }));
  std::int64_t off = 0;
  for (std::size_t n = 0; n < to_lesion2.voxels().size(); ++n) {
    const std::uint8_t truth = inserted.truth.voxels()[n], contour = inserted.contoured.voxels()[n];
    ASSERT_EQ(contour == kBackground, truth == kBackground);
    ASSERT_LE(contour, kTumour);
    if ((truth > kLiver) == (contour == kTumour)) continue;
    ++off;
    // At most 2.8 SD, and a voxel (3 mm across).
    ASSERT_LE(std::max(to_lesion2.voxels()[n], to_rest2.voxels()[n]), 5.8 * 5.8);
  }
  EXPECT_GT(off, 200);
}

TEST(InsertLesions, SaysWhatFoundNoPlace) {
  const InsertedCase inserted =
      insert_lesions(patient().ct, patient().labels, only_one(&InsertionOptions::necrotic, 100), 1);
  EXPECT_TRUE(inserted.lesions.empty());
  ASSERT_EQ(inserted.notes.size(), 1U);
  EXPECT_THAT(inserted.notes[0], HasSubstr("left out"));
  EXPECT_TRUE(same(inserted.ct, patient().ct));
}

TEST(InsertLesions, SaysWhenTheBlurIsUnknown) {
  Patient indoors = make_patient();
  for (float& hu : indoors.ct.voxels()) hu = std::max(hu, 0.0F);
  const InsertedCase inserted =
      insert_lesions(indoors.ct, indoors.labels, only_one(&InsertionOptions::cysts, 20), 1);
  EXPECT_EQ(inserted.psf_sigma_mm, 0.65);
  ASSERT_EQ(inserted.notes.size(), 1U);
  EXPECT_THAT(inserted.notes[0], HasSubstr("0.65 mm"));
}

void expect_refusal(const Patient& given, const InsertionOptions& options, const std::string& reason) {
  try {
    insert_lesions(given.ct, given.labels, options, 1);
    ADD_FAILURE() << "not refused: " << reason;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    EXPECT_THAT(error.what(), HasSubstr(reason));
  }
}

TEST(InsertLesions, RefusesWhatItCanNotUse) {
  Patient other = patient();
  Geometry moved = other.labels.geometry();
  moved.origin_mm.x += 1;
  other.labels = LabelMap(moved, kLiver);
  expect_refusal(other, {}, "not on the CT's grid");
  other.labels = LabelMap(patient().ct.geometry());
  expect_refusal(other, {}, "0.0 mL of liver");
  for (std::size_t n = 0; n < 19000; ++n) other.labels.voxels()[n] = kLiver;  // 47.5 mL
  expect_refusal(other, {}, "47.5 mL of liver");
  for (std::size_t n = 0; n < other.labels.voxels().size(); ++n)
    other.labels.voxels()[n] = n % 3 == 0 ? 1 : 0;
  expect_refusal(other, {}, "uninterrupted");
  other = patient();
  for (float& hu : other.ct.voxels()) hu += 1024;
  expect_refusal(other, {}, "only 0 % of the liver's voxels");
}

TEST(InsertLesions, RefusesOptionsOutOfRange) {
  expect_refusal(patient(), {.cysts = -1}, "number of cysts is -1");
  expect_refusal(patient(), {.touching = 60}, "give 100 or fewer");
  expect_refusal(patient(), {.smallest_mm = 2}, "3 to 100 mm");
  expect_refusal(patient(), {.smallest_mm = 30, .largest_mm = 20}, "3 to 100 mm");
  expect_refusal(patient(), {.largest_mm = 101}, "3 to 100 mm");
  expect_refusal(patient(), {.contour_error_mm = std::nan("")}, "contour's error");
  EXPECT_EQ((InsertionOptions{.cysts = -1, .contour_error_mm = 9}.problems().size()), 2U);
  EXPECT_TRUE(InsertionOptions{}.problems().empty());
}

}  // namespace
}  // namespace hepar
