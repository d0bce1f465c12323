// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/process_group.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "hepar/core/error.h"

namespace hepar {
namespace {

std::optional<int> number_of(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return {};
  const std::string_view value(text);
  int number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < 0) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the environment's {} is '{}', no number; unset it or start the processes by "
                            "mpirun, srun or with RANK and WORLD_SIZE",
                            name, value));
  }
  return number;
}

struct Launcher {
  const char* rank;
  const char* size;
};

}  // namespace

ProcessGroup process_group_of_environment() {
  ProcessGroup group;
  for (const Launcher& launcher :
       {Launcher{"RANK", "WORLD_SIZE"}, Launcher{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
        Launcher{"PMI_RANK", "PMI_SIZE"}, Launcher{"SLURM_PROCID", "SLURM_NTASKS"}}) {
    const auto rank = number_of(launcher.rank);
    const auto size = number_of(launcher.size);
    if (!rank || !size) continue;
    if (*rank >= *size) {
      throw Error(ErrorCode::kInvalidInput, fmt::format("{} is {} of {} {}; it counts from 0", launcher.rank,
                                                        *rank, launcher.size, *size));
    }
    group.rank = *rank;
    group.size = *size;
    break;
  }
  for (const char* name : {"LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID"}) {
    if (const auto local_rank = number_of(name)) {
      group.local_rank = *local_rank;
      break;
    }
  }
  if (const char* host = std::getenv("MASTER_ADDR")) group.host = host;
  if (const auto port = number_of("MASTER_PORT")) group.port = *port;
  if (group.port < 1 || group.port > 65535) {
    throw Error(ErrorCode::kInvalidInput, fmt::format("MASTER_PORT is {}; give 1 to 65535", group.port));
  }
  return group;
}

}  // namespace hepar
