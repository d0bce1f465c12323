// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/lesion_table.h"

#include <fmt/format.h>

#include <optional>

namespace hepar {
namespace {

std::optional<double> contrast_hu(const LesionRegion& region, const LiverReference& liver) {
  if (!region.evidence.interior_mean_hu || !liver.median_hu) return std::nullopt;
  return *region.evidence.interior_mean_hu - *liver.median_hu;
}

std::string cell(const std::optional<double>& value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : "-";
}

std::string joined(const LesionRegion& region, std::string_view separator, bool guards_only) {
  std::string text;
  for (const LesionFlag flag : region.flags) {
    if (guards_only && !bars_cyst(flag)) continue;
    text += fmt::format("{}{}", text.empty() ? "" : separator, flag_name(flag));
  }
  return text;
}

// In a CSV cell quotes are doubled, and a cell with a separator or quote is quoted (RFC 4180).
std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",;\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char letter : text) quoted += letter == '"' ? "\"\"" : std::string(1, letter);
  return quoted + "\"";
}

}  // namespace

std::string lesion_table(const LesionFilterResult& result) {
  std::string text = " id  volume mL         A      M     S   core  to liver  P(cyst)  verdict   flags\n";
  for (const LesionRegion& region : result.regions) {
    text += fmt::format("{:>3}  {:>9.2f}  {:>8.0f}  {:>5.1f}  {:>4.1f}  {:>5}  {:>8}  {:>7}  {:<8}  {}\n",
                        region.id, region.volume_ml, region.fit.amplitude, region.fit.mean_hu,
                        region.fit.std_hu, cell(region.evidence.interior_mean_hu, 1),
                        cell(contrast_hu(region, result.liver), 1), cell(region.probability_cyst, 3),
                        verdict_name(region.verdict), joined(region, ", ", false));
  }
  return text;
}

std::string regions_csv(const LesionFilterResult& result, std::string_view case_name) {
  std::string text =
      "case,region,volume_ml,mean_hu,std_hu,interior_mean_hu,contrast_hu,probability_cyst,verdict,guards,"
      "truth\n";
  const auto number = [](const std::optional<double>& value) {
    return value ? fmt::format("{:.4f}", *value) : "";
  };
  for (const LesionRegion& region : result.regions) {
    if (!region.probability_cyst) continue;
    text += fmt::format("{},{},{:.4f},{:.3f},{:.3f},{},{},{:.6f},{},{},\n", csv_cell(case_name), region.id,
                        region.volume_ml, region.fit.mean_hu, region.fit.std_hu,
                        number(region.evidence.interior_mean_hu), number(contrast_hu(region, result.liver)),
                        *region.probability_cyst, verdict_name(region.verdict), joined(region, "|", true));
  }
  return text;
}

std::string histograms_csv(const LesionFilterResult& result) {
  std::string text = "region,hu,voxels,smoothed\n";
  for (const LesionRegion& region : result.regions) {
    if (!region.histogram) continue;
    const std::span<const std::int64_t> counts = region.histogram->counts();
    const std::vector<double> smooth = smooth_gaussian(counts, kSmoothingSdHu);
    for (std::size_t n = 0; n < counts.size(); ++n) {
      if (counts[n] == 0 && smooth[n] == 0) continue;
      text += fmt::format("{},{},{},{:.4g}\n", region.id, region.histogram->first() + static_cast<int>(n),
                          counts[n], smooth[n]);
    }
  }
  return text;
}

}  // namespace hepar
