// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/communicator.h"

#include <fmt/format.h>
#include <torch/csrc/autograd/custom_function.h>

#ifdef HEPAR_WITH_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#endif

#include <chrono>

#include "hepar/core/error.h"

namespace hepar {
namespace {

class SingleProcess final : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void sum(at::Tensor&) override {}
  void broadcast(at::Tensor&) override {}
};

#ifdef HEPAR_WITH_GLOO
constexpr std::chrono::minutes kPatience{10};  // for the slowest process, a validation included

// Gloo adds up on the host. That its ring gives all processes equal bits is what keeps their weights equal.
class GlooProcesses final : public Communicator {
 public:
  explicit GlooProcesses(const ProcessGroup& group) : group_(group) {
    c10d::TCPStoreOptions meeting;
    meeting.port = static_cast<std::uint16_t>(group.port);
    meeting.isServer = group.rank == 0;
    meeting.numWorkers = static_cast<std::size_t>(group.size);
    meeting.timeout = kPatience;
    guard([&] {
      auto store = c10::make_intrusive<c10d::TCPStore>(group.host, meeting);
      auto options = c10d::ProcessGroupGloo::Options::create(kPatience);
      const bool one_machine = group.host == "127.0.0.1" || group.host == "localhost";
      options->devices.push_back(one_machine ? c10d::ProcessGroupGloo::createDeviceForHostname(group.host)
                                             : c10d::ProcessGroupGloo::createDefaultDevice());
      processes_ = c10::make_intrusive<c10d::ProcessGroupGloo>(store, group.rank, group.size, options);
    });
  }
  int rank() const override { return group_.rank; }
  int size() const override { return group_.size; }
  void sum(at::Tensor& tensor) override {
    exchange(tensor, [&](std::vector<at::Tensor>& tensors) { processes_->allreduce(tensors)->wait(); });
  }
  void broadcast(at::Tensor& tensor) override {
    exchange(tensor, [&](std::vector<at::Tensor>& tensors) { processes_->broadcast(tensors)->wait(); });
  }

 private:
  template <class Action>
  void guard(const Action& action) {
    try {
      action();
    } catch (const std::exception& error) {
      const std::string reason(error.what());
      throw Error(ErrorCode::kExhausted,
                  fmt::format("process {} of {} lost the others at {} port {}: {}; start all of them again "
                              "with --resume",
                              group_.rank, group_.size, group_.host, group_.port,
                              reason.substr(0, reason.find('\n'))));
    }
  }
  template <class Action>
  void exchange(at::Tensor& tensor, const Action& action) {
    guard([&] {
      std::vector<at::Tensor> on_host{tensor.detach().cpu().contiguous()};
      action(on_host);
      const at::NoGradGuard no_gradients;
      tensor.copy_(on_host.front());
    });
  }

  ProcessGroup group_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> processes_;
};
#endif

// Each process's sum depends on all processes' tensors, and all losses on the same sums: the gradient of the
// losses' mean by one process's tensor is that of one loss by the sum; averaging divides by the count once
// more.
struct SumOverProcesses : torch::autograd::Function<SumOverProcesses> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& tensor,
                            Communicator* processes) {
    context->saved_data["size"] = static_cast<std::int64_t>(processes->size());
    at::Tensor sum = tensor.clone();
    processes->sum(sum);
    return sum;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    return {gradients[0] * context->saved_data["size"].toInt(), at::Tensor()};
  }
};

}  // namespace

std::unique_ptr<Communicator> make_single_process() { return std::make_unique<SingleProcess>(); }

std::unique_ptr<Communicator> join(const ProcessGroup& group) {
  if (group.size == 1) return make_single_process();
#ifdef HEPAR_WITH_GLOO
  return std::make_unique<GlooProcesses>(group);
#else
  throw Error(ErrorCode::kUnsupported,
              fmt::format("this hepar-train was built without Gloo's headers and runs as one process, not as "
                          "{}; install libgloo-dev and build it again",
                          group.size));
#endif
}

at::Tensor sum_over_processes(const at::Tensor& tensor, Communicator& processes) {
  if (processes.size() == 1) return tensor;
  return SumOverProcesses::apply(tensor, &processes);
}

}  // namespace hepar
