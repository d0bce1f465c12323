// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/label_projection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"

namespace hepar {
namespace {

std::size_t index(std::int64_t n) { return static_cast<std::size_t>(n); }

// One target voxel lies between the source voxels `low` and `high`, this far towards `high`.
struct Between {
  std::int64_t low, high;
  float towards_high;
};

std::vector<Between> linear_taps(std::int64_t source_size, std::int64_t target_size) {
  std::vector<Between> taps;
  const double ratio = static_cast<double>(source_size) / static_cast<double>(target_size);
  for (std::int64_t n = 0; n < target_size; ++n) {
    const double last = static_cast<double>(source_size - 1);
    const double place = std::clamp((static_cast<double>(n) + 0.5) * ratio - 0.5, 0.0, last);
    const auto low = static_cast<std::int64_t>(place);
    taps.push_back(
        {low, std::min(low + 1, source_size - 1), static_cast<float>(place - static_cast<double>(low))});
  }
  return taps;
}

float mix(float a, float b, float towards_b) { return a + (b - a) * towards_b; }

void mix_rows(const float* a, const float* b, float towards_b, std::span<float> out) {
  for (std::size_t n = 0; n < out.size(); ++n) out[n] = mix(a[n], b[n], towards_b);
}

// Where voxel (i, j, k) of the reoriented scan lies in the scan's own storage: first + i * step[0] + ...
struct Storage {
  std::int64_t first = 0;
  std::array<std::int64_t, 3> step{};
};

Storage storage_of(Int3 scan_size, const AxisOrder& order) {
  const std::array<std::int64_t, 3> strides{1, scan_size.i, scan_size.i * scan_size.j};
  Storage storage;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const int source = order.source_axis[axis];
    storage.step[axis] = strides[static_cast<std::size_t>(source)] * (order.flipped[axis] ? -1 : 1);
    if (order.flipped[axis])
      storage.first += (scan_size[source] - 1) * strides[static_cast<std::size_t>(source)];
  }
  return storage;
}

class Projection {
 public:
  Projection(const Tensor& logits, const std::vector<int>& labels, LabelMap& result, const AxisOrder& order)
      : logits_(logits), labels_(labels), result_(result), storage_(storage_of(result.size(), order)) {
    const TensorShape& s = logits.shape;
    for (std::size_t axis = 0; axis < 3; ++axis) size_[axis] = result.size()[order.source_axis[axis]];
    taps_ = {linear_taps(s.w, size_[0]), linear_taps(s.h, size_[1]), linear_taps(s.d, size_[2])};
  }

  std::int64_t slices() const { return size_[2]; }

  void project_slice(std::int64_t k) const {
    const TensorShape& s = logits_.shape;
    std::vector<float> slice(index(s.h * s.w)), row(index(s.w));
    for (std::size_t region = 0; region < labels_.size(); ++region) {
      const float* map = logits_.values.data() + static_cast<std::int64_t>(region) * s.voxels();
      const Between& z = taps_[2][index(k)];
      mix_rows(map + z.low * s.h * s.w, map + z.high * s.h * s.w, z.towards_high, slice);
      for (std::int64_t j = 0; j < size_[1]; ++j) {
        const Between& y = taps_[1][index(j)];
        mix_rows(slice.data() + y.low * s.w, slice.data() + y.high * s.w, y.towards_high, row);
        write_row(row, static_cast<std::uint8_t>(labels_[region]), j, k);
      }
    }
  }

 private:
  void write_row(const std::vector<float>& row, std::uint8_t label, std::int64_t j, std::int64_t k) const {
    std::uint8_t* voxel =
        result_.voxels().data() + storage_.first + j * storage_.step[1] + k * storage_.step[2];
    for (const Between& x : taps_[0]) {
      if (mix(row[index(x.low)], row[index(x.high)], x.towards_high) > 0) *voxel = label;
      voxel += storage_.step[0];
    }
  }

  const Tensor& logits_;
  const std::vector<int>& labels_;
  LabelMap& result_;
  Storage storage_;
  std::array<std::int64_t, 3> size_{};  // of the reoriented scan
  std::array<std::vector<Between>, 3> taps_;
};

}  // namespace

LabelMap project_labels(const Tensor& logits, const std::vector<int>& regions_class_order,
                        const Geometry& scan, const AxisOrder& order) {
  HEPAR_EXPECT(static_cast<std::size_t>(logits.shape.c) == regions_class_order.size() && logits.shape.n == 1,
               fmt::format("{} outputs, {} regions", logits.shape.c, regions_class_order.size()));
  LabelMap result(scan, kBackground);
  const Projection projection(logits, regions_class_order, result, order);
  parallel_for(projection.slices(), [&](std::int64_t k) { projection.project_slice(k); });
  return result;
}

}  // namespace hepar
