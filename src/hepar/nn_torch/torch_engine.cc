// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_torch/torch_engine.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/nn_torch/torch_network_engine.h"

namespace hepar {
namespace {

// LibTorch's errors in Hepar's words: Error(kExhausted) for memory, Error(kUnsupported) for all else.
template <class Action>
auto in_libtorch(const Action& action) {
  try {
    return action();
  } catch (const c10::Error& error) {
    if (is_out_of_memory(error)) {
      throw Error(
          ErrorCode::kExhausted,
          "the device's memory does not hold the network and one patch; close other programs on it or "
          "run with --device cpu");
    }
    const std::string_view text = error.what_without_backtrace();
    throw Error(ErrorCode::kUnsupported, fmt::format("LibTorch can't run the network here ({}); run it with "
                                                     "--device cpu, which needs no LibTorch",
                                                     text.substr(0, text.find('\n'))));
  }
}

// Nothing when the device has no memory for so many.
std::optional<at::Tensor> try_forward(const at::Tensor& samples, const BatchForward& forward) {
  try {
    return in_libtorch([&] { return forward(samples); });
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kExhausted || samples.size(0) == 1) throw;
    return std::nullopt;
  }
}

class TorchEngine : public Engine {
 public:
  TorchEngine(std::shared_ptr<const TorchNetwork> network, std::int64_t most_samples)
      : network_(std::move(network)), samples_(network_->device().is_cpu() ? 1 : most_samples) {
    HEPAR_EXPECT(most_samples >= 1, "a batch has at least one sample");
  }

  std::int64_t preferred_samples() const override { return samples_; }

  Tensor run(const Tensor& input) override {
    check_input(network_->spec(), input.shape);
    at::set_num_threads(thread_count());
    const at::NoGradGuard no_gradients;
    const TensorShape& s = input.shape;
    const at::Tensor view = at::from_blob(const_cast<float*>(input.values.data()), {s.n, s.c, s.d, s.h, s.w});
    const at::Tensor logits = forward_in_batches(
        view, samples_, [&](const at::Tensor& samples) { return network_->forward(samples).front().cpu(); });
    Tensor result({s.n, network_->spec().heads, s.d, s.h, s.w});
    const at::Tensor flat = logits.contiguous();
    std::copy_n(flat.data_ptr<float>(), flat.numel(), result.values.begin());
    return result;
  }

 private:
  std::shared_ptr<const TorchNetwork> network_;
  std::int64_t samples_;
};

at::Device usable_device(const TorchEngineOptions& options) {
  if (options.device == "cpu") {
    if (options.half)
      throw Error(ErrorCode::kUnsupported, "LibTorch has no float16 on the processor; use float32 there");
    return at::kCPU;
  }
  if (options.device != "cuda") {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} is no device; there are cpu and cuda", options.device));
  }
  if (!at::hasCUDA()) {
    throw Error(ErrorCode::kUnsupported,
                "there is no GPU that this LibTorch can use; check the driver and that Hepar was built with "
                "a LibTorch for CUDA, or run with --device cpu");
  }
  return {at::kCUDA, 0};
}

}  // namespace

bool is_out_of_memory(const c10::Error& error) {
  const std::string_view text = error.what_without_backtrace();
  return text.find("out of memory") != text.npos ||          // CUDA
         text.find("can't allocate memory") != text.npos ||  // the host
         text.find("not enough memory") != text.npos;        // the host, other systems
}

at::Tensor forward_in_batches(const at::Tensor& input, std::int64_t& samples, const BatchForward& forward) {
  std::vector<at::Tensor> outputs;
  for (std::int64_t done = 0; done < input.size(0);) {
    const std::int64_t count = std::min(samples, input.size(0) - done);
    std::optional<at::Tensor> output = try_forward(input.slice(0, done, done + count), forward);
    if (!output) {
      samples = count / 2;
      continue;
    }
    outputs.push_back(std::move(*output));
    done += count;
  }
  return at::cat(outputs, 0);
}

std::unique_ptr<Engine> engine_of(const TorchNetwork& network, std::int64_t most_samples) {
  // An alias without an owner.
  return std::make_unique<TorchEngine>(std::shared_ptr<const TorchNetwork>(std::shared_ptr<void>(), &network),
                                       most_samples);
}

std::unique_ptr<Engine> make_torch_engine(const NetworkSpec& spec, const Weights& weights,
                                          const TorchEngineOptions& options) {
  const at::Device device = usable_device(options);
  const auto network = std::make_shared<TorchNetwork>(spec, weights);
  // LibTorch rounds factors of float32 convolutions to 10 bits (TF32) unless told otherwise.
  if (device.is_cuda() && !options.half) at::globalContext().setAllowTF32CuDNN(false);
  if (options.half) network->set_precision(Precision::kFloat16);
  in_libtorch([&] { network->move_to(device); });
  return std::make_unique<TorchEngine>(network, options.most_samples);
}

}  // namespace hepar
