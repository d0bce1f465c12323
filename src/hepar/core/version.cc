// SPDX-License-Identifier: Apache-2.0
#include "hepar/core/version.h"

namespace hepar {

std::string_view version() { return HEPAR_VERSION; }

}  // namespace hepar
