// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "hepar/core/error.h"

namespace hepar {
namespace {

constexpr double kWantedSteps = 6;
constexpr double kMostDecadesWithNumbersBetween = 1.5;
constexpr double kSlack = 1e-9;  // a value this close to a tick lies on it

double power_of_ten(int exponent) { return std::pow(10.0, exponent); }

// The least of 1, 2, 5, 10 times a power of ten that is not below `value`.
double round_up(double value) {
  const double power = power_of_ten(static_cast<int>(std::floor(std::log10(value) + kSlack)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (value <= factor * power * (1 + kSlack)) return factor * power;
  }
  return 10 * power;
}

double round_down(double value) { return 1 / round_up(1 / value); }

std::string label(double value, int decimals) {
  const double size = std::abs(value);
  if (size < 1e-12) return "0";
  if (size < 0.9e-4 || size > 0.9e6) {
    const int exponent = static_cast<int>(std::floor(std::log10(size) + kSlack));
    return fmt::format("{:.3g}e{}", value / power_of_ten(exponent), exponent);
  }
  return fmt::format("{:.{}f}", value, std::max(0, decimals));
}

}  // namespace

Axis::Axis(std::span<const double> values, bool logarithmic) : logarithmic_(logarithmic) {
  HEPAR_EXPECT(!values.empty(), "an axis without values");
  for (const double value : values) {
    if (!std::isfinite(value) || (logarithmic && value <= 0)) {
      throw Error(ErrorCode::kInvalidInput, fmt::format("{} can't be drawn on a {} axis", value,
                                                        logarithmic ? "logarithmic" : "linear"));
    }
  }
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  logarithmic ? make_logarithmic(*least, *most) : make_linear(*least, *most);
}

Axis::Axis(std::span<const std::string> names) : has_grid_(false) {
  HEPAR_EXPECT(!names.empty(), "an axis without names");
  low_ = -0.5;
  high_ = static_cast<double>(names.size()) - 0.5;
  for (const std::string& name : names) ticks_.push_back({static_cast<double>(ticks_.size()), name});
}

void Axis::make_linear(double least, double most) {
  if (least > 0 && least <= most / 2) least = 0;
  if (most < 0 && most >= least / 2) most = 0;
  if (least == most) {
    const double half = least == 0 ? 1 : std::abs(least) / 2;
    least -= half, most += half;
  }
  const double step = round_up((most - least) / kWantedSteps);
  const double first = std::floor(least / step + kSlack), last = std::ceil(most / step - kSlack);
  low_ = first * step;
  high_ = last * step;
  const int decimals = -static_cast<int>(std::floor(std::log10(step) + kSlack));
  for (std::int64_t n = 0; n <= std::llround(last - first); ++n) {
    const double value = (first + static_cast<double>(n)) * step;
    ticks_.push_back({value, label(value, decimals)});
  }
}

void Axis::make_logarithmic(double least, double most) {
  low_ = round_down(least);
  high_ = round_up(most);
  if (high_ < low_ * 1.5) low_ = round_down(low_ / 1.5), high_ = round_up(high_ * 1.5);
  const bool numbers_between = std::log10(high_ / low_) < kMostDecadesWithNumbersBetween;
  const int first = static_cast<int>(std::floor(std::log10(low_) + kSlack));
  for (int exponent = first; power_of_ten(exponent) <= high_ * (1 + kSlack); ++exponent) {
    for (int factor = 1; factor < 10; ++factor) {
      const double value = factor * power_of_ten(exponent);
      if (value < low_ * (1 - kSlack) || value > high_ * (1 + kSlack)) continue;
      const bool numbered = factor == 1 || (numbers_between && (factor == 2 || factor == 5));
      ticks_.push_back({value, numbered ? label(value, -exponent) : ""});
    }
  }
}

double Axis::share(double value) const {
  return logarithmic_ ? std::log(value / low_) / std::log(high_ / low_) : (value - low_) / (high_ - low_);
}

}  // namespace hepar
