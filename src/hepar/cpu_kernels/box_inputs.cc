// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/box_inputs.h"

#include <algorithm>
#include <cstring>

namespace hepar::cpu {
namespace {

constexpr std::int64_t kOutside = -1;

// Of a size that the compiler knows, since a call for each voxel would cost more than the copy.
template <std::size_t kLanes>
void copy_spaced(const float* source, std::int64_t step, std::int64_t count, float* target) {
  for (std::int64_t n = 0; n < count; ++n)
    std::memcpy(target + n * static_cast<std::int64_t>(kLanes), source + n * step, kLanes * sizeof(float));
}

template <std::size_t kLanes>
void copy_places(const float* source, const std::vector<std::int64_t>& places, float* target) {
  constexpr float kZeros[kLanes] = {};
  for (const std::int64_t place : places) {
    std::memcpy(target, place == kOutside ? kZeros : source + place * static_cast<std::int64_t>(kLanes),
                sizeof kZeros);
    target += kLanes;
  }
}

}  // namespace

Span TapGeometry::taps(std::size_t axis, std::int64_t n) const {
  const std::int64_t first = n * stride[axis] - kernel[axis] / 2;
  return {std::max<std::int64_t>(0, -first), std::min(kernel[axis], in[axis] - first)};
}

Span TapGeometry::inputs(std::size_t axis, const Span& outputs) const {
  const std::int64_t begin = outputs.begin * stride[axis] - kernel[axis] / 2;
  const std::int64_t end = (outputs.end - 1) * stride[axis] - kernel[axis] / 2 + kernel[axis];
  return {std::max<std::int64_t>(0, begin), std::min(in[axis], end)};
}

RowInputs::RowInputs(const TapGeometry& geometry, const OutputBox& box)
    : geometry_(geometry),
      planes_(geometry.inputs(0, box.d)),
      rows_(geometry.inputs(1, box.h)),
      phases_(std::min(geometry.stride[2], geometry.kernel[2])),
      phase_voxels_(geometry.out[2] + (geometry.kernel[2] - 1) / geometry.stride[2]),
      row_floats_(phases_ * phase_voxels_ * geometry.lanes) {
  for (std::int64_t d = box.d.begin; d < box.d.end; ++d)
    for (std::int64_t h = box.h.begin; h < box.h.end; ++h) runs_.push_back(run_at(d, h));
}

OutputRun RowInputs::run_at(std::int64_t d, std::int64_t h) {
  const Size3 &kernel = geometry_.kernel, &stride = geometry_.stride, &out = geometry_.out;
  const Span along_d = geometry_.taps(0, d), along_h = geometry_.taps(1, h);
  const std::int64_t plane = d * stride[0] - kernel[0] / 2 + along_d.begin - planes_.begin;
  const std::int64_t row = h * stride[1] - kernel[1] / 2 + along_h.begin - rows_.begin;
  const auto same = [&](const TapList& list) { return list.d == along_d && list.h == along_h; };
  const auto found = std::find_if(lists_.begin(), lists_.end(), same);
  const auto number = static_cast<std::size_t>(found - lists_.begin());
  if (found == lists_.end()) add_list(along_d, along_h);
  return {(d * out[1] + h) * out[2], out[2], (plane * rows_.size() + row) * row_floats_, number};
}

void RowInputs::add_list(const Span& along_d, const Span& along_h) {
  const Size3 &kernel = geometry_.kernel, &stride = geometry_.stride;
  TapList list{along_d, along_h, {}};
  list.taps.reserve(static_cast<std::size_t>(along_d.size() * along_h.size() * kernel[2]));
  for (std::int64_t a = along_d.begin; a < along_d.end; ++a) {
    for (std::int64_t b = along_h.begin; b < along_h.end; ++b) {
      const std::int64_t row = ((a - along_d.begin) * rows_.size() + b - along_h.begin) * row_floats_;
      for (std::int64_t c = 0; c < kernel[2]; c += geometry_.joined) {
        const std::int64_t within = (c % stride[2] * phase_voxels_ + c / stride[2]) * geometry_.lanes;
        list.taps.push_back({row + within, ((a * kernel[1] + b) * kernel[2] + c) / geometry_.joined});
      }
    }
  }
  lists_.push_back(std::move(list));
}

void RowInputs::copy_block(const BlockSource& source, float* target) const {
  const std::int64_t width = geometry_.in[2] * geometry_.lanes;
  for (std::int64_t d = planes_.begin; d < planes_.end; ++d) {
    for (std::int64_t h = rows_.begin; h < rows_.end; ++h, target += row_floats_)
      copy_row(source.maps + ((d - source.first_plane) * geometry_.in[1] + h) * width, target);
  }
}

void RowInputs::copy_row(const float* source, float* target) const {
  const std::int64_t stride = geometry_.stride[2], lanes = geometry_.lanes;
  for (std::int64_t phase = 0; phase < phases_; ++phase, target += phase_voxels_ * lanes) {
    const std::int64_t shift = phase - geometry_.kernel[2] / 2;  // copied voxel n is input n * stride + shift
    const std::int64_t begin = std::min(phase_voxels_, shift < 0 ? ceil_div(-shift, stride) : 0);
    const std::int64_t end = std::clamp(ceil_div(geometry_.in[2] - shift, stride), begin, phase_voxels_);
    std::fill_n(target, begin * lanes, 0.0f);
    std::fill_n(target + end * lanes, (phase_voxels_ - end) * lanes, 0.0f);
    const float* first = source + (begin * stride + shift) * lanes;
    if (stride == 1)
      std::copy_n(first, (end - begin) * lanes, target + begin * lanes);
    else if (lanes == 1)
      copy_spaced<1>(first, stride, end - begin, target + begin);
    else if (lanes == 8)
      copy_spaced<8>(first, stride * 8, end - begin, target + begin * 8);
    else
      copy_spaced<16>(first, stride * 16, end - begin, target + begin * 16);
  }
}

VoxelInputs::VoxelInputs(const TapGeometry& geometry, const OutputBox& box) : geometry_(geometry) {
  const std::int64_t voxels = box.d.size() * box.h.size() * geometry.out[2];
  std::int64_t number = 0;
  for (std::int64_t a = 0; a < geometry.kernel[0]; ++a)
    for (std::int64_t b = 0; b < geometry.kernel[1]; ++b)
      for (std::int64_t c = 0; c < geometry.kernel[2]; ++c, ++number) {
        const auto copied = static_cast<std::int64_t>(places_.size());
        if (add_places(box, {a, b, c})) taps_.push_back({copied * geometry.lanes, number});
      }
  runs_.push_back({(box.d.begin * geometry.out[1] + box.h.begin) * geometry.out[2], voxels, 0, 0});
}

bool VoxelInputs::add_places(const OutputBox& box, const Size3& tap) {
  const std::size_t before = places_.size();
  const Size3 &in = geometry_.in, &stride = geometry_.stride, &kernel = geometry_.kernel;
  bool any = false;
  for (std::int64_t d = box.d.begin; d < box.d.end; ++d)
    for (std::int64_t h = box.h.begin; h < box.h.end; ++h)
      for (std::int64_t w = 0; w < geometry_.out[2]; ++w) {
        const Size3 at{d * stride[0] - kernel[0] / 2 + tap[0], h * stride[1] - kernel[1] / 2 + tap[1],
                       w * stride[2] - kernel[2] / 2 + tap[2]};
        bool inside = true;
        for (std::size_t axis = 0; axis < 3; ++axis) inside = inside && at[axis] >= 0 && at[axis] < in[axis];
        places_.push_back(inside ? (at[0] * in[1] + at[1]) * in[2] + at[2] : kOutside);
        any = any || inside;
      }
  if (!any) places_.resize(before);
  return any;
}

void VoxelInputs::copy_block(const BlockSource& source, float* target) const {
  const float* origin =
      source.maps - source.first_plane * geometry_.in[1] * geometry_.in[2] * geometry_.lanes;
  if (geometry_.lanes == 1)
    copy_places<1>(origin, places_, target);
  else if (geometry_.lanes == 8)
    copy_places<8>(origin, places_, target);
  else
    copy_places<16>(origin, places_, target);
}

}  // namespace hepar::cpu
