// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/dicom_profile.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "hepar/core/error.h"
#include "hepar/dicom/character_set.h"
#include "hepar/volume/label_counts.h"

namespace hepar {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kFormat = "hepar.dicom-profile/1";
constexpr std::pair<const char*, ContourStyle> kContourStyles[] = {
    {"half_level", ContourStyle::kHalfLevel}, {"pixel_edges", ContourStyle::kPixelEdges}};
constexpr std::pair<const char*, HoleMode> kHoleModes[] = {{"keyhole", HoleMode::kKeyhole},
                                                           {"separate", HoleMode::kSeparate}};
constexpr std::int64_t kLongestText = 64;       // of an LO, PS3.5 6.2
constexpr std::int64_t kLongestShortText = 16;  // of an SH or CS
constexpr double kMostSimplifyMm = 10;

[[noreturn]] void fail(const std::string& what, ErrorCode code = ErrorCode::kInvalidInput) {
  throw Error(code, "the DICOM profile can't be used: " + what);
}

// The members of a JSON object, each to be asked for once; `path` is its place in the document.
class Members {
 public:
  Members(const Json& object, std::string path) : object_(object), path_(std::move(path)) {
    if (!object.is_object()) fail(fmt::format("'{}' is {}, not an object", path_, object.dump()));
  }

  std::string place(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
  }
  const Json* find(const std::string& key) {
    known_.push_back(key);
    const auto found = object_.find(key);
    return found == object_.end() ? nullptr : &*found;
  }
  const Json& get(const std::string& key) {
    const Json* value = find(key);
    if (value == nullptr) fail(fmt::format("'{}' is missing", place(key)));
    return *value;
  }
  // To be called last: what was not asked for is unknown.
  void refuse_others() const {
    for (const auto& [key, value] : object_.items()) {
      if (std::ranges::find(known_, key) == known_.end())
        fail(fmt::format("the key '{}' is unknown; known are {}", place(key), fmt::join(known_, ", ")));
    }
  }

 private:
  const Json& object_;
  std::string path_;
  std::vector<std::string> known_;
};

std::int64_t whole_number(const Json& value, const std::string& place, std::int64_t least,
                          std::int64_t most) {
  const bool whole = value.is_number_integer() && !(value.is_number_unsigned() && value > most);
  const std::int64_t number = whole ? value.get<std::int64_t>() : least - 1;
  if (number < least || number > most)
    fail(fmt::format("'{}' is {}, not a whole number from {} to {}", place, value.dump(), least, most));
  return number;
}

std::string words(const Json& value, const std::string& place, std::int64_t longest) {
  const std::string result = value.is_string() ? value.get<std::string>() : "";
  const auto length = static_cast<std::int64_t>(dicom::character_count(result));
  if (length == 0) fail(fmt::format("'{}' is {}, not a text", place, value.dump()));
  if (length > longest)
    fail(fmt::format("'{}' has {} characters; up to {} are allowed", place, length, longest));
  if (!dicom::is_plain_text(result)) {
    fail(fmt::format("'{}' is {}: a backslash, a control character, or a space at an end is not allowed",
                     place, value.dump()));
  }
  return result;
}

template <class Value, std::size_t n>
Value choice(const Json& value, const std::string& place, const std::pair<const char*, Value> (&known)[n]) {
  std::vector<std::string> names;
  for (const auto& [name, result] : known) {
    if (value == name) return result;
    names.emplace_back(name);
  }
  fail(fmt::format("'{}' is {}, not one of {}", place, value.dump(), fmt::join(names, ", ")));
}

template <class Value, std::size_t n>
const char* name_of(Value value, const std::pair<const char*, Value> (&known)[n]) {
  return std::ranges::find(known, value, &std::pair<const char*, Value>::second)->first;
}

bool flag(const Json& value, const std::string& place) {
  if (!value.is_boolean()) fail(fmt::format("'{}' is {}, not true or false", place, value.dump()));
  return value.get<bool>();
}

const Json& list(const Json& value, const std::string& place) {
  if (!value.is_array() || value.empty())
    fail(fmt::format("'{}' is {}, not a list with something in it", place, value.dump()));
  return value;
}

Rgb colour(const Json& value, const std::string& place) {
  if (list(value, place).size() != 3)
    fail(fmt::format("'{}' has {} numbers, not red, green and blue", place, value.size()));
  Rgb result;
  for (std::size_t n = 0; n < 3; ++n)
    result[n] = static_cast<std::uint8_t>(whole_number(value[n], place, 0, 255));
  return result;
}

std::vector<std::uint8_t> labels(const Json& value, const std::string& place) {
  std::vector<std::uint8_t> result;
  for (const Json& label : list(value, place)) {
    result.push_back(static_cast<std::uint8_t>(whole_number(label, place, 1, 255)));
    if (std::ranges::count(result, result.back()) > 1)
      fail(fmt::format("'{}' names label {} twice", place, result.back()));
  }
  return result;
}

// RT ROI Interpreted Type is a code string: PS3.3 C.8.8.8.1, PS3.5 6.2.
std::string interpreted_type(const Json& value, const std::string& place) {
  if (value == "") return "";
  std::string result = words(value, place, kLongestShortText);
  const auto allowed = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; };
  if (!std::ranges::all_of(result, allowed))
    fail(fmt::format("'{}' is {}; capital letters, digits and _ are allowed", place, value.dump()));
  return result;
}

