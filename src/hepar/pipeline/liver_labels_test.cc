// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/liver_labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hepar/core/error.h"

namespace hepar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Regions = std::vector<std::pair<std::string, std::vector<int>>>;

DatasetLabels labels_named(Regions regions) {
  DatasetLabels labels;
  labels.regions = std::move(regions);
  return labels;
}

TEST(FindLiverValues, NeedNoTumour) {
  EXPECT_THAT(find_liver_values(labels_named({{"liver", {1}}})).liver, ElementsAre(1));
  const LiverLabels found =
      find_liver_values(labels_named({{"spleen", {1}}, {"liver", {2}}, {"hepatic cyst", {4}}, {"HCC", {5}}}));
  EXPECT_THAT(found.liver, ElementsAre(2));
  EXPECT_THAT(found.cyst, ElementsAre(4));
  EXPECT_THAT(found.tumour, ElementsAre(5));
  EXPECT_THAT(find_liver_values(labels_named({{"spleen", {1}}})).liver, IsEmpty());
}

TEST(FindLiverLabels, TumoursInAnySpelling) {
  for (const char* tumour : {"cancer",
                             "tumor",
                             "Tumour",
                             "lesion",
                             "liver_tumor",
                             "Liver Tumours",
                             "HCC",
                             "liver-metastases",
                             "hepatocellular_carcinoma",
                             "liver_lesions",
                             "GTV",
                             "LiverTumor",
                             "livertumour",
                             "livermets",
                             "hepatoma",
                             "hepatoblastoma",
                             "HCC and metastases",
                             "whole liver tumor",
                             "liver_lesions_incl_cysts",
                             "ICC",
                             "mets",
                             "biliary cystadenocarcinoma",
                             "viable tumor",
                             "colorectal liver metastases",
                             "mass"}) {
    const auto found = find_liver_labels(labels_named({{"liver", {1}}, {tumour, {2}}}));
    ASSERT_TRUE(found.has_value()) << tumour;
    EXPECT_THAT(found->liver, ElementsAre(1)) << tumour;
    EXPECT_THAT(found->tumour, ElementsAre(2)) << tumour;
    EXPECT_THAT(found->cyst, IsEmpty()) << tumour;
  }
}

TEST(FindLiverLabels, EveryKindOfTumourStaysTumour) {
  const auto found = find_liver_labels(labels_named(
      {{"liver", {1}}, {"HCC", {2}}, {"ICC", {3}}, {"CRLM", {4}}, {"BCLM", {5}}, {"recurrent tumor", {6}}}));
  EXPECT_THAT(found->tumour, ElementsAre(2, 3, 4, 5, 6));
  EXPECT_THAT(found->others, IsEmpty());
}

TEST(FindLiverLabels, RegionsGiveTheValuesTheyWrite) {
  DatasetLabels labels = labels_named({{"liver", {1, 2, 3}}, {"tumour", {2}}, {"cyst", {3}}});
  labels.regions_class_order = {1, 2, 3};
  const auto found = find_liver_labels(labels);
  EXPECT_THAT(found->liver, ElementsAre(1));
  EXPECT_THAT(found->tumour, ElementsAre(2));
  EXPECT_THAT(found->cyst, ElementsAre(3));
}

// A voxel of the tumour that is also of its necrosis is written 3: it must not leave the tumour.
TEST(FindLiverLabels, WhatLiesWithinTheTumourIsTumour) {
  DatasetLabels labels = labels_named({{"liver", {1, 2, 3}}, {"tumor", {2, 3}}, {"necrosis", {3}}});
  labels.regions_class_order = {1, 2, 3};
  EXPECT_THAT(find_liver_labels(labels)->tumour, ElementsAre(2, 3));
}

TEST(FindLiverLabels, AnOrderThatHidesTheTumourIsRefused) {
  DatasetLabels sorted = labels_named({{"cancer", {2}}, {"liver", {1, 2}}});
  sorted.regions_class_order = {2, 1};
  try {
    find_liver_labels(sorted);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    EXPECT_THAT(error.what(), HasSubstr("declares 'liver' after 'cancer'"));
  }
}

