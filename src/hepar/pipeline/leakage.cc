// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/leakage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"

namespace hepar {
namespace fs = std::filesystem;
using nlohmann::ordered_json;
namespace {

struct NamedSignature {
  std::string name;
  ScanSignature signature;
};

// CTs have hundreds of values, also when cut to a window and stored in 8 bits.
bool is_label_map(const CtVolume& ct) {
  constexpr std::size_t kMostLabels = 128;
  std::set<float> values;
  float last = ct.voxels().front() + 1;
  for (const float value : ct.voxels()) {
    if (value == last) continue;
    last = value;
    if (values.insert(value).second && values.size() > kMostLabels) return false;
  }
  return true;
}

// Why a scan can't be compared, or nothing.
std::string problem_with(const ScanSignature& signature) {
  if (signature.comparable()) return {};
  if (signature.slices >= kFewestSlices) return "it shows nothing to recognise it by";
  return fmt::format("its {} slice{} too few to tell, {} are needed", signature.slices,
                     signature.slices == 1 ? " is" : "s are", kFewestSlices);
}

// Reads one scan after the other; those left out are named in the notes.
class Signer {
 public:
  Signer(LeakageReport& report, bool resample_irregular, Progress* progress, std::size_t total)
      : report_(report), resample_irregular_(resample_irregular), progress_(progress), total_(total) {}

  std::vector<NamedSignature> sign(const ScanGroup& group) {
    std::vector<NamedSignature> signatures;
    for (const NamedScan& scan : group.scans) {
      report(progress_, "reading", static_cast<double>(done_++) / static_cast<double>(total_));
      const std::string name = fmt::format("{}/{}", group.name, scan.name);
      ScanSignature signature;
      const std::string problem = try_to_sign(scan.source, signature);
      if (problem.empty()) {
        signatures.push_back({name, std::move(signature)});
      } else {
        report_.notes.push_back(fmt::format("{} was left out: {}", name, problem));
        ++report_.left_out_count;
      }
    }
    return signatures;
  }
  // Error(kInvalidInput) when none can be compared.
  std::vector<NamedSignature> sign_some(const ScanGroup& group, const fs::path& place) {
    auto signatures = sign(group);
    if (signatures.empty())
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("no scan of {} can be compared; {}", place.string(), report_.notes.back()));
    return signatures;
  }

 private:
  std::string try_to_sign(CtSource source, ScanSignature& signature) const {
    source.resample_irregular = resample_irregular_;
    try {
      const LoadedCt ct = load_ct(source);
      if (is_label_map(ct.voxels)) return "it holds so few different values that it is a label map";
      signature = make_scan_signature(ct.voxels);
      return problem_with(signature);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kCancelled || error.code() == ErrorCode::kInternal) throw;
      return error.what();
    }
  }

  LeakageReport& report_;
  bool resample_irregular_;
  Progress* progress_;
  std::size_t total_, done_ = 0;
};

std::vector<ScanMatch> compare_with(const NamedSignature& scan, const std::vector<NamedSignature>& others,
                                    std::size_t count) {
  std::vector<ScanMatch> matches(count);
  parallel_for(static_cast<std::int64_t>(count), [&](std::int64_t n) {
    const auto m = static_cast<std::size_t>(n);
    matches[m] = compare_scans(others[m].signature, scan.signature);
  });
  return matches;
}

// Puts the pairs of one test scan into the report.
void add_pairs(const NamedSignature& test, const std::vector<NamedSignature>& train,
               const std::vector<ScanMatch>& matches, LeakageReport& report) {
  std::size_t nearest = matches.size();
  for (std::size_t n = 0; n < matches.size(); ++n) {
    if (matches[n].same_scan()) {
      report.matches.push_back({train[n].name, test.name, matches[n]});
    } else if (nearest == matches.size() || matches[n].correlation > matches[nearest].correlation) {
      nearest = n;
    }
  }
  if (nearest < matches.size())
    report.nearest_others.push_back({train[nearest].name, test.name, matches[nearest]});
}

void compare_all(const std::vector<NamedSignature>& test, const std::vector<NamedSignature>& train,
                 LeakageReport& result, Progress* progress) {
  for (std::size_t n = 0; n < test.size(); ++n) {
    report(progress, "comparing", static_cast<double>(n) / static_cast<double>(test.size()));
    add_pairs(test[n], train, compare_with(test[n], train, train.size()), result);
  }
}

void find_duplicates(const std::vector<NamedSignature>& train, LeakageReport& result, Progress* progress) {
  for (std::size_t n = 1; n < train.size(); ++n) {
    const auto share = static_cast<double>(n) / static_cast<double>(train.size());
    report(progress, "comparing training scans", share * share);
    const auto matches = compare_with(train[n], train, n);
    for (std::size_t m = 0; m < n; ++m)
      if (matches[m].same_scan())
        result.train_duplicates.push_back({train[m].name, train[n].name, matches[m]});
  }
}

std::vector<std::string_view> flips(const ScanMatch& match) {
  std::vector<std::string_view> names;
  if (match.flipped_left_right) names.push_back("left-right");
  if (match.flipped_front_back) names.push_back("front-back");
  if (match.flipped_head_feet) names.push_back("head-feet");
  return names;
}

