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

PlaneInterpolation interpolation_of(const ExportTarget& target, const ModelPlan& plan, bool parity) {
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
  return {target.network_size, {size.k, size.j, size.i}, rule.order_z == 0 ? separate : std::nullopt, parity};
}

}  // namespace

class LabelExport::Impl {
 public:
  Impl(const ExportTarget& target, const ModelPlan& plan, const DatasetLabels& labels, bool parity,
       ProbabilitySink probabilities)
      : interpolation_(interpolation_of(target, plan, parity)),
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
    current_.assign(logits.begin(), logits.end());
    while (next_target_ < crop_.size().k && interpolation_.planes(next_target_).high == d) {
      skip_planes(crop_.low.k + next_target_);
      write_plane(next_target_, d);
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
    std::vector<float> logits, best;
    std::vector<std::int32_t> labels;
    PlaneInterpolation::Scratch scratch;
  };

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
    if (regions_class_order_.empty()) std::fill_n(probabilities_.begin(), full_.i * full_.j, 1.0f);
  }

  void write_plane(std::int64_t target, std::int64_t d) {
    if (probability_sink_) clear_probabilities();
    constexpr std::int64_t kRows = 16;  // makes a task worth starting
    const std::int64_t rows = crop_.size().j, width = crop_.size().i;
    parallel_for((rows + kRows - 1) / kRows, [&](std::int64_t task) {
      Rows buffer{std::vector<float>(index(width)),
                  std::vector<float>(index(width)),
                  std::vector<std::int32_t>(index(width)),
                  {}};
      for (std::int64_t h = task * kRows; h < std::min(rows, (task + 1) * kRows); ++h)
        write_row(target, h, d, buffer);
    });
    if (probability_sink_) probability_sink_(next_probabilities_++, probabilities_);
  }

  void write_row(std::int64_t target, std::int64_t h, std::int64_t d, Rows& rows) {
    const bool has_regions = !regions_class_order_.empty();
    // 0 for regions, the first head of labels: any logit exceeds minus infinity.
    std::fill(rows.best.begin(), rows.best.end(), -HUGE_VALF);
    std::fill(rows.labels.begin(), rows.labels.end(), 0);
    const float* low = interpolation_.planes(target).low == d ? current_.data() : previous_.data();
    for (std::int64_t head = 0; head < heads_; ++head) {
      const std::int64_t first = head * source_[1] * source_[2];
      interpolation_.row(target, h, low + first, current_.data() + first, rows.logits, rows.scratch);
      if (has_regions) {
        add_region(regions_class_order_[index(head)], rows);
      } else {
        add_label(static_cast<std::int32_t>(head), rows);
      }
      if (probability_sink_) std::copy(rows.logits.begin(), rows.logits.end(), probability_row(head, h));
    }
    if (probability_sink_) has_regions ? make_sigmoids(h) : make_softmax(h, rows.best);
    std::uint16_t* voxel = labels_.voxels().data() + storage_.first + crop_.low.i * storage_.step[0] +
                           (crop_.low.j + h) * storage_.step[1] + (crop_.low.k + target) * storage_.step[2];
    for (const std::int32_t label : rows.labels) {
      *voxel = static_cast<std::uint16_t>(label);
      voxel += storage_.step[0];
    }
  }

  static void add_label(std::int32_t label, Rows& rows) {
    for (std::size_t x = 0; x < rows.labels.size(); ++x) {
      rows.labels[x] = rows.logits[x] > rows.best[x] ? label : rows.labels[x];
      rows.best[x] = std::max(rows.best[x], rows.logits[x]);
    }
  }

  static void add_region(std::int32_t label, Rows& rows) {
    // The greatest logit of float16 whose sigmoid is no more than 0.5 in float32, checked with PyTorch 1.13.
    constexpr float kHalf = 0x1p-24f;
    for (std::size_t x = 0; x < rows.labels.size(); ++x)
      rows.labels[x] = rows.logits[x] > kHalf ? label : rows.labels[x];
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
  std::vector<int> regions_class_order_;
  std::int64_t heads_;
  Kernel3 source_;
  Box3 crop_;
  Int3 full_;  // size of the reoriented scan
  Storage storage_;
  WideLabelMap labels_;
  ProbabilitySink probability_sink_;
  std::vector<float> probabilities_;       // of one plane of the reoriented scan
  std::vector<float> previous_, current_;  // source planes, heads x h x w
  std::int64_t next_source_ = 0, next_target_ = 0, next_probabilities_ = 0;
};

LabelExport::LabelExport(const ExportTarget& target, const ModelPlan& plan, const DatasetLabels& labels,
                         bool parity, ProbabilitySink probabilities)
    : impl_(std::make_unique<Impl>(target, plan, labels, parity, std::move(probabilities))) {}
LabelExport::~LabelExport() = default;
void LabelExport::add(std::int64_t d, std::span<const float> logits) { impl_->add(d, logits); }
WideLabelMap LabelExport::finish() { return impl_->finish(); }

}  // namespace hepar
