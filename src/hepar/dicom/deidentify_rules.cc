// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/deidentify_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>
#include <vector>

#include "hepar/dicom/attributes.h"

namespace hepar::dicom {
namespace {

// Objects whose pixels come from a scanner or a computation and whose text is all in attributes.
constexpr std::pair<std::string_view, std::string_view> kKinds[] = {
    {UID_CTImageStorage, "CT"},
    {UID_EnhancedCTImageStorage, "CT"},
    {UID_LegacyConvertedEnhancedCTImageStorage, "CT"},
    {UID_MRImageStorage, "MR"},
    {UID_EnhancedMRImageStorage, "MR"},
    {UID_LegacyConvertedEnhancedMRImageStorage, "MR"},
    {UID_PositronEmissionTomographyImageStorage, "PT"},
    {UID_EnhancedPETImageStorage, "PT"},
    {UID_LegacyConvertedEnhancedPETImageStorage, "PT"},
    {UID_RTStructureSetStorage, "RTSTRUCT"},
    {UID_RTDoseStorage, "RTDOSE"},
    {UID_RTPlanStorage, "RTPLAN"},
    {UID_SegmentationStorage, "SEG"},
    {UID_ParametricMapStorage, "PARAMETRIC"},
    {UID_SpatialRegistrationStorage, "REG"},
    {UID_DeformableSpatialRegistrationStorage, "REG"}};

constexpr std::string_view kWords[] = {
    "abdomen",   "adrenal",    "and",      "aorta",    "artery",    "avoid",    "bile",        "bladder",
    "body",      "bone",       "bones",    "boost",    "bowel",     "brain",    "brainstem",   "breast",
    "canal",     "cava",       "chest",    "colon",    "contour",   "cord",     "core",        "ctv",
    "ctvn",      "ctvp",       "cyst",     "cysts",    "dose",      "duct",     "ducts",       "duodenum",
    "esophagus", "eval",       "ex",       "external", "femur",     "foie",     "gallbladder", "gall",
    "gland",     "gtv",        "gtvn",     "gtvp",     "hcc",       "head",     "healthy",     "heart",
    "hepatic",   "icv",        "in",       "inferior", "itv",       "kidney",   "kidneys",     "kyst",
    "kysts",     "large",      "leber",    "left",     "lesion",    "lesions",  "liver",       "livers",
    "lobe",      "lt",         "lung",     "lungs",    "mask",      "met",      "metastases",  "metastasis",
    "mets",      "minus",      "mm",       "cm",       "gy",        "necrosis", "necrotic",    "node",
    "nodes",     "normal",     "nos",      "of",       "organ",     "other",    "outer",       "inner",
    "pancreas",  "parenchyma", "plus",     "portal",   "prostate",  "prv",      "ptv",         "rectum",
    "remnant",   "rib",        "ribs",     "right",    "ring",      "rt",       "segment",     "skin",
    "small",     "spinal",     "spleen",   "stomach",  "structure", "superior", "target",      "thrombus",
    "tissue",    "total",      "tumor",    "tumors",   "tumour",    "tumours",  "vein",        "veins",
    "vena",      "venous",     "vertebra", "vessel",   "vessels",   "volume",   "wall",        "whole",
    "without",   "a",          "b",        "l",        "n",         "p",        "r",           "t"};

// Whole words, or several written as one such as "livertumor"; single letters only alone.
bool is_made_of_words(std::string_view letters) {
  constexpr std::size_t kShortestInside = 3;
  if (std::ranges::find(kWords, letters) != std::end(kWords)) return true;
  return std::ranges::any_of(kWords, [&](std::string_view word) {
    return word.size() >= kShortestInside && letters.starts_with(word) &&
           letters.size() >= word.size() + kShortestInside && is_made_of_words(letters.substr(word.size()));
  });
}

bool has_overlay_in_pixels(DcmItem& data_set) {
  for (Uint16 group = 0x6000; group <= 0x601e; group = static_cast<Uint16>(group + 2)) {
    const bool described = data_set.tagExists(DcmTagKey(group, 0x0102));
    if (described && !data_set.tagExists(DcmTagKey(group, 0x3000))) return true;
  }
  return false;
}

}  // namespace

bool is_plain_structure_name(std::string_view name) {
  constexpr int kMostDigits = 4;  // more could be a date or a number of the patient
  constexpr std::size_t kLongest = 64;
  if (name.empty() || name.size() > kLongest) return false;
  int digits = 0;
  std::string letters;
  bool plain = true;
  const auto end_word = [&] {
    if (!letters.empty()) plain = plain && is_made_of_words(letters);
    letters.clear();
  };
  for (const unsigned char c : name) {
    if (std::isalpha(c) != 0 && c < 0x80) {
      letters += static_cast<char>(std::tolower(c));
      continue;
    }
    end_word();
    digits += std::isdigit(c) != 0 ? 1 : 0;
    plain = plain && (std::isdigit(c) != 0 ||
                      std::string_view(" _-+.,()[]/").find(static_cast<char>(c)) != std::string_view::npos);
  }
  end_word();
  return plain && digits <= kMostDigits;
}

std::string_view object_kind(DcmItem& data_set) {
  const std::string sop_class = text(data_set, DCM_SOPClassUID);
  const auto* kind = std::ranges::find(kKinds, sop_class, [](const auto& k) { return k.first; });
  return kind == std::end(kKinds) ? std::string_view() : kind->second;
}

std::string reason_to_refuse(DcmItem& data_set) {
  const std::string sop_class = text(data_set, DCM_SOPClassUID);
  if (sop_class.empty() || text(data_set, DCM_SOPInstanceUID).empty() ||
      text(data_set, DCM_SeriesInstanceUID).empty()) {
    return "lacks the UID of its class, its series or itself";
  }
  if (object_kind(data_set).empty()) {
    const char* name = dcmFindNameOfUID(sop_class.c_str());
    return fmt::format("is of the kind {}, whose pictures, text or documents may name the patient",
                       name != nullptr ? name : "of a single manufacturer");
  }
  if (text(data_set, DCM_BurnedInAnnotation) == "YES")
    return "has text burned into its pixels (Burned In Annotation YES)";
  if (text(data_set, DCM_ImageType).find("SCREEN") != std::string::npos)
    return "is a screen shot, which may show the patient's name";
  if (whole(data_set, DCM_SamplesPerPixel, 1) > 1)
    return "is a colour picture, which may show the patient's name";
  if (has_overlay_in_pixels(data_set))
    return "has an overlay within its pixels, which may show the patient's name";
  return "";
}

}  // namespace hepar::dicom
