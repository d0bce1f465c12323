// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <barrier>
#include <functional>
#include <stdexcept>
#include <thread>

#include "hepar/train/communicator.h"

namespace hepar::testing {

// Two processes that are two threads of this one: task(rank, communicator) runs in both. A task must not
// throw, as the other would wait for it for ever.
inline void run_two_processes(const std::function<void(int, Communicator&)>& task) {
  std::barrier<> all_there(2);
  std::array<at::Tensor, 2> tensors;
  class Process final : public Communicator {
   public:
    Process(int rank, std::barrier<>& barrier, std::array<at::Tensor, 2>& tensors)
        : rank_(rank), barrier_(barrier), tensors_(tensors) {}
    int rank() const override { return rank_; }
    int size() const override { return 2; }
    void sum(at::Tensor& tensor) override {
      exchange(tensor, [&] { return tensors_[0] + tensors_[1]; });
    }
    void broadcast(at::Tensor& tensor) override {
      exchange(tensor, [&] { return tensors_[0].clone(); });
    }

   private:
    void exchange(at::Tensor& tensor, const std::function<at::Tensor()>& result) {
      const at::NoGradGuard no_gradients;
      tensors_[static_cast<std::size_t>(rank_)] = tensor;
      barrier_.arrive_and_wait();
      const at::Tensor value = result();
      barrier_.arrive_and_wait();
      tensor.copy_(value);
    }
    int rank_;
    std::barrier<>& barrier_;
    std::array<at::Tensor, 2>& tensors_;
  };
  const auto run = [&](int rank) {
    Process process(rank, all_there, tensors);
    task(rank, process);
  };
  std::thread second(run, 1);
  run(0);
  second.join();
}

}  // namespace hepar::testing