ordered_json pair_json(const ScanPair& pair, const char* first, const char* second) {
  const ScanMatch& match = pair.match;
  const auto rounded = [](double value) { return std::round(1e4 * value) / 1e4; };
  return {{second, pair.second},
          {first, pair.first},
          {"correlation", rounded(match.correlation)},
          {std::string(second) + "_slices", {match.slices_b.first, match.slices_b.last}},
          {std::string(first) + "_slices", {match.slices_a.first, match.slices_a.last}},
          {"slice_step", rounded(match.slice_step)},
          {"flipped", flips(match)},
          {"axes_exchanged", match.axes_exchanged}};
}

std::string pair_text(const ScanPair& pair) {
  constexpr double kSameStep = 0.02;
  const ScanMatch& match = pair.match;
  std::string text = fmt::format("{} is {}: correlation {:.2f} over {} slices", pair.second, pair.first,
                                 match.correlation, match.slices_b.count());
  if (const auto names = flips(match); !names.empty())
    text += fmt::format(", flipped {}", fmt::join(names, " and "));
  if (match.axes_exchanged) text += ", axes exchanged";
  if (std::abs(match.slice_step - 1) > kSameStep)
    text += fmt::format(", {:.2f} of its slices to one of the other", match.slice_step);
  return text + "\n";
}

std::string counted(std::int64_t count, const char* one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

std::string closing_sentence(const LeakageReport& report) {
  if (report.test_count == 0)
    return fmt::format("{} of one scan found among {}.", counted(std::ssize(report.train_duplicates), "pair"),
                       counted(report.train_count, "scan"));
  std::set<std::string> found;
  for (const ScanPair& pair : report.matches) found.insert(pair.second);
  if (!found.empty())
    return fmt::format("Leakage: {} of {} {} among {}.", found.size(),
                       counted(report.test_count, "test scan"), found.size() == 1 ? "is" : "are",
                       counted(report.train_count, "training scan"));
  std::string text =
      fmt::format("No leakage found: none of {} is among {}", counted(report.test_count, "test scan"),
                  counted(report.train_count, "training scan"));
  const auto nearest = std::max_element(
      report.nearest_others.begin(), report.nearest_others.end(),
      [](const ScanPair& a, const ScanPair& b) { return a.match.correlation < b.match.correlation; });
  if (nearest == report.nearest_others.end()) return text + ".";
  return text +
         fmt::format(
             "; the most alike pair, {} and {}, has a correlation of {:.2f}, and one scan has {} or more.",
             nearest->second, nearest->first, nearest->match.correlation, kSameScanCorrelation);
}

}  // namespace

LeakageReport find_leakage(const LeakageRequest& request, Progress* progress) {
  LeakageReport result;
  result.train = request.train, result.test = request.test;
  const ScanList train_list = list_scans(request.train, false), test_list = list_scans(request.test, true);
  result.notes = train_list.notes;
  result.notes.insert(result.notes.end(), test_list.notes.begin(), test_list.notes.end());
  const bool one_folder =
      fs::is_directory(request.train) && fs::equivalent(request.train, request.test) &&
      fs::equivalent(train_list.scans.front().source.path, test_list.scans.front().source.path);
  Signer signer(result, request.resample_irregular, progress,
                train_list.scans.size() + (one_folder ? 0 : test_list.scans.size()));
  const auto train = signer.sign_some({"train", train_list.scans}, request.train);
  result.train_count = std::ssize(train);
  if (!one_folder) {
    const auto test = signer.sign_some({"test", test_list.scans}, request.test);
    result.test_count = std::ssize(test);
    compare_all(test, train, result, progress);
  }
  find_duplicates(train, result, progress);
  return result;
}

LeakageReport find_scans_again(const ScanGroup& train, std::span<const ScanGroup> others,
                               Progress* progress) {
  LeakageReport result;
  std::size_t total = train.scans.size();
  for (const ScanGroup& group : others) total += group.scans.size();
  Signer signer(result, /*resample_irregular=*/true, progress, total);
  const auto signatures = signer.sign(train);
  result.train_count = std::ssize(signatures);
  std::vector<NamedSignature> tests;
  for (const ScanGroup& group : others) {
    for (NamedSignature& one : signer.sign(group)) tests.push_back(std::move(one));
  }
  result.test_count = std::ssize(tests);
  compare_all(tests, signatures, result, progress);
  return result;
}

std::string leakage_json(const LeakageReport& report) {
  ordered_json document{{"format", "hepar.leakage/1"},
                        {"train", report.train.string()},
                        {"test", report.test.string()},
                        {"train_scans", report.train_count},
                        {"test_scans", report.test_count},
                        {"left_out", report.left_out_count},
                        {"least_correlation", kSameScanCorrelation}};
  document["matches"] = ordered_json::array();
  for (const ScanPair& pair : report.matches) document["matches"].push_back(pair_json(pair, "train", "test"));
  document["train_duplicates"] = ordered_json::array();
  for (const ScanPair& pair : report.train_duplicates)
    document["train_duplicates"].push_back(pair_json(pair, "first", "second"));
  document["nearest_others"] = ordered_json::array();
  for (const ScanPair& pair : report.nearest_others)
    document["nearest_others"].push_back(pair_json(pair, "train", "test"));
  document["notes"] = report.notes;
  return document.dump(2);
}

std::string leakage_text(const LeakageReport& report) {
  std::string text;
  for (const ScanPair& pair : report.matches) text += pair_text(pair);
  for (const ScanPair& pair : report.train_duplicates) text += "within train: " + pair_text(pair);
  return text + closing_sentence(report);
}

}  // namespace hepar
