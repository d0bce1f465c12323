// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace hepar {

// Which of how many processes this one is, and where they meet. Alone: size 1.
struct ProcessGroup {
  int rank = 0, size = 1;
  int local_rank = 0;              // among those on its machine
  std::string host = "127.0.0.1";  // of rank 0
  int port = 29500;
};

// From what mpirun, srun or torchrun leave in the environment (OMPI_COMM_WORLD_*, PMI_*, SLURM_*, RANK and
// WORLD_SIZE; MASTER_ADDR and MASTER_PORT). Alone where there is nothing. Error(kInvalidInput) names a
// variable that is no number.
ProcessGroup process_group_of_environment();

}  // namespace hepar
