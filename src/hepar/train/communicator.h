// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

#include <memory>

#include "hepar/train/process_group.h"

namespace hepar {

// The processes of one data-parallel training. Every process calls the same functions in the same order;
// a process that stops answering is Error(kExhausted) in the others. Private to this module.
class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual int rank() const = 0;  // 0 is the one that writes files
  virtual int size() const = 0;
  // Adds up the tensor of all processes, in place and in the same order everywhere: equal bits in all.
  virtual void sum(at::Tensor& tensor) = 0;
  // Copies rank 0's tensor to all.
  virtual void broadcast(at::Tensor& tensor) = 0;
};

// One process alone.
std::unique_ptr<Communicator> make_single_process();
// Waits until all processes of the group are there. They add up on their hosts (Gloo over TCP), whatever
// device they compute on.
std::unique_ptr<Communicator> join(const ProcessGroup& group);

// The sum over all processes, differentiable: for a loss that every process computes from these sums and
// whose gradients are then averaged over the processes.
at::Tensor sum_over_processes(const at::Tensor& tensor, Communicator& processes);

}  // namespace hepar
