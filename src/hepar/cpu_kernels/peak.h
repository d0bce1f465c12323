// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace hepar::cpu {

// 1e9 float32 operations in a second, a multiply-add as two: what thread_count() threads reach together in
// registers alone with instruction_set(). The best of some short rounds, for other programs can only slow
// them; takes some tenths of a second.
double measured_peak_gflops();

}  // namespace hepar::cpu
