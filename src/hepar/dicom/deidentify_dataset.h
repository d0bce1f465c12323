// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dctk.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hepar::dicom {

// The patient's ID, or the name where there is none: what tells patients apart.
std::string patient_of(DcmItem& data_set);

std::string new_uid_for(std::string_view key, std::string_view old_uid);

// Takes out of data sets what identifies the patient (PS3.15 annex E). Stricter than the profile where its
// table says nothing: text that is not known to be harmless goes, and so do dates, persons, and bytes that
// are no pixels.
class DataSetCleaner {
 public:
  explicit DataSetCleaner(std::string key) : key_(std::move(key)) {}

  void clean(DcmDataset& data_set, const std::string& patient_id);

  std::int64_t replaced_name_count() const { return replaced_name_count_; }         // of ROIs and segments
  const std::set<std::string>& removed_beyond_profile() const { return removed_; }  // names of attributes

 private:
  void clean_item(DcmItem& item);
  void clean_element(DcmItem& item, DcmElement& element);
  void clean_sequence(DcmElement& element);
  void replace(DcmItem& item, DcmElement& element, bool by_nothing);
  void replace_uids(DcmItem& item, DcmElement& element, bool of_instances);
  void replace_structure_name(DcmItem& item, DcmElement& element);
  void keep_if_harmless(DcmItem& item, DcmElement& element);
  bool is_harmless_text(DcmItem& item, DcmElement& element, DcmEVR vr) const;
  void remove(DcmItem& item, DcmElement& element, bool beyond_profile);
  void find_identifying_words(DcmItem& data_set);
  bool names_the_patient(std::string_view text) const;

  std::string key_;
  std::vector<std::string> identifying_words_;  // of the data set at hand, in capitals
  std::int64_t replaced_name_count_ = 0;
  std::set<std::string> removed_;
};

}  // namespace hepar::dicom
