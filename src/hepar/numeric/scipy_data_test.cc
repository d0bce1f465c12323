// SPDX-License-Identifier: Apache-2.0
// The statistics against SciPy; registered where it is installed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hepar/core/random.h"
#include "hepar/numeric/bootstrap.h"
#include "hepar/numeric/paired_tests.h"
#include "hepar/numeric/statistics.h"
#include "hepar/numeric/test_peer.h"

namespace hepar {
namespace {
using nlohmann::json;

// Where SciPy 1.10 has no exact Wilcoxon p (ties, or zeros among at most 50 pairs), p comes from the
// generating function of the ranks, and up to 12 pairs from SciPy's permutation test too. SciPy's quantile of
// t is off by up to 3e-9 (its own distribution function tells), so the 97.5 % point comes from its incomplete
// beta function. The power comes from SciPy's noncentral t, which is Boost's, and from the defining integral.
constexpr const char* kPeer = R"(
import json, sys, types
import numpy as np
from scipy import integrate, special, stats

def exact_p(d):
    ranks = np.rint(2 * stats.rankdata(abs(d))).astype(int)
    pmf = np.ones(1)
    for rank in ranks:
        pmf = np.convolve(pmf, np.bincount([0, rank]) / 2)
    plus = ranks[d > 0].sum()
    return min(1, 2 * min(pmf[:plus + 1].sum(), pmf[plus:].sum()))

def permuted_p(d):
    ranks = stats.rankdata(abs(d))
    def plus(x, axis):
        return np.sum(ranks * (x > 0), axis=axis)
    return stats.permutation_test((d,), plus, permutation_type='samples', vectorized=True,
                                  n_resamples=np.inf).pvalue

def wilcoxon(before, after):
    d = (after - before)[after != before]
    if len(d) == 0:
        return None
    result = {'ps': []}
    ranks = stats.rankdata(abs(d))
    result['statistic'] = min(ranks[d > 0].sum(), ranks[d < 0].sum())
    ties = len(set(abs(d))) < len(d)
    if len(d) > 50 or (len(d) == len(before) and not ties):
        scipy = stats.wilcoxon(after, before)
        result['statistic'] = scipy.statistic
        result['ps'].append(scipy.pvalue)
    elif not ties:
        result['ps'].append(stats.wilcoxon(d, mode='exact').pvalue)
    else:
        result['ps'].append(exact_p(d))
    if len(d) <= 12:
        result['ps'].append(permuted_p(d))
    return result

def critical_t(df):
    x = special.betaincinv(df / 2, 0.5, 0.05)
    return (df * (1 - x) / x) ** 0.5

def t_test(before, after):
    test, d = stats.ttest_rel(after, before), after - before
    half = critical_t(len(d) - 1) * stats.sem(d)
    interval = [np.mean(d) - half, np.mean(d) + half]
    assert np.allclose(test.confidence_interval(0.95), interval, rtol=0, atol=1e-8 * half)
    return [test.statistic, test.pvalue, *interval]

def bca(d, means, confidence):
    def mean(x, axis):  # summed in order, so that ties with the resamples' means are the same
        return np.take(np.add.accumulate(x, axis=axis), -1, axis=axis) / x.shape[axis]
    known = types.SimpleNamespace(bootstrap_distribution=np.array(means))
    result = stats.bootstrap((d,), mean, n_resamples=0, bootstrap_result=known, confidence_level=confidence)
    return list(result.confidence_interval)

def powers(n, dz):
    critical, shift = critical_t(n - 1), dz * n ** 0.5
    with np.errstate(all='ignore'):  # inside Boost
        scipy = stats.nct.sf(critical, n - 1, shift) + stats.nct.cdf(-critical, n - 1, shift)
    def given(s):  # P(|Z + shift| > critical * s) times the density of s, the root of chi^2 / (n - 1)
        outside = special.ndtr(shift - critical * s) + special.ndtr(-critical * s - shift)
        return outside * stats.chi.pdf(s * (n - 1) ** 0.5, n - 1) * (n - 1) ** 0.5
    width = 9 / (2 * (n - 1)) ** 0.5
    grid = np.linspace(max(0, 1 - width), 1 + width, 9)
    parts = [integrate.quad(given, a, b, epsabs=1e-13, epsrel=1e-13)[0] for a, b in zip(grid, grid[1:])]
    return [scipy, sum(parts)]

answers = []
for sample in json.load(open(sys.argv[1])):
    before, after = np.array(sample['before']), np.array(sample['after'])
    d, n = after - before, len(before)
    varies = len(set(d)) > 1
    m = n - 1
    answers.append({
        'quartiles': list(np.percentile(after, [25, 50, 75])), 'sd': np.std(after, ddof=1),
        't': t_test(before, after) if varies else None,
        'd_z': np.mean(d) / np.std(d, ddof=1) if varies else None,
        'hedges': np.exp(special.gammaln(m / 2) - special.gammaln((m - 1) / 2)) / (m / 2) ** 0.5,
        'wilcoxon': wilcoxon(before, after), 'powers': powers(n, sample['detectable']),
        'bca': [bca(d, sample['means'], c) for c in (0.95, 0.8)] if varies else None})
json.dump(answers, open(sys.argv[2], 'w'))
)";

struct Pairs {
  std::vector<double> before, after;
};

// Kinds in turn: normal, skewed by outliers, whole numbers with ties and zeros, whole numbers with ties only.
Pairs random_pairs(std::int64_t n, int kind, Random random) {
  Pairs pairs;
  for (std::int64_t i = 0; i < n; ++i) {
    double difference = random.normal(0.3, 1);
    if (kind == 1) difference = std::exp(1.5 * difference) - 1;
    if (kind == 2) difference = std::round(3 * difference);
    if (kind == 3) difference = std::floor(2 * difference) * 2 + 1;
    pairs.before.push_back(kind < 2 ? random.normal(80, 10) : std::round(random.normal(80, 10)));
    pairs.after.push_back(pairs.before.back() + difference);
  }
  return pairs;
}

std::vector<Pairs> random_samples() {
  const std::vector<std::int64_t> ends{2, 3, 2, 2, 50, 51, 120, 120};
  Random random(1);
  std::vector<Pairs> samples;
  for (std::size_t sample = 0; sample < 50; ++sample) {
    // Squared, since small samples have more cases of their own.
    const auto n = 2 + static_cast<std::int64_t>(119 * std::pow(random.uniform(), 2));
    samples.push_back(random_pairs(sample < ends.size() ? ends[sample] : n, static_cast<int>(sample % 4),
                                   random.fork(sample)));
  }
  return samples;
}

constexpr std::int64_t kResamples = 999;

json question(const Pairs& pairs) {
  return {{"before", pairs.before},
          {"after", pairs.after},
          {"detectable", *smallest_detectable_dz(static_cast<std::int64_t>(pairs.before.size()))},
          {"means", bootstrap_means(paired_differences(pairs.before, pairs.after), kResamples, 1)}};
}

void expect_same(double ours, const json& theirs, const char* what) {
  const auto value = theirs.get<double>();
  EXPECT_NEAR(ours, value, 1e-9 * std::abs(value)) << what;
}

void expect_same(const Interval& ours, const json& low, const json& high, const char* what) {
  expect_same(ours.low, low, what);
  expect_same(ours.high, high, what);
}

void check_summary(const Pairs& pairs, const json& scipy) {
  const Summary summary = summarise(pairs.after);
  expect_same(*summary.q1, scipy["quartiles"][0], "q1");
  expect_same(*summary.median, scipy["quartiles"][1], "median");
  expect_same(*summary.q3, scipy["quartiles"][2], "q3");
  expect_same(*summary.sd, scipy["sd"], "SD");
}

void check_t_test(const Pairs& pairs, const json& scipy) {
  const auto test = paired_t_test(pairs.before, pairs.after);
  const auto effect = paired_effect(pairs.before, pairs.after);
  ASSERT_EQ(test.has_value(), !scipy["t"].is_null());
  ASSERT_EQ(effect.has_value(), test.has_value());
  if (!test) return;
  expect_same(test->t, scipy["t"][0], "t");
  EXPECT_NEAR(test->p_two_sided, scipy["t"][1].get<double>(), 1e-9);
  expect_same(test->mean_difference, scipy["t"][2], scipy["t"][3], "t interval");
  expect_same(effect->d_z, scipy["d_z"], "d_z");
  if (effect->corrected) expect_same(*effect->corrected / effect->d_z, scipy["hedges"], "Hedges");
}

void check_wilcoxon(const Pairs& pairs, const json& scipy) {
  const auto test = wilcoxon_signed_rank(pairs.before, pairs.after);
  ASSERT_EQ(test.has_value(), !scipy.is_null());
  if (!test) return;
  expect_same(std::min(test->rank_sum_positive, test->rank_sum_negative), scipy["statistic"], "rank sum");
  for (const json& p : scipy["ps"]) EXPECT_NEAR(test->p_two_sided, p.get<double>(), 1e-9);
}

void check_bca(const Pairs& pairs, const json& scipy) {
  if (scipy.is_null()) return;
  const std::vector<double> differences = paired_differences(pairs.before, pairs.after);
  const std::vector<double> means = bootstrap_means(differences, kResamples, 1);
  expect_same(*bca_from_means(differences, means, 0.95), scipy[0][0], scipy[0][1], "BCa 95 %");
  expect_same(*bca_from_means(differences, means, 0.8), scipy[1][0], scipy[1][1], "BCa 80 %");
}

TEST(SciPy, AgreesOnFiftyRandomSamples) {
  const std::vector<Pairs> samples = random_samples();
  json questions = json::array();
  for (const Pairs& pairs : samples) questions.push_back(question(pairs));
  const json answers = ask_peer(HEPAR_PEER_PYTHON, kPeer, questions);
  ASSERT_EQ(answers.size(), 50U);
  for (std::size_t sample = 0; sample < samples.size(); ++sample) {
    SCOPED_TRACE(fmt::format("sample {} of {} pairs", sample, samples[sample].before.size()));
    check_summary(samples[sample], answers[sample]);
    check_t_test(samples[sample], answers[sample]);
    check_wilcoxon(samples[sample], answers[sample]["wilcoxon"]);
    check_bca(samples[sample], answers[sample]["bca"]);
    for (const json& power : answers[sample]["powers"]) EXPECT_NEAR(power.get<double>(), 0.8, 1e-9);
  }
}

}  // namespace
}  // namespace hepar
