// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/label_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/infer/plane_interpolation.h"
#include "hepar/plan/resampling.h"

namespace hepar {
namespace {

std::size_t index(std::int64_t n) { return static_cast<std::size_t>(n); }

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
    storage.step[axis] = strides[index(source)] * (order.flipped[axis] ? -1 : 1);
    if (order.flipped[axis]) storage.first += (scan_size[source] - 1) * strides[index(source)];
  }
  return storage;
}

PlaneInterpolation interpolation_of(const ExportTarget& target, const ModelPlan& plan) {
  const ResamplingRule& rule = plan.logit_resampling;
  if (rule.order != 1) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("the plan resamples logits by order {}; this version of Hepar does so by order 1",
                            rule.order));
  }
  const Geometry grid = reorient(target.scan, target.order);
  const std::array<double, 3> wanted_mm{grid.spacing_mm.z, grid.spacing_mm.y, grid.spacing_mm.x};
  std::array<double, 3> spacing_mm = plan.spacing_mm;
  if (plan.two_dimensional) spacing_mm[0] = wanted_mm[0];
  const auto separate = separate_axis(rule, spacing_mm, wanted_mm);
  const Int3 size = target.crop.size();
  // Linear across the slices and within them is linear in space.
  return {target.network_size, {size.k, size.j, size.i}, rule.order_z == 0 ? separate : std::nullopt};
}

constexpr std::int64_t kRows = 16;  // of a plane, make a task worth starting

// The greatest logit of float16 whose sigmoid is no more than 0.5 in float32, checked with PyTorch 1.13.
constexpr float kNoRegion = 0x1p-24f;

// A finished plane of logits, heads x h x w.
struct SourcePlane {
  std::vector<float> logits;  // only for parity
  std::vector<float> wide;    // rows brought to the target's width
  float largest = 0;          // magnitude
};

}  // namespace

class LabelExport::Impl {
 public:
  Impl(const ExportTarget& target, const ModelPlan& plan, const DatasetLabels& labels, bool parity,
       ProbabilitySink probabilities)
      : interpolation_(interpolation_of(target, plan)),
        parity_(parity),
        regions_class_order_(labels.regions_class_order),
        heads_(labels.heads()),
        source_(target.network_size),
        crop_(target.crop),
        full_(reorient(target.scan, target.order).size),
        storage_(storage_of(target.scan.size, target.order)),
        labels_(target.scan),
        probability_sink_(std::move(probabilities)) {
    if (probability_sink_) probabilities_.resize(index(heads_ * full_.i * full_.j));
  }

  void add(std::int64_t d, std::span<const float> logits) {
    HEPAR_EXPECT(d == next_source_ && logits.size() == index(heads_ * source_[1] * source_[2]),
                 fmt::format("plane {} of {} values", d, logits.size()));
    ++next_source_;
    std::swap(previous_, current_);
    keep(logits);
    while (next_target_ < crop_.size().k && interpolation_.planes(next_target_).high == d) {
      skip_planes(crop_.low.k + next_target_);
      write_plane(next_target_);
      ++next_target_;
    }
  }

  WideLabelMap finish() {
    HEPAR_EXPECT(next_source_ == source_[0], fmt::format("{} of {} planes", next_source_, source_[0]));
    skip_planes(full_.k);
    return std::move(labels_);
  }

 private:
  struct Rows {
    explicit Rows(std::size_t width)
        : logits(width), best(width), second(width), labels(width), doubtful(width) {}
    std::vector<float> logits, best, second;  // of one head, and the largest so far
    std::vector<std::int32_t> labels, doubtful;
  };

  void keep(std::span<const float> logits) {
    const auto rows = static_cast<std::size_t>(heads_ * source_[1]), width = index(source_[2]);
    const std::size_t wide = index(crop_.size().i);
    current_.wide.resize(rows * wide);
    parallel_for((static_cast<std::int64_t>(rows) + kRows - 1) / kRows, [&](std::int64_t block) {
      for (std::size_t row = index(block * kRows); row < std::min(rows, index((block + 1) * kRows)); ++row)
        interpolation_.widen(logits.subspan(row * width, width),
                             std::span(current_.wide).subspan(row * wide, wide));
    });
    if (!parity_) return;
    current_.logits.assign(logits.begin(), logits.end());
    current_.largest = 0;
    for (const float value : logits) current_.largest = std::max(current_.largest, std::abs(value));
  }

