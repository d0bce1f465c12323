// SPDX-License-Identifier: Apache-2.0
#include <oneapi/dnnl/dnnl.hpp>
#include <string_view>

#include "hepar/core/error.h"
#include "hepar/nn_cpu/layers.h"

namespace hepar::cpu {
namespace {
using dnnl::convolution_forward;
using dnnl::memory;
using Tag = memory::format_tag;

memory::desc floats(const memory::dims& dims, Tag tag) { return {dims, memory::data_type::f32, tag}; }

Tag tag_of(std::int64_t block) {
  return block == 16 ? Tag::nCdhw16c : block == 8 ? Tag::nCdhw8c : Tag::ncdhw;
}

convolution_forward::desc describe(const LayerShape& shape) {
  const Size3 out = shape.out();
  memory::dims kernel{shape.out_channels, shape.in_channels}, in{1, shape.in_channels},
      result{1, shape.out_channels};
  memory::dims before, after;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    kernel.push_back(shape.kernel[axis]);
    in.push_back(shape.in[axis]);
    result.push_back(out[axis]);
    before.push_back(shape.kernel[axis] / 2);
    // What is needed to reach the last output; less than (k - 1) / 2 where the stride leaves a rest.
    after.push_back((out[axis] - 1) * shape.stride[axis] + shape.kernel[axis] - shape.in[axis] -
                    before[axis]);
  }
  return {dnnl::prop_kind::forward_inference,
          dnnl::algorithm::convolution_direct,
          floats(in, tag_of(shape.in_block)),
          floats(kernel, Tag::any),
          floats({shape.out_channels}, Tag::x),
          floats(result, tag_of(shape.out_block)),
          {shape.stride.begin(), shape.stride.end()},
          before,
          after};
}

class OneDnnConvolution {
 public:
  OneDnnConvolution(const convolution_forward::primitive_desc& description, const LayerShape& shape,
                    const SpreadLayer& layer)
      : engine_(description.get_engine()),
        stream_(engine_),
        primitive_(description),
        in_(description.src_desc(), engine_, nullptr),
        out_(description.dst_desc(), engine_, nullptr),
        weight_(description.weights_desc(), engine_),
        bias_(description.bias_desc(), engine_) {
    const memory::dims dims{shape.out_channels, shape.in_channels, shape.kernel[0], shape.kernel[1],
                            shape.kernel[2]};
    memory plain(floats(dims, Tag::oidhw), engine_, const_cast<float*>(layer.weight.data()));  // only read
    dnnl::reorder(plain, weight_).execute(stream_, plain, weight_);
    stream_.wait();
    std::copy(layer.bias.begin(), layer.bias.end(), static_cast<float*>(bias_.get_data_handle()));
  }

  void run(const float* in, float* out) {
    in_.set_data_handle(const_cast<float*>(in));  // only read
    out_.set_data_handle(out);
    primitive_.execute(
        stream_,
        {{DNNL_ARG_SRC, in_}, {DNNL_ARG_WEIGHTS, weight_}, {DNNL_ARG_BIAS, bias_}, {DNNL_ARG_DST, out_}});
    stream_.wait();
  }

 private:
  dnnl::engine engine_;
  dnnl::stream stream_;
  convolution_forward primitive_;
  memory in_, out_, weight_, bias_;
};

}  // namespace

Layer make_onednn_convolution(const LayerShape& shape, const SpreadLayer& layer) {
  try {
    const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    const convolution_forward::primitive_desc description(describe(shape), engine, true);
    if (!description || std::string_view(description.impl_info_str()).starts_with("ref")) return {};
    const auto target = std::make_shared<OneDnnConvolution>(description, shape, layer);
    return [target](const float* in, float* out) { target->run(in, out); };
  } catch (const dnnl::error& error) {
    const bool memory = error.status == dnnl_out_of_memory;
    throw Error(memory ? ErrorCode::kExhausted : ErrorCode::kInternal,
                std::string("oneDNN can't set up a convolution: ") + error.what());
  }
}

}  // namespace hepar::cpu
