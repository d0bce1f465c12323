// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/deidentify_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>

#include "hepar/core/error.h"
#include "hepar/core/version.h"
#include "hepar/dicom/attributes.h"
#include "hepar/dicom/confidentiality_profile.h"
#include "hepar/dicom/deidentify_rules.h"
#include "hepar/dicom/uid.h"

namespace hepar::dicom {
namespace {

constexpr const char* kRemoved = "REMOVED";

// Standard UIDs, and frames of reference such as the atlases' (PS3.6 annex A).
constexpr std::string_view kStandardRoot = "1.2.840.10008.", kStandardFrames = "1.2.840.10008.1.4.";

// Text attributes that the table does not name and that say how an image or a structure was made.
bool is_technical_text(const DcmTagKey& tag) {
  static const std::set<DcmTagKey> kTags{DCM_Manufacturer,
                                         DCM_ManufacturerModelName,
                                         DCM_SoftwareVersions,
                                         DCM_ConvolutionKernel,
                                         DCM_FilterType,
                                         DCM_PositionReferenceIndicator,
                                         DCM_SequenceName,
                                         DCM_ReceiveCoilName,
                                         DCM_TransmitCoilName,
                                         DCM_ImagedNucleus,
                                         DCM_RescaleType,
                                         DCM_CodeValue,
                                         DCM_CodingSchemeDesignator,
                                         DCM_CodingSchemeVersion,
                                         DCM_CodeMeaning,
                                         DCM_MappingResourceName,
                                         DCM_SegmentAlgorithmName,
                                         DCM_AlgorithmName,
                                         DCM_AlgorithmVersion,
                                         DCM_LUTLabel,
                                         DCM_ReconstructionMethod,
                                         DCM_AttenuationCorrectionMethod,
                                         DCM_ScatterCorrectionMethod,
                                         DCM_RandomsCorrectionMethod};
  return kTags.contains(tag);
}

// UIDs that name kinds of things, which no patient is behind.
bool is_kind_uid(const DcmTagKey& tag) {
  static const std::set<DcmTagKey> kTags{DCM_CodingSchemeUID, DCM_ContextUID, DCM_MappingResourceUID};
  return kTags.contains(tag);
}

bool is_number_vr(DcmEVR vr) {
  static const std::set<DcmEVR> kNumbers{EVR_US, EVR_SS, EVR_UL, EVR_SL, EVR_FL, EVR_FD,
                                         EVR_AT, EVR_SV, EVR_UV, EVR_xs, EVR_lt, EVR_up};
  return kNumbers.contains(vr);
}

bool is_bytes_vr(DcmEVR vr) {
  static const std::set<DcmEVR> kBytes{EVR_OB, EVR_OW, EVR_OF, EVR_OD,        EVR_OL,
                                       EVR_OV, EVR_ox, EVR_px, EVR_PixelData, EVR_pixelSQ};
  return kBytes.contains(vr);
}

bool is_picture(const DcmTagKey& tag) {
  const bool lookup_table = tag.getGroup() == 0x0028 && (tag.getElement() >> 8 == 0x12 || tag == DCM_LUTData);
  return tag.getGroup() == 0x7fe0 || lookup_table || tag == DCM_VectorGridData;
}

// The value's bytes of a text attribute, also of one stored as UN; nothing for numbers.
std::optional<std::string> stored_text(DcmElement& element) {
  if (element.getLength() == 0) return "";
  if (element.isaString()) {
    char* value = nullptr;
    Uint32 length = 0;
    if (element.getString(value, length).bad() || value == nullptr) return std::nullopt;
    return std::string(value, length);
  }
  Uint8* bytes = nullptr;
  if (element.ident() != EVR_UN || element.getUint8Array(bytes).bad() || bytes == nullptr)
    return std::nullopt;
  return std::string(reinterpret_cast<const char*>(bytes), element.getLength());
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view kPadding(" \0", 2);
  const auto first = text.find_first_not_of(kPadding), last = text.find_last_not_of(kPadding);
  return first == std::string_view::npos ? "" : std::string(text.substr(first, last - first + 1));
}

std::vector<std::string> values_of(std::string_view text) {
  std::vector<std::string> values;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\\', begin), text.size());
    values.push_back(trimmed(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return values;
}

std::string in_capitals(std::string_view text) {
  std::string capitals(text);
  std::ranges::transform(capitals, capitals.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return capitals;
}

bool is_decimal(std::string_view text) {
  return trimmed(text).find_first_not_of("0123456789+-.eE\\ ") == std::string::npos;
}

// A code string as files have it: the standard's characters and lower case, 16 characters a value.
bool is_code(std::string_view text) {
  return std::ranges::all_of(values_of(text), [](const std::string& value) {
    return value.size() <= 16 && std::ranges::all_of(value, [](unsigned char c) {
             return std::isalnum(c) != 0 || c == ' ' || c == '_' || c == '-' || c == '.';
           });
  });
}

bool is_printable(std::string_view text) {
  return std::ranges::none_of(trimmed(text), [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

const char* dummy_value(DcmEVR vr) {
  static const std::map<DcmEVR, const char*> kDummies{
      {EVR_DA, "19000101"}, {EVR_TM, "000000"}, {EVR_DT, "19000101000000"}, {EVR_AS, "000Y"},
      {EVR_DS, "0"},        {EVR_IS, "0"},      {EVR_AE, kRemoved},         {EVR_CS, kRemoved},
      {EVR_LO, kRemoved},   {EVR_LT, kRemoved}, {EVR_PN, kRemoved},         {EVR_SH, kRemoved},
      {EVR_ST, kRemoved},   {EVR_UC, kRemoved}, {EVR_UT, kRemoved}};
  const auto dummy = kDummies.find(vr);
  return dummy == kDummies.end() ? nullptr : dummy->second;
}

void require(const OFCondition& status) {
  HEPAR_EXPECT(status.good(), fmt::format("a data set can't be changed: {}", status.text()));
}

// Puts a new value of the dictionary's value representation in the place of what was there.
void put(DcmItem& item, const DcmTagKey& key, const std::string& value) {
  DcmElement* element = DcmItem::newDicomElement(DcmTag(key));
  require(element->putOFStringArray(value.c_str()));
  require(item.insert(element, OFTrue));
}

DcmEVR dictionary_vr(const DcmTagKey& key) {
  DcmTag tag(key);
  return tag.getTagName() == std::string_view("Unknown Tag & Data") ? EVR_UN : tag.getEVR();
}

// Coding schemes whose meanings are published (PS3.16 8); a site's own may hold any text.
bool is_public_coding_scheme(std::string_view scheme) {
  constexpr std::string_view kSchemes[] = {"DCM", "SCT",    "SRT",    "SNM3", "99SDM", "UCUM", "LN",
                                           "FMA", "UBERON", "RADLEX", "NCIt", "UMLS",  "MSH",  "ICD10"};
  return std::ranges::find(kSchemes, scheme) != std::end(kSchemes);
}

}  // namespace

std::string patient_of(DcmItem& data_set) {
  const std::string id = text(data_set, DCM_PatientID);
  return id.empty() ? text(data_set, DCM_PatientName) : id;
}

std::string new_uid_for(std::string_view key, std::string_view old_uid) {
  return uid_from(fmt::format("{}\nuid\n{}", key, old_uid));
}

void DataSetCleaner::clean(DcmDataset& data_set, const std::string& patient_id) {
  find_identifying_words(data_set);
  clean_item(data_set);
  put(data_set, DCM_PatientID, patient_id);
  put(data_set, DCM_PatientName, patient_id);
  put(data_set, DCM_PatientIdentityRemoved, "YES");
  put(data_set, DCM_DeidentificationMethod,
      fmt::format("DICOM PS3.15 2024e Basic Profile\\Hepar {}", version()));
  put(data_set, DCM_LongitudinalTemporalInformationModified, "REMOVED");
  data_set.findAndDeleteElement(DCM_DeidentificationMethodCodeSequence);
  DcmItem* code = nullptr;
  require(data_set.findOrCreateSequenceItem(DCM_DeidentificationMethodCodeSequence, code, 0));
  put(*code, DCM_CodeValue, "113100");
  put(*code, DCM_CodingSchemeDesignator, "DCM");
  put(*code, DCM_CodeMeaning, "Basic Application Confidentiality Profile");
}

void DataSetCleaner::clean_item(DcmItem& item) {
  std::vector<DcmElement*> elements;
  for (DcmObject* next = nullptr; (next = item.nextInContainer(next)) != nullptr;)
    elements.push_back(dynamic_cast<DcmElement*>(next));
  // Codes are judged with their scheme, so they go in the order of their tags: the scheme (0008,0102) stands
  // between the value and the meaning and is never replaced.
  for (DcmElement* element : elements) clean_element(item, *element);
}

void DataSetCleaner::clean_element(DcmItem& item, DcmElement& element) {
  const DcmTagKey tag = element.getTag().getXTag();
  const bool of_the_file = tag.getGroup() < 8 || tag.getGroup() == 0xfffc || tag.getGroup() == 0xfffe;
  if (of_the_file) return remove(item, element, false);
  if (tag == DCM_ROIName || tag == DCM_SegmentLabel) return replace_structure_name(item, element);
  const auto action = profile_action(tag.getGroup(), tag.getElement());
  if (!action) return keep_if_harmless(item, element);
  switch (*action) {
    case ProfileAction::kRemove:
      return remove(item, element, false);
    case ProfileAction::kEmpty:
      return replace(item, element, true);
    case ProfileAction::kReplace:
      return replace(item, element, element.getLength() == 0);
    case ProfileAction::kReplaceUid:
      if (element.ident() == EVR_SQ) return clean_sequence(element);
      return replace_uids(item, element, true);
  }
}

void DataSetCleaner::clean_sequence(DcmElement& element) {
  auto& sequence = dynamic_cast<DcmSequenceOfItems&>(element);
  for (DcmObject* item = nullptr; (item = sequence.nextInContainer(item)) != nullptr;)
    clean_item(dynamic_cast<DcmItem&>(*item));
}

// A sequence that needs an item can't be given one that makes sense: it goes.
void DataSetCleaner::replace(DcmItem& item, DcmElement& element, bool by_nothing) {
  const DcmTagKey tag = element.getTag().getXTag();
  const DcmEVR vr = dictionary_vr(tag);
  const char* dummy = dummy_value(vr);
  if (by_nothing && vr != EVR_UN) {
    require(item.insert(DcmItem::newDicomElement(DcmTag(tag)), OFTrue));
  } else if (dummy != nullptr) {
    put(item, tag, dummy);
  } else {
    remove(item, element, false);
  }
}

void DataSetCleaner::replace_uids(DcmItem& item, DcmElement& element, bool of_instances) {
  const DcmTagKey tag = element.getTag().getXTag();
  const auto stored = stored_text(element);
  if (!stored || dictionary_vr(tag) != EVR_UI) return remove(item, element, true);
  std::string replaced;
  for (const std::string& uid : values_of(*stored)) {
    if (!replaced.empty()) replaced += '\\';
    const bool standard = uid.starts_with(of_instances ? kStandardFrames : kStandardRoot);
    const bool kept = is_uid(uid) && (standard || is_kind_uid(tag));
    if (!uid.empty()) replaced += kept ? uid : new_uid_for(key_, uid);
  }
  put(item, tag, replaced);
}

// The profile allows a name that says nothing (code Z): plain words of the field are such.
void DataSetCleaner::replace_structure_name(DcmItem& item, DcmElement& element) {
  const DcmTagKey tag = element.getTag().getXTag();
  const std::string name = trimmed(stored_text(element).value_or("?"));
  const bool roi = tag == DCM_ROIName;
  const auto number = whole(item, roi ? DCM_ROINumber : DCM_SegmentNumber, 0);
  if (name.empty() || is_plain_structure_name(name)) return put(item, tag, name);
  ++replaced_name_count_;
  put(item, tag, fmt::format("{} {}", roi ? "ROI" : "Segment", number));
}

void DataSetCleaner::keep_if_harmless(DcmItem& item, DcmElement& element) {
  const DcmTagKey tag = element.getTag().getXTag();
  const DcmEVR vr = dictionary_vr(tag), stored_vr = element.ident();
  if (vr == EVR_UI) return replace_uids(item, element, false);
  if (vr == EVR_SQ && stored_vr == EVR_SQ) return clean_sequence(element);
  if (is_number_vr(vr) && is_number_vr(stored_vr)) return;
  if (is_bytes_vr(vr) && is_bytes_vr(stored_vr) && is_picture(tag)) return;
  if (vr == EVR_DS || vr == EVR_IS) {
    const auto stored = stored_text(element);
    if (!stored || !is_decimal(*stored)) return remove(item, element, true);
    if (stored_vr != vr) put(item, tag, trimmed(*stored));
    return;
  }
  if (is_harmless_text(item, element, vr)) return;
  if (is_technical_text(tag)) return put(item, tag, kRemoved);  // objects may need them
  if (dummy_value(vr) == nullptr) return remove(item, element, true);
  removed_.insert(DcmTag(tag).getTagName());
  put(item, tag, "");
}

bool DataSetCleaner::is_harmless_text(DcmItem& item, DcmElement& element, DcmEVR vr) const {
  const DcmTagKey tag = element.getTag().getXTag();
  const auto stored = stored_text(element);
  if (!stored || element.ident() != vr) return false;
  if (stored->empty()) return true;
  if (tag == DCM_Modality || tag == DCM_PhotometricInterpretation) return is_code(*stored);
  if (names_the_patient(*stored)) return false;
  if (vr == EVR_CS) return is_code(*stored);
  if (tag == DCM_CodeMeaning) {
    return is_printable(*stored) && is_public_coding_scheme(text(item, DCM_CodingSchemeDesignator));
  }
  return (vr == EVR_LO || vr == EVR_SH) && is_technical_text(tag) && is_printable(*stored);
}

void DataSetCleaner::remove(DcmItem& item, DcmElement& element, bool beyond_profile) {
  const bool known = dictionary_vr(element.getTag().getXTag()) != EVR_UN;
  if (beyond_profile)
    removed_.insert(known ? DcmTag(element.getTag()).getTagName() : "attributes of unknown meaning");
  delete item.remove(&element);
}

void DataSetCleaner::find_identifying_words(DcmItem& data_set) {
  identifying_words_.clear();
  const DcmTagKey sources[] = {DCM_PatientName,
                               DCM_PatientID,
                               DCM_PatientBirthName,
                               DCM_OtherPatientNames,
                               DCM_RETIRED_OtherPatientIDs,
                               DCM_AccessionNumber,
                               DCM_ReferringPhysicianName};
  constexpr std::size_t kShortest = 3;  // shorter ones stand in any text
  for (const DcmTagKey& tag : sources) {
    std::string word;
    for (const char c : in_capitals(text(data_set, tag)) + " ") {
      if (std::string_view(" ^=\\,").find(c) == std::string_view::npos) {
        word += c;
        continue;
      }
      if (word.size() >= kShortest) identifying_words_.push_back(word);
      word.clear();
    }
  }
}

bool DataSetCleaner::names_the_patient(std::string_view text) const {
  const std::string capitals = in_capitals(text);
  return std::ranges::any_of(
      identifying_words_, [&](const std::string& word) { return capitals.find(word) != std::string::npos; });
}

}  // namespace hepar::dicom
