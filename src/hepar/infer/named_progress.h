// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "hepar/core/progress.h"

namespace hepar {

// Reports the stages of a part as "NAME: STAGE".
class NamedProgress {
 public:
  NamedProgress(Progress* progress, std::string name) : stages_(progress, std::move(name)) {}
  // Nothing when there is nobody to report to.
  Progress* get() const { return stages_.progress == nullptr ? nullptr : &stages_; }

 private:
  struct Stages final : Progress {
    Stages(Progress* told, std::string part) : progress(told), name(std::move(part)) {}
    void update(std::string_view stage, double done) override {
      progress->update(std::string(name).append(": ").append(stage), done);
    }
    bool cancelled() const override { return progress->cancelled(); }
    Progress* progress;
    std::string name;
  };
  mutable Stages stages_;
};

}  // namespace hepar
