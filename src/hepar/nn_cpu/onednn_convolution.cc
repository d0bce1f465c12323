// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/onednn_convolution.h"

#include <omp.h>

#include <algorithm>
#include <oneapi/dnnl/dnnl.hpp>
#include <string_view>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/instruction_set.h"

namespace hepar::cpu {
namespace {
using dnnl::convolution_forward;
using dnnl::memory;
using Tag = memory::format_tag;

memory::desc floats(const memory::dims& dims, Tag tag) { return {dims, memory::data_type::f32, tag}; }

Tag tag_of(std::int64_t block) {
  return block == 16 ? Tag::nCdhw16c : block == 8 ? Tag::nCdhw8c : Tag::ncdhw;
}

convolution_forward::desc describe(const ConvolutionShape& shape, bool plain) {
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
          floats(in, tag_of(plain ? 1 : channel_block())),
          floats(kernel, Tag::any),
          floats({shape.out_channels}, Tag::x),
          floats(result, tag_of(channel_block())),
          {shape.stride.begin(), shape.stride.end()},
          before,
          after};
}

class OneDnnConvolution : public Convolution {
 public:
  OneDnnConvolution(const convolution_forward::primitive_desc& description, const ConvolutionShape& shape,
                    const ConvolutionWeights& weights)
      : engine_(description.get_engine()),
        primitive_(description),
        in_(description.src_desc(), engine_, nullptr),
        out_(description.dst_desc(), engine_, nullptr),
        weight_(description.weights_desc(), engine_),
        bias_(description.bias_desc(), engine_) {
    const memory::dims dims{shape.out_channels, shape.in_channels, shape.kernel[0], shape.kernel[1],
                            shape.kernel[2]};
    memory unordered(floats(dims, Tag::oidhw), engine_,
                     const_cast<float*>(weights.weight.data()));  // only read
    dnnl::stream stream(engine_);
    dnnl::reorder(unordered, weight_).execute(stream, unordered, weight_);
    stream.wait();
    std::copy(weights.bias.begin(), weights.bias.end(), static_cast<float*>(bias_.get_data_handle()));
  }

  void run(std::span<const MapsPart> in, float* out, const PlaneRange& planes, double*) const override {
    HEPAR_EXPECT(in.size() == 1 && planes.begin == 0 && planes.end == out_.get_desc().dims()[2],
                 "oneDNN takes one part and all planes");
    memory source(in_.get_desc(), engine_, const_cast<float*>(in[0].maps));  // only read
    memory target(out_.get_desc(), engine_, out);
    dnnl::stream stream(engine_);
    // OpenMP keeps this number per calling thread.
    omp_set_num_threads(thread_count());
    primitive_.execute(stream, {{DNNL_ARG_SRC, source},
                                {DNNL_ARG_WEIGHTS, weight_},
                                {DNNL_ARG_BIAS, bias_},
                                {DNNL_ARG_DST, target}});
    stream.wait();
  }

 private:
  dnnl::engine engine_;
  convolution_forward primitive_;
  memory in_, out_, weight_, bias_;
};

}  // namespace

std::unique_ptr<Convolution> make_onednn_convolution(const ConvolutionShape& shape,
                                                     const ConvolutionWeights& weights, bool plain) {
  omp_set_num_threads(thread_count());  // oneDNN plans for the number it finds
  try {
    const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    const convolution_forward::primitive_desc description(describe(shape, plain), engine, true);
    if (!description || std::string_view(description.impl_info_str()).starts_with("ref")) return {};
    return std::make_unique<OneDnnConvolution>(description, shape, weights);
  } catch (const dnnl::error& error) {
    const bool memory = error.status == dnnl_out_of_memory;
    throw Error(memory ? ErrorCode::kExhausted : ErrorCode::kInternal,
                std::string("oneDNN can't set up a convolution: ") + error.what());
  }
}

}  // namespace hepar::cpu
