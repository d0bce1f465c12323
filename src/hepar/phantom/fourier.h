// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <complex>
#include <cstddef>
#include <span>

namespace hepar::phantom {

// Replaces a square image of n x n values, n a power of two, by its Fourier sum with exp(+2 pi i ...), not
// scaled. Radix 2: Cooley & Tukey, Math. Comp. 19:297, 1965.
void transform_square(std::span<std::complex<float>> image, std::size_t n);

}  // namespace hepar::phantom