  // Hands on the probabilities of planes outside the crop, up to plane `end`.
  void skip_planes(std::int64_t end) {
    if (!probability_sink_) return;
    for (; next_probabilities_ < end; ++next_probabilities_) {
      clear_probabilities();
      probability_sink_(next_probabilities_, probabilities_);
    }
  }

  void clear_probabilities() {
    std::fill(probabilities_.begin(), probabilities_.end(), 0.0f);
    if (!has_regions()) std::fill_n(probabilities_.begin(), full_.i * full_.j, 1.0f);
  }

  void write_plane(std::int64_t target) {
    if (probability_sink_) clear_probabilities();
    const SourcePlane& low = interpolation_.planes(target).low == next_source_ - 1 ? current_ : previous_;
    parallel_for((crop_.size().j + kRows - 1) / kRows, [&](std::int64_t block) {
      Rows rows(index(crop_.size().i));
      for (std::int64_t h = block * kRows; h < std::min(crop_.size().j, (block + 1) * kRows); ++h)
        write_row(target, h, low, rows);
    });
    if (probability_sink_) probability_sink_(next_probabilities_++, probabilities_);
  }

  void write_row(std::int64_t target, std::int64_t h, const SourcePlane& low, Rows& rows) {
    // Any logit exceeds minus infinity.
    std::fill(rows.best.begin(), rows.best.end(), -HUGE_VALF);
    std::fill(rows.second.begin(), rows.second.end(), -HUGE_VALF);
    std::fill(rows.labels.begin(), rows.labels.end(), 0);
    std::fill(rows.doubtful.begin(), rows.doubtful.end(), 0);
    const float largest = std::max(low.largest, current_.largest);
    for (std::int64_t head = 0; head < heads_; ++head) {
      interpolate(target, h, head, low, rows.logits);
      if (has_regions()) {
        add_region(regions_class_order_[index(head)], largest, rows);
      } else {
        add_label(static_cast<std::int32_t>(head), rows);
      }
      if (probability_sink_) std::copy(rows.logits.begin(), rows.logits.end(), probability_row(head, h));
    }
    if (probability_sink_) has_regions() ? make_sigmoids(h) : make_softmax(h, rows.best);
    if (parity_ && !probability_sink_) settle(target, h, low, rows);
    std::uint16_t* voxel = labels_.voxels().data() + storage_.first + crop_.low.i * storage_.step[0] +
                           (crop_.low.j + h) * storage_.step[1] + (crop_.low.k + target) * storage_.step[2];
    for (const std::int32_t label : rows.labels) {
      *voxel = static_cast<std::uint16_t>(label);
      voxel += storage_.step[0];
    }
  }

  bool has_regions() const { return !regions_class_order_.empty(); }

  float exact(std::int64_t head, const Kernel3& voxel, const SourcePlane& low) const {
    const std::int64_t first = head * source_[1] * source_[2];
    return interpolation_.exact(voxel, low.logits.data() + first, current_.logits.data() + first);
  }

  void interpolate(std::int64_t target, std::int64_t h, std::int64_t head, const SourcePlane& low,
                   std::span<float> result) const {
    if (parity_ && probability_sink_) {
      for (std::size_t x = 0; x < result.size(); ++x)
        result[x] = exact(head, {target, h, static_cast<std::int64_t>(x)}, low);
      return;
    }
    const std::int64_t first = head * source_[1] * crop_.size().i;
    interpolation_.row(target, h, low.wide.data() + first, current_.wide.data() + first, result);
  }