TEST(FindLiverLabels, TumoursOfOtherOrgansAreNotTheLivers) {
  EXPECT_FALSE(find_liver_labels(labels_named({{"kidney", {1}}, {"tumor", {2}}, {"cyst", {3}}})).has_value());
  EXPECT_FALSE(find_liver_labels(labels_named({{"liver", {1}}, {"spleen", {2}}})).has_value());
  const auto many = find_liver_labels(labels_named({{"liver", {5}},
                                                    {"kidney_tumor", {1}},
                                                    {"kidney_cyst", {2}},
                                                    {"liver_vessel", {3}},
                                                    {"liver_tumor", {4}},
                                                    {"pancreas cancer", {6}}}));
  EXPECT_THAT(many->liver, ElementsAre(5));
  EXPECT_THAT(many->tumour, ElementsAre(4));
  EXPECT_THAT(many->cyst, IsEmpty());
  EXPECT_THAT(many->others, ElementsAre("kidney_tumor", "kidney_cyst", "liver_vessel", "pancreas cancer"));
  EXPECT_THAT(meaning_note(*many), HasSubstr("background in labels.nii.gz: kidney_tumor, kidney_cyst"));
}

TEST(FindLiverLabels, TheOrganWithItsTumoursIsNoTumour) {
  for (const char* organ :
       {"liver_and_tumor", "liver+tumor", "liver incl. lesions", "whole liver", "Liver With Tumour"}) {
    DatasetLabels labels = labels_named({{organ, {1, 2}}, {"tumor", {2}}});
    labels.regions_class_order = {1, 2};
    const auto found = find_liver_labels(labels);
    EXPECT_THAT(found->liver, ElementsAre(1)) << organ;
    EXPECT_THAT(found->tumour, ElementsAre(2)) << organ;
  }
}

TEST(FindLiverLabels, AModelOfLesionsAloneNamesTheLiver) {
  const auto found = find_liver_labels(labels_named({{"liver_lesions", {1}}}));
  EXPECT_THAT(found->tumour, ElementsAre(1));
  EXPECT_THAT(found->liver, IsEmpty());
  EXPECT_TRUE(find_liver_labels(labels_named({{"hepatocellular carcinoma", {1}}})).has_value());
  EXPECT_FALSE(find_liver_labels(labels_named({{"lesions", {1}}})).has_value());
}

TEST(FindLiverLabels, TheUserDecides) {
  const DatasetLabels labels = labels_named({{"liver", {1}}, {"spots", {2}}, {"tumor", {3}}});
  EXPECT_THAT(find_liver_labels(labels, {"spots"})->tumour, ElementsAre(2));
  EXPECT_THAT(find_liver_labels(labels, {"spots"})->others, ElementsAre("tumor"));
  EXPECT_THAT(find_liver_labels(labels, {"2", "tumor"})->tumour, ElementsAre(2, 3));
  try {
    find_liver_labels(labels, {"spot"});
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    EXPECT_THAT(error.what(), HasSubstr("no label 'spot'; it has liver (1), spots (2), tumor (3)"));
  }
}

TEST(ToHeparLabels, MapsTheThreeAndDropsTheRest) {
  Geometry geometry;
  geometry.size = {6, 1, 1};
  WideLabelMap labels(geometry);
  for (std::uint16_t n = 0; n < 6; ++n) labels.voxels()[n] = n == 5 ? std::uint16_t{300} : n;
  const LabelMap ours =
      to_hepar_labels(labels, {.liver = {4, 300}, .tumour = {1, 3}, .cyst = {2}, .others = {}});
  EXPECT_THAT(ours.voxels(), ElementsAre(0, 2, 3, 2, 1, 1));
}

}  // namespace
}  // namespace hepar