CodedConcept coded_concept(const Json& value, const std::string& place) {
  Members members(value, place);
  CodedConcept result{words(members.get("value"), members.place("value"), kLongestShortText),
                      words(members.get("scheme"), members.place("scheme"), kLongestShortText),
                      words(members.get("meaning"), members.place("meaning"), kLongestText)};
  members.refuse_others();
  return result;
}

// What a style leaves out is that of the default style of its name, if there is one.
RoiStyle style(const Json& value, const std::string& place, std::size_t name_length) {
  Members members(value, place);
  const CodedConcept tissue{"85756007", "SCT", "Tissue"};  // PS3.16 CID 7150, CID 7166
  RoiStyle result{words(members.get("name"), members.place("name"), static_cast<std::int64_t>(name_length)),
                  {},
                  "",
                  {255, 255, 0},
                  tissue,
                  tissue};
  for (const RoiStyle& known : default_roi_styles()) {
    if (known.name == result.name) result = known;
  }
  const Json* given = members.find("labels");
  if (given != nullptr || result.labels.empty())
    result.labels = labels(members.get("labels"), members.place("labels"));
  if ((given = members.find("interpreted_type")) != nullptr)
    result.interpreted_type = interpreted_type(*given, members.place("interpreted_type"));
  if ((given = members.find("colour")) != nullptr) result.colour = colour(*given, members.place("colour"));
  if ((given = members.find("category")) != nullptr)
    result.category = coded_concept(*given, members.place("category"));
  if ((given = members.find("type")) != nullptr) result.type = coded_concept(*given, members.place("type"));
  members.refuse_others();
  return result;
}

std::vector<RoiStyle> styles(const Json& value, std::size_t name_length) {
  std::vector<RoiStyle> result;
  for (const Json& roi : list(value, "rois")) {
    result.push_back(style(roi, fmt::format("rois[{}]", result.size()), name_length));
    const auto same = [name = dicom::folded(result.back().name)](const RoiStyle& one) {
      return dicom::folded(one.name) == name;
    };
    if (std::ranges::count_if(result, same) > 1)
      fail(fmt::format("two of 'rois' have the name {}, or differ in case alone", result.back().name));
  }
  return result;
}

Json parse(std::string_view text) {
  std::vector<std::vector<std::string>> keys;  // seen so far, of each object that is open
  const auto twice = [&keys](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto key = parsed.get<std::string>();
      if (std::ranges::count(keys.back(), key) > 0) fail(fmt::format("the key '{}' is there twice", key));
      keys.back().push_back(key);
    }
    return true;
  };
  try {
    return Json::parse(text, twice);
  } catch (const nlohmann::json::exception& error) {
    fail(fmt::format("it is no JSON ({})", error.what()));
  }
}

void check_format(const Json& format) {
  if (format == kFormat) return;
  const std::string seen = format.is_string() ? format.get<std::string>() : format.dump();
  if (seen.starts_with("hepar.dicom-profile/")) {
    fail(fmt::format("its format is {}, and this program reads {}", seen, kFormat), ErrorCode::kUnsupported);
  }
  fail(fmt::format("its format is {}, not {}", seen, kFormat));
}

Json json_of(const CodedConcept& code) {
  return {{"value", code.value}, {"scheme", code.scheme}, {"meaning", code.meaning}};
}

}  // namespace

