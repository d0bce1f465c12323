// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

namespace hepar {

struct AxisTick {
  double value = 0;
  std::string label;  // empty: a fine line without number
};

// The range of values that a plot shows along one direction, and its ticks: multiples of 1, 2 or 5 times a
// power of ten; on a logarithmic axis of more than 1.5 decades the powers of ten, with fine lines between.
class Axis {
 public:
  // Wide enough for all values, from tick to tick. A linear axis of positive values begins at 0 unless they
  // stay within the upper half. Needs a value; Error(kInvalidInput) for one that is not finite, or not
  // positive on a logarithmic axis.
  Axis(std::span<const double> values, bool logarithmic);
  // Places 0, 1, .. for things that are only named; half a place beyond them at both ends, no grid.
  explicit Axis(std::span<const std::string> names);

  double low() const { return low_; }
  double high() const { return high_; }
  const std::vector<AxisTick>& ticks() const { return ticks_; }
  bool has_grid() const { return has_grid_; }
  double share(double value) const;  // 0 at low() and 1 at high()

 private:
  void make_linear(double least, double most);
  void make_logarithmic(double least, double most);
  bool logarithmic_ = false, has_grid_ = true;
  double low_ = 0, high_ = 1;
  std::vector<AxisTick> ticks_;
};

}  // namespace hepar
