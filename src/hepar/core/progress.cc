// SPDX-License-Identifier: Apache-2.0
#include "hepar/core/progress.h"

#include <string>

#include "hepar/core/error.h"

namespace hepar {

void report(Progress* progress, std::string_view stage, double done) {
  if (progress == nullptr) return;
  progress->update(stage, done);
  if (progress->cancelled())
    throw Error(ErrorCode::kCancelled, "stopped on request during " + std::string(stage));
}

}  // namespace hepar