std::vector<RoiStyle> default_roi_styles() {
  // PS3.16: categories of CID 7150, types of CID 7154 (organs) and CID 7159 (lesions).
  const CodedConcept organ{"123037004", "SCT", "Anatomical Structure"},
      lesion{"49755003", "SCT", "Morphologically Abnormal Structure"};
  return {{"Liver", {1, 2, 3}, "ORGAN", {255, 0, 0}, organ, {"10200004", "SCT", "Liver"}},
          {"GTV", {2}, "GTV", {0, 255, 0}, lesion, {"108369006", "SCT", "Neoplasm"}},
          {"Cyst", {3}, "", {0, 0, 255}, lesion, {"367643001", "SCT", "Cyst"}}};
}

std::array<bool, 256> label_set(const RoiStyle& style) {
  std::array<bool, 256> inside{};
  for (const std::uint8_t label : style.labels) inside[label] = true;
  if (inside[kBackground])
    fail(fmt::format("'{}' is made of label 0, which stands for no structure; use labels 1 to 255",
                     style.name));
  return inside;
}

DicomProfile read_dicom_profile(std::string_view json) {
  const Json document = parse(json);
  if (!document.is_object()) fail(fmt::format("it is no JSON object with \"format\": \"{}\"", kFormat));
  Members members(document, "");
  check_format(members.get("format"));
  DicomProfile profile;
  const auto take = [&members](const std::string& key, const auto& use) {
    if (const Json* value = members.find(key)) use(*value);
  };
  take("name_length", [&](const Json& value) {
    profile.name_length = static_cast<std::size_t>(whole_number(value, "name_length", 1, kLongestText));
  });
  take("rois", [&](const Json& value) { profile.rois = styles(value, profile.name_length); });
  take("contour_style",
       [&](const Json& value) { profile.contour_style = choice(value, "contour_style", kContourStyles); });
  take("hole_mode", [&](const Json& value) { profile.hole_mode = choice(value, "hole_mode", kHoleModes); });
  take("simplify_mm", [&](const Json& value) {
    profile.simplify_mm = value.is_number() ? value.get<double>() : -1;
    if (!(profile.simplify_mm >= 0 && profile.simplify_mm <= kMostSimplifyMm))
      fail(fmt::format("'simplify_mm' is {}, not a number from 0 to {}", value.dump(), kMostSimplifyMm));
  });
  take("point_limit", [&](const Json& value) {
    profile.point_limit = whole_number(value, "point_limit", 0, 1'000'000'000);
    if (profile.point_limit == 1 || profile.point_limit == 2)
      fail(fmt::format("'point_limit' is {}; a contour has at least 3 points", profile.point_limit));
  });
  take("write_empty_rois",
       [&](const Json& value) { profile.write_empty_rois = flag(value, "write_empty_rois"); });
  take("explicit_vr", [&](const Json& value) { profile.explicit_vr = flag(value, "explicit_vr"); });
  take("structure_set_label", [&](const Json& value) {
    profile.structure_set_label = words(value, "structure_set_label", kLongestShortText);
  });
  take("series_description", [&](const Json& value) {
    profile.series_description = words(value, "series_description", kLongestText);
  });
  members.refuse_others();
  return profile;
}

std::string dicom_profile_json(const DicomProfile& profile) {
  Json rois = Json::array();
  for (const RoiStyle& roi : profile.rois) {
    rois.push_back({{"name", roi.name},
                    {"labels", roi.labels},
                    {"interpreted_type", roi.interpreted_type},
                    {"colour", roi.colour},
                    {"category", json_of(roi.category)},
                    {"type", json_of(roi.type)}});
  }
  const Json document{{"format", kFormat},
                      {"rois", std::move(rois)},
                      {"contour_style", name_of(profile.contour_style, kContourStyles)},
                      {"hole_mode", name_of(profile.hole_mode, kHoleModes)},
                      {"simplify_mm", profile.simplify_mm},
                      {"point_limit", profile.point_limit},
                      {"name_length", profile.name_length},
                      {"write_empty_rois", profile.write_empty_rois},
                      {"explicit_vr", profile.explicit_vr},
                      {"structure_set_label", profile.structure_set_label},
                      {"series_description", profile.series_description}};
  return document.dump(2) + "\n";
}

std::string labels_without_roi(const LabelMap& labels, const DicomProfile& profile) {
  auto left = count_labels(labels);
  left[kBackground] = 0;
  for (const RoiStyle& style : profile.rois) {
    for (const std::uint8_t label : style.labels) left[label] = 0;
  }
  std::vector<std::size_t> list;
  for (std::size_t label = 0; label < left.size(); ++label) {
    if (left[label] > 0) list.push_back(label);
  }
  if (list.empty()) return {};
  return fmt::format("no ROI of the profile is made of label {}, which is left out", fmt::join(list, ", "));
}

}  // namespace hepar
