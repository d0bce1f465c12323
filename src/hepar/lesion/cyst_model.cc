// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/cyst_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace hepar {
namespace {

// What docs/lesions.md explains, with the source of each number.
constexpr double kPriorCyst = 0.22, kPriorCystUnenhanced = 0.12;
constexpr double kMostOffsetMm = 2, kMostWidthMm = 2.5, kLeastRimExcessHu = 25, kMostUnevenness = 2.2,
                 kMostEven = -0.3, kLeastRoundness = 0.75;

// What a region may be; the last three are tumours.
enum Kind : std::size_t { kCystKind, kSolidKind, kNecroticKind, kHypodenseKind, kKinds };
// Natural logarithms, so that no lesion is so far from all laws that they all vanish.
using LogLikelihoods = std::array<double, kKinds>;
constexpr double kSolidShare = 0.78, kNecroticShare = 0.12, kHypodenseShare = 0.10;

struct Normal {
  double mean, sd;
};

double log_density(double x, Normal law, double error) {
  const double sd = std::hypot(law.sd, error), z = (x - law.mean) / sd;
  return -0.5 * z * z - std::log(sd) - 0.5 * std::log(2 * std::numbers::pi);
}

// Of what is positive by nature and nearest to zero most often.
double log_half_density(double x, double sd, double error) {
  return std::log(2.0) + log_density(x, {0, sd}, error);
}

LogLikelihoods by_attenuation(const RegionEvidence& evidence, double liver_hu) {
  // Share of the full portal rise of 56.2 HU that this liver shows.
  const double enhanced = std::clamp((liver_hu - 58.8) / 56.2, 0.0, 1.2);
  const double pseudo_hu = 0.08 * std::max(liver_hu - 58.8, 0.0) * std::min(1.0, 10 / evidence.diameter_mm);
  const Normal solid{liver_hu - 15 - 41.9 * enhanced, 8 + 9.9 * enhanced};
  const double core_hu = *evidence.interior_mean_hu, error_hu = evidence.interior_error_hu;
  return {log_density(core_hu, {9 + pseudo_hu, 7.2}, error_hu), log_density(core_hu, solid, error_hu),
          log_density(core_hu, {27, 12}, error_hu), log_density(core_hu, {38, 6}, error_hu)};
}

LogLikelihoods by_edge(const EdgeFit& edge, double psf_sigma_mm) {
  const double excess_mm = excess_width_mm(edge, psf_sigma_mm), width_error_mm = edge.error_mm;
  // A contour on the grid is off by a third of a pixel; a tight one shows no rim, and speaks for nothing.
  const double offset_mm = std::max(0.0, edge.offset_mm),
               offset_error_mm = std::hypot(edge.error_mm, edge.pixel_mm / std::sqrt(12.0));
  const double cyst =
      log_density(offset_mm, {0, 0.6}, offset_error_mm) + log_half_density(excess_mm, 0.35, width_error_mm);
  const double solid =
      log_density(offset_mm, {0, 0.8}, offset_error_mm) + log_half_density(excess_mm, 1.0, width_error_mm);
  const double rim = log_density(offset_mm, {0.9, 0.9}, offset_error_mm) +
                     log_density(excess_mm, {1.2, 0.7}, width_error_mm);
  return {cyst, solid, rim, solid};
}

LogLikelihoods by_evenness(double unevenness) {
  // Less than noise alone is no more evidence than just that: the noise of the liver holds its own texture.
  const double log_ratio = std::max(std::log(std::max(unevenness, 0.05)), kMostEven);
  return {log_density(log_ratio, {-0.3, 0.4}, 0), log_density(log_ratio, {0.15, 0.4}, 0),
          log_density(log_ratio, {0.7, 0.6}, 0), log_density(log_ratio, {0.1, 0.4}, 0)};
}

// Adds to `weights` and returns what this adds to the logarithm of the odds.
double weigh(LogLikelihoods& weights, const LogLikelihoods& likelihoods) {
  const auto log_odds = [&] {
    const double most = std::max({weights[kSolidKind], weights[kNecroticKind], weights[kHypodenseKind]});
    double sum = 0;
    for (const Kind kind : {kSolidKind, kNecroticKind, kHypodenseKind}) sum += std::exp(weights[kind] - most);
    return weights[kCystKind] - most - std::log(sum);
  };
  const double before = log_odds();
  for (std::size_t kind = 0; kind < kKinds; ++kind) weights[kind] += likelihoods[kind];
  return log_odds() - before;
}

}  // namespace

double CystOdds::probability() const { return 1 / (1 + std::exp(-log_odds())); }

double excess_width_mm(const EdgeFit& edge, double psf_sigma_mm) {
  const double square =
      edge.width_mm * edge.width_mm - psf_sigma_mm * psf_sigma_mm - edge.pixel_mm * edge.pixel_mm / 12;
  return std::sqrt(std::max(0.0, square));
}

CystOdds weigh_evidence(const RegionEvidence& evidence, const LiverReference& liver) {
  CystOdds odds;
  const double prior = liver.unenhanced ? kPriorCystUnenhanced : kPriorCyst;
  odds.prior = std::log(prior / (1 - prior));
  if (!evidence.interior_mean_hu || !liver.median_hu) return odds;
  const double tumour = 1 - prior;
  LogLikelihoods weights{std::log(prior), std::log(kSolidShare * tumour), std::log(kNecroticShare * tumour),
                         std::log(kHypodenseShare * tumour)};
  odds.attenuation = weigh(weights, by_attenuation(evidence, *liver.median_hu));
  if (evidence.edge) odds.edge = weigh(weights, by_edge(*evidence.edge, liver.psf_sigma_mm));
  if (evidence.unevenness) odds.evenness = weigh(weights, by_evenness(*evidence.unevenness));
  return odds;
}

double core_ceiling_hu(const LiverReference& liver) { return liver.unenhanced ? 25 : 30; }

bool shows_rim(const RegionEvidence& evidence, const LiverReference& liver) {
  if (!evidence.edge) return false;
  return evidence.edge->offset_mm > kMostOffsetMm || evidence.edge->width_mm > kMostWidthMm ||
         rim_excess_hu(evidence, liver) > kLeastRimExcessHu;
}

double rim_excess_hu(const RegionEvidence& evidence, const LiverReference& liver) {
  if (!evidence.edge || !liver.median_hu) return 0;
  return std::max(evidence.edge->surroundings_hu - *liver.median_hu, evidence.rim_excess_hu.value_or(0));
}

std::string rim_words(const RegionEvidence& evidence, const LiverReference& liver) {
  if (rim_excess_hu(evidence, liver) > kLeastRimExcessHu)
    return fmt::format("a rim {:.0f} HU brighter than the liver", rim_excess_hu(evidence, liver));
  if (evidence.edge && evidence.edge->offset_mm > kMostOffsetMm)
    return fmt::format("its dark part ends {:.1f} mm inside the contour (rim, or a generous contour)",
                       evidence.edge->offset_mm);
  return fmt::format("a blurred border ({:.1f} mm)", evidence.edge ? evidence.edge->width_mm : 0);
}

bool is_irregular(const RegionEvidence& evidence) { return evidence.roundness < kLeastRoundness; }

bool is_uneven(const RegionEvidence& evidence) { return evidence.unevenness.value_or(0) > kMostUnevenness; }

bool rim_may_be_unseen(const RegionEvidence& evidence, double probability) {
  return evidence.diameter_mm < 20 && probability < 0.985;
}

bool too_small(const RegionEvidence& evidence, double slice_mm) {
  return evidence.diameter_mm < std::max(7.0, 1.6 * slice_mm);
}

}  // namespace hepar
