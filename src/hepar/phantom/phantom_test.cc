// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/phantom.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"

namespace hepar {
namespace {

bool same_bytes(const Phantom& a, const Phantom& b) {
  return a.ct.geometry() == b.ct.geometry() && std::ranges::equal(a.ct.voxels(), b.ct.voxels()) &&
         std::ranges::equal(a.labels.voxels(), b.labels.voxels());
}

std::int64_t count(const LabelMap& labels, std::uint8_t label) {
  return std::ranges::count(labels.voxels(), label);
}

TEST(MakePhantom, GivesTheSameBytesForAnyThreadCount) {
  const PhantomOptions options{.cysts = CystContent::kSome};
  const int threads = thread_count();
  set_thread_count(1);
  const Phantom one = make_phantom(options, 7, 2);
  set_thread_count(3);
  const Phantom three = make_phantom(options, 7, 2);
  set_thread_count(threads);
  EXPECT_TRUE(same_bytes(one, three));
  ASSERT_EQ(one.lesions.size(), three.lesions.size());
  for (std::size_t n = 0; n < one.lesions.size(); ++n)
    EXPECT_EQ(one.lesions[n].true_mean_hu, three.lesions[n].true_mean_hu);
}

TEST(MakePhantom, VariesWithIndexAndSeed) {
  const Phantom first = make_phantom({}, 7, 0);
  EXPECT_FALSE(same_bytes(first, make_phantom({}, 7, 1)));
  EXPECT_FALSE(same_bytes(first, make_phantom({}, 8, 0)));
}

TEST(MakePhantom, HasThePromisedGridAndValues) {
  const Phantom phantom = make_phantom({}, 1, 0);
  const Geometry& geometry = phantom.ct.geometry();
  EXPECT_EQ(geometry, phantom.labels.geometry());
  EXPECT_EQ(geometry.direction, Mat3::identity());
  EXPECT_EQ(geometry.size.i, 128);
  EXPECT_EQ(geometry.size.j, 128);
  EXPECT_GE(geometry.spacing_mm.x, 2.6);
  EXPECT_LE(geometry.spacing_mm.x, 3.4);
  EXPECT_EQ(geometry.spacing_mm.x, geometry.spacing_mm.y);
  EXPECT_GE(geometry.spacing_mm.z, 2.5);
  EXPECT_LE(geometry.spacing_mm.z, 5);
  EXPECT_NE(geometry.origin_mm, Vec3{});
  for (const float hu : phantom.ct.voxels()) {
    ASSERT_EQ(hu, std::round(hu));
    ASSERT_GE(hu, -1024);
    ASSERT_LT(hu, 3000);
  }
  // In front of the patient there is air; noise of at most 19 HU, half of it there.
  EXPECT_NEAR((phantom.ct[{64, 1, geometry.size.k / 2}]), -1000, 60);
}

TEST(MakePhantom, HoldsTheWholeLiverOfPlausibleSizeAndHu) {
  for (std::int64_t index = 0; index < 3; ++index) {
    const Phantom phantom = make_phantom({}, 2, index);
    const auto labels = phantom.labels.voxels();
    const auto ct = phantom.ct.voxels();
    EXPECT_EQ(count(phantom.labels, kCyst), 0);
    EXPECT_LE(*std::ranges::max_element(labels), kCyst);
    const std::int64_t liver = count(phantom.labels, kLiver), tumour = count(phantom.labels, kTumour);
    const double ml = static_cast<double>(liver + tumour) * phantom.labels.geometry().voxel_volume_ml();
    EXPECT_GT(ml, 850);
    EXPECT_LT(ml, 2600);
    const std::size_t slice = 128 * 128;
    EXPECT_EQ(std::ranges::count(labels.first(slice), kBackground), 128 * 128) << "the lowest slice is free";
    EXPECT_EQ(std::ranges::count(labels.last(slice), kBackground), 128 * 128) << "the highest slice is free";
    double sum = 0;
    for (std::size_t n = 0; n < labels.size(); ++n)
      sum += labels[n] == kLiver ? static_cast<double>(ct[n]) : 0;
    // Vessels (+50 HU, under a tenth) and the soft border shift the mean of the parenchyma by a few HU.
    EXPECT_NEAR(sum / static_cast<double>(liver), phantom.acquisition.liver_hu, 12);
  }
}

// Voxels of the label whose 26 neighbours all have it, within `reach_mm` of `centre_mm`: mean HU and count.
std::pair<double, std::int64_t> interior(const Phantom& phantom, std::uint8_t label, Vec3 centre_mm,
                                         double reach_mm) {
  const Geometry& geometry = phantom.ct.geometry();
  double sum = 0;
  std::int64_t n = 0;
  for (Int3 at{1, 1, 1}; at.k < geometry.size.k - 1; ++at.k)
    for (at.j = 1; at.j < geometry.size.j - 1; ++at.j)
      for (at.i = 1; at.i < geometry.size.i - 1; ++at.i) {
        if ((geometry.world_from_index(to_vec(at)) - centre_mm).norm() > reach_mm) continue;
        bool inside = true;
        for (std::int64_t m = 0; m < 27; ++m)
          inside &= phantom.labels[at + Int3{m % 3 - 1, m / 3 % 3 - 1, m / 9 - 1}] == label;
        if (!inside) continue;
        sum += static_cast<double>(phantom.ct[at]), ++n;
      }
  return {n > 0 ? sum / static_cast<double>(n) : 0, n};
}

TEST(MakePhantom, TellsTheTruthAboutItsLesions) {
  const PhantomOptions options{.cysts = CystContent::kSome, .necrotic_probability = 0};
  int compared = 0;
  for (std::int64_t index = 0; index < 4; ++index) {
    const Phantom phantom = make_phantom(options, 3, index);
    std::int64_t tumour = 0, cyst = 0;
    for (const LesionTruth& lesion : phantom.lesions) {
      const bool is_cyst = lesion.kind == "cyst";
      (is_cyst ? cyst : tumour) += lesion.voxels;
      // Volume of a sphere: pi d^3 / 6.
      EXPECT_NEAR(3.14159265358979 / 6 * std::pow(lesion.diameter_mm, 3) / 1000,
                  static_cast<double>(lesion.voxels) * phantom.ct.geometry().voxel_volume_ml(), 1e-6);
      if (lesion.diameter_mm < 15 || lesion.kind == "calcified_tumour") continue;
      const auto [mean, n] =
          interior(phantom, is_cyst ? kCyst : kTumour, lesion.centre_lps_mm, lesion.diameter_mm / 2);
      if (n < 20) continue;
      // Mean of n noise values, a few of them correlated (factor 2), at 3 sd; plus 6 HU, since the mean
      // of the interior differs from that of the whole by the tissue's own unevenness of up to 5 HU sd.
      EXPECT_NEAR(mean, lesion.true_mean_hu,
                  6 * phantom.acquisition.noise_sd_hu / std::sqrt(static_cast<double>(n)) + 6);
      ++compared;
    }
    EXPECT_EQ(tumour, count(phantom.labels, kTumour));
    EXPECT_EQ(cyst, count(phantom.labels, kCyst));
  }
  EXPECT_GE(compared, 4);
}

TEST(MakePhantom, SaysWhichLesionsTouch) {
  // A touching pair comes in about one case of six; both partners say so.
  int pairs = 0;
  for (std::int64_t index = 0; index < 12 && pairs == 0; ++index) {
    bool cyst = false, tumour = false;
    for (const LesionTruth& lesion : make_phantom({.cysts = CystContent::kSome}, 7, index).lesions)
      if (lesion.touching) (lesion.kind == "cyst" ? cyst : tumour) = true;
    EXPECT_EQ(cyst, tumour);
    pairs += cyst ? 1 : 0;
  }
  EXPECT_GT(pairs, 0);
}

TEST(MakePhantom, RefusesOptionsOutOfRange) {
  for (const double share : {-0.1, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
    try {
      make_phantom({.necrotic_probability = share}, 1, 0);
      FAIL() << share;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
      EXPECT_NE(std::string(error.what()).find("from 0 to 1"), std::string::npos);
    }
  }
  EXPECT_THROW(make_phantom({}, 1, -1), Error);
}

TEST(PhaseName, IsWhatTruthFilesHold) {
  EXPECT_STREQ(phase_name(ContrastPhase::kLateArterial), "late_arterial");
  EXPECT_STREQ(phase_name(ContrastPhase::kPortalVenous), "portal_venous");
  EXPECT_STREQ(phase_name(ContrastPhase::kDelayed), "delayed");
}

}  // namespace
}  // namespace hepar