  static void add_label(std::int32_t label, Rows& rows) {
    for (std::size_t x = 0; x < rows.labels.size(); ++x) {
      const float logit = rows.logits[x], best = rows.best[x];
      rows.labels[x] = logit > best ? label : rows.labels[x];
      rows.second[x] = std::max(rows.second[x], std::min(best, logit));
      rows.best[x] = std::max(best, logit);
    }
  }

  static void add_region(std::int32_t label, float largest, Rows& rows) {
    const float margin = largest * 0x1p-20f + 0x1p-22f;
    for (std::size_t x = 0; x < rows.labels.size(); ++x) {
      rows.labels[x] = rows.logits[x] > kNoRegion ? label : rows.labels[x];
      rows.doubtful[x] |= std::abs(rows.logits[x]) <= margin ? 1 : 0;
    }
  }

  // In parity a voxel is decided in nnU-Net's arithmetic where float32 can't tell: labels whose logits lie
  // closer than their roundings to float16, 2^-11 each, and regions about 0.
  void settle(std::int64_t target, std::int64_t h, const SourcePlane& low, Rows& rows) const {
    const float margin = std::max(low.largest, current_.largest) * 0x1.1p-10f + 0x1p-22f;
    for (std::size_t x = 0; x < rows.labels.size(); ++x) {
      if (has_regions() ? rows.doubtful[x] == 0 : rows.best[x] - rows.second[x] > margin) continue;
      float best = -HUGE_VALF;
      rows.labels[x] = 0;
      for (std::int64_t head = 0; head < heads_; ++head) {
        const float logit = exact(head, {target, h, static_cast<std::int64_t>(x)}, low);
        if (has_regions() ? logit > kNoRegion : logit > best)
          rows.labels[x] =
              has_regions() ? regions_class_order_[index(head)] : static_cast<std::int32_t>(head);
        best = std::max(best, logit);
      }
    }
  }

  float* probability_row(std::int64_t head, std::int64_t h) {
    return probabilities_.data() + (head * full_.j + crop_.low.j + h) * full_.i + crop_.low.i;
  }

  void make_sigmoids(std::int64_t h) {
    for (std::int64_t head = 0; head < heads_; ++head) {
      float* row = probability_row(head, h);
      for (std::int64_t x = 0; x < crop_.size().i; ++x) row[x] = 1 / (1 + std::exp(-row[x]));
    }
  }

  void make_softmax(std::int64_t h, const std::vector<float>& largest) {
    const std::int64_t width = crop_.size().i;
    std::vector<float> sum(index(width));
    for (std::int64_t head = 0; head < heads_; ++head) {
      float* row = probability_row(head, h);
      for (std::int64_t x = 0; x < width; ++x) {
        row[x] = std::exp(row[x] - largest[index(x)]);
        sum[index(x)] += row[x];
      }
    }
    for (std::int64_t head = 0; head < heads_; ++head) {
      float* row = probability_row(head, h);
      for (std::int64_t x = 0; x < width; ++x) row[x] /= sum[index(x)];
    }
  }

  PlaneInterpolation interpolation_;
  bool parity_;
  std::vector<int> regions_class_order_;
  std::int64_t heads_;
  Kernel3 source_;
  Box3 crop_;
  Int3 full_;  // size of the reoriented scan
  Storage storage_;
  WideLabelMap labels_;
  ProbabilitySink probability_sink_;
  std::vector<float> probabilities_;  // of one plane of the reoriented scan
  SourcePlane previous_, current_;
  std::int64_t next_source_ = 0, next_target_ = 0, next_probabilities_ = 0;
};

LabelExport::LabelExport(const ExportTarget& target, const ModelPlan& plan, const DatasetLabels& labels,
                         bool parity, ProbabilitySink probabilities)
    : impl_(std::make_unique<Impl>(target, plan, labels, parity, std::move(probabilities))) {}
LabelExport::~LabelExport() = default;
void LabelExport::add(std::int64_t d, std::span<const float> logits) { impl_->add(d, logits); }
WideLabelMap LabelExport::finish() { return impl_->finish(); }

}  // namespace hepar
