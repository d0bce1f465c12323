// SPDX-License-Identifier: Apache-2.0
#include "hepar/numeric/binomial.h"

#include <fmt/format.h>

#include <boost/math/distributions/beta.hpp>

#include "hepar/core/error.h"

namespace hepar {
namespace {

void check(std::int64_t events, std::int64_t trials, double confidence) {
  HEPAR_EXPECT(trials >= 1 && events >= 0 && events <= trials,
               fmt::format("{} events in {} trials", events, trials));
  HEPAR_EXPECT(confidence > 0 && confidence < 1, fmt::format("confidence is {}", confidence));
}

}  // namespace

double upper_bound_of_rate(std::int64_t events, std::int64_t trials, double confidence) {
  check(events, trials, confidence);
  if (events == trials) return 1;
  const boost::math::beta_distribution<> above(static_cast<double>(events + 1),
                                               static_cast<double>(trials - events));
  return boost::math::quantile(above, confidence);
}

RateInterval interval_of_rate(std::int64_t events, std::int64_t trials, double confidence) {
  check(events, trials, confidence);
  const double one_sided = (1 + confidence) / 2;
  // An event is the other outcome's failure, so the lower bound mirrors the upper one.
  return {1 - upper_bound_of_rate(trials - events, trials, one_sided),
          upper_bound_of_rate(events, trials, one_sided)};
}

}  // namespace hepar
