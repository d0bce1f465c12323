// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/communicator.h"

#include <torch/csrc/autograd/custom_function.h>

namespace hepar {
namespace {

class SingleProcess final : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void sum(at::Tensor&) override {}
  void broadcast(at::Tensor&) override {}
};

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

at::Tensor sum_over_processes(const at::Tensor& tensor, Communicator& processes) {
  if (processes.size() == 1) return tensor;
  return SumOverProcesses::apply(tensor, &processes);
}

}  // namespace hepar
