// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/lesion_page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numbers>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/pipeline/csv_reader.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kFormat = "hepar.lesions/2";
constexpr int kLowestHu = -5000, kHighestHu = 20000;  // wider than any histogram that Hepar writes

struct Histogram {
  int first_hu = 0;
  std::vector<double> counts, smoothed;
};

// By region.
std::map<int, Histogram> read_histograms(const fs::path& file) {
  std::map<int, Histogram> histograms;
  if (!fs::exists(file)) return histograms;
  for (const CsvRow& row : read_csv(read_text_file(file))) {
    if (row.line == 1) continue;
    if (row.fields.size() != 4) {
      throw Error(ErrorCode::kCorrupt, fmt::format("line {} of {} has {} fields, not 4", row.line,
                                                   file.string(), row.fields.size()));
    }
    Histogram& histogram = histograms[std::stoi(row.fields[0])];
    const int hu = std::stoi(row.fields[1]);
    if (hu < kLowestHu || hu > kHighestHu) throw std::out_of_range("hu");
    if (histogram.counts.empty()) histogram.first_hu = hu;
    // Bins in a gap of the histogram are not written.
    const auto bins = static_cast<std::size_t>(std::max(0, hu - histogram.first_hu)) + 1;
    histogram.counts.resize(bins);
    histogram.smoothed.resize(bins);
    histogram.counts.back() = std::stod(row.fields[2]);
    histogram.smoothed.back() = std::stod(row.fields[3]);
  }
  return histograms;
}

std::string number(const json& value, int digits) {
  return value.is_number() ? fmt::format("{:.{}f}", value.get<double>(), digits) : "-";
}

double diameter_mm(const json& region) {
  if (region.contains("diameter_mm")) return region.at("diameter_mm");
  return std::cbrt(6000 * region.at("volume_ml").get<double>() / std::numbers::pi);  // of a ball
}

using Facts = std::vector<std::pair<std::string, std::string>>;

Facts facts_of(const json& region, const json& liver) {
  const json& fit = region.at("fit");
  Facts facts{{"Diameter", fmt::format("{:.0f} mm", diameter_mm(region))},
              {"Fitted mean M", number(fit.at("mean_hu"), 1) + " HU"},
              {"Fitted SD S", number(fit.at("std_hu"), 1) + " HU"}};
  if (region.contains("interior") && region["interior"].at("mean_hu").is_number()) {
    facts.emplace_back("Core", fmt::format("{} \xC2\xB1 {} HU", number(region["interior"]["mean_hu"], 1),
                                           number(region["interior"].at("error_hu"), 1)));
  }
  facts.emplace_back("Liver", number(liver.at("median_hu"), 0) + " HU");
  if (region.at("probability_cyst").is_number()) {
    facts.emplace_back("Probability of cyst", number(region["probability_cyst"], 3));
  }
  const std::vector<std::string> guards = region.at("guards");
  std::vector<std::string> flags = region.at("flags");
  for (std::string& flag : flags) {
    if (std::find(guards.begin(), guards.end(), flag) != guards.end()) flag += "*";
  }
  if (!flags.empty()) {
    facts.emplace_back(guards.empty() ? "Flags" : "Flags (* keeps it in the tumour)",
                       fmt::format("{}", fmt::join(flags, ", ")));
  }
  return facts;
}

ReportHistogram histogram_of(const Histogram& histogram, const json& fit, const json& document) {
  ReportHistogram result{.first_hu = histogram.first_hu,
                         .counts = histogram.counts,
                         .smoothed = histogram.smoothed,
                         .fitted = fit.at("converged"),
                         .threshold_hu = {}};
  if (result.fitted) {
    result.amplitude = fit.at("amplitude");
    result.mean_hu = fit.at("mean_hu");
    result.std_hu = fit.at("std_smoothed_hu");  // the curve through the smoothed bins
  }
  if (document.at("rule") == "paper") result.threshold_hu = document.at("threshold_hu").get<double>();
  return result;
}

LesionPages read_document(const json& document, const std::map<int, Histogram>& histograms) {
  if (document.at("format") != kFormat) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("lesions.json is of the format {}, this version reads {}",
                            document.at("format").get<std::string>(), kFormat));
  }
  LesionPages pages;
  for (const json& region : document.at("regions")) {
    LesionPage page;
    const double volume_ml = region.at("volume_ml");
    const int id = region.at("id");
    page.lesion.title = fmt::format("Lesion {}: {:.{}f} mL", id, volume_ml, volume_ml < 10 ? 2 : 1);
    page.lesion.verdict = region.at("verdict");
    page.lesion.reason = region.at("reason");
    page.lesion.facts = facts_of(region, document.at("liver"));
    if (const auto found = histograms.find(id); found != histograms.end()) {
      page.lesion.histogram = histogram_of(found->second, region.at("fit"), document);
    }
    const json& centre = region.at("centroid_lps_mm");
    page.centroid_lps_mm = {centre.at(0), centre.at(1), centre.at(2)};
    page.diameter_mm = diameter_mm(region);
    pages.lesions.push_back(std::move(page));
  }
  std::stable_sort(pages.lesions.begin(), pages.lesions.end(),
                   [](const LesionPage& a, const LesionPage& b) { return a.diameter_mm > b.diameter_mm; });
  pages.notes = document.at("notes").get<std::vector<std::string>>();
  return pages;
}

}  // namespace

LesionPages read_lesion_pages(const fs::path& folder) {
  const fs::path file = folder / "lesions.json";
  if (!fs::exists(file)) return {};
  try {
    return read_document(json::parse(read_text_file(file)), read_histograms(folder / "histograms.csv"));
  } catch (const json::exception& error) {
    throw Error(ErrorCode::kCorrupt, fmt::format("{} can't be read: {}", file.string(), error.what()));
  } catch (const std::logic_error&) {  // of std::stoi and std::stod
    throw Error(ErrorCode::kCorrupt, fmt::format("{} holds a field that is no number of its kind",
                                                 (folder / "histograms.csv").string()));
  }
}

}  // namespace hepar
