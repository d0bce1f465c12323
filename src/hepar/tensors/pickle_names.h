// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace hepar {

// Throws Error(kUnsupported) when a pickle names something that could run commands, open files or load code:
// anything of os, sys, subprocess and the like, and all of builtins but plain data types. Naming suffices.
void check_pickle_name(std::string_view name, const std::string& file);

// Throws Error(kUnsupported) when a pickle would call `name` and that is no class which checkpoints are known
// to hold.
void check_pickle_call(std::string_view name, const std::string& file);

}  // namespace hepar
