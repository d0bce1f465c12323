// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/cpu_engine.h"

#include <mutex>
#include <new>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/blocked_maps.h"
#include "hepar/nn/model_folder.h"
#include "hepar/nn_cpu/network_plan.h"
#include "hepar/nn_cpu/tuning_table.h"

namespace hepar {

class CpuWorkspace {
 public:
  std::mutex& mutex() { return mutex_; }
  // At least `count` floats; what was there before is lost when they have to grow.
  float* reserve(std::int64_t count) {
    if (count_ < count) {
      count_ = 0;
      values_.reset();  // first, so that two never need memory together
      values_ = cpu::make_aligned(count);
      count_ = count;
    }
    return values_.get();
  }

 private:
  std::mutex mutex_;
  cpu::AlignedFloats values_;
  std::int64_t count_ = 0;
};

namespace {

class PlannedEngine : public CpuEngine {
 public:
  PlannedEngine(const NetworkSpec& spec, Weights weights, CpuEngineOptions options)
      : spec_(spec), weights_(std::move(weights)), options_(std::move(options)) {
    check_weights(spec_, weights_);
    add_zero_biases(spec_, weights_);
  }

  Tensor run(const Tensor& input) override {
    Tensor logits;
    visit_samples(input, logits, [&](const cpu::RunMemory& memory) { plan_->run(memory); });
    return logits;
  }

  std::vector<LayerProfile> profile(const Tensor& input) override {
    Tensor logits;
    std::vector<LayerProfile> layers;
    visit_samples(input, logits, [&](const cpu::RunMemory& memory) {
      for (LayerProfile& layer : plan_->profile(memory)) layers.push_back(std::move(layer));
    });
    return layers;
  }

 private:
  template <class Visit>
  void visit_samples(const Tensor& input, Tensor& logits, const Visit& visit) {
    check_input(spec_, input.shape);
    try {
      run_samples(input, logits, visit);
    } catch (const std::bad_alloc&) {
      throw Error(ErrorCode::kExhausted,
                  "no memory for the network's maps; use a model with smaller patches");
    }
  }

  template <class Visit>
  void run_samples(const Tensor& input, Tensor& logits, const Visit& visit) {
    TensorShape shape = input.shape;
    shape.c = spec_.heads;
    logits = Tensor(shape);
    const std::lock_guard lock(options_.workspace->mutex());
    prepare(input.shape);
    float* work = options_.workspace->reserve(plan_->work_count());
    for (std::int64_t n = 0; n < shape.n; ++n) {
      visit({work, input.values.data() + n * input.shape.c * shape.voxels(),
             logits.values.data() + n * shape.c * shape.voxels()});
    }
  }

  void prepare(TensorShape shape) {
    shape.n = 1;
    // oneDNN plans for a number of threads.
    const int threads = options_.algorithms == CpuAlgorithms::kOneDnn ? thread_count() : 0;
    if (plan_ && shape == planned_shape_ && threads == planned_threads_) return;
    plan_.reset();  // first, so that two plans never need memory together
    plan_ = std::make_unique<cpu::NetworkPlan>(spec_, weights_, shape, options_);
    cpu::tuning_table(options_.tuning_file).save();
    planned_shape_ = shape;
    planned_threads_ = threads;
  }

  NetworkSpec spec_;
  Weights weights_;
  CpuEngineOptions options_;
  std::unique_ptr<cpu::NetworkPlan> plan_;
  TensorShape planned_shape_;
  int planned_threads_ = 0;
};

}  // namespace

std::shared_ptr<CpuWorkspace> make_cpu_workspace() { return std::make_shared<CpuWorkspace>(); }

std::unique_ptr<CpuEngine> make_cpu_engine(const NetworkSpec& spec, Weights weights,
                                           CpuEngineOptions options) {
  if (!options.workspace) options.workspace = make_cpu_workspace();
  return std::make_unique<PlannedEngine>(spec, std::move(weights), std::move(options));
}

}  // namespace hepar
