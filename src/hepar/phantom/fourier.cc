// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/fourier.h"

#include <cmath>
#include <vector>

namespace hepar::phantom {
namespace {

using Complex = std::complex<float>;

void transform(Complex* values, std::size_t count, const std::vector<Complex>& roots) {
  for (std::size_t i = 1, j = 0; i < count; ++i) {
    std::size_t bit = count >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(values[i], values[j]);
  }
  for (std::size_t length = 2; length <= count; length <<= 1)
    for (std::size_t start = 0; start < count; start += length)
      for (std::size_t k = 0; k < length / 2; ++k) {
        Complex& a = values[start + k];
        Complex& b = values[start + k + length / 2];
        const Complex w = roots[k * (count / length)];
        const Complex turned(w.real() * b.real() - w.imag() * b.imag(),
                             w.real() * b.imag() + w.imag() * b.real());
        b = a - turned;
        a += turned;
      }
}

}  // namespace

void transform_square(std::span<Complex> image, std::size_t n) {
  constexpr double kPi = 3.14159265358979323846;
  std::vector<Complex> roots(n / 2), line(n);
  for (std::size_t k = 0; k < roots.size(); ++k) {
    const double angle = 2 * kPi * static_cast<double>(k) / static_cast<double>(n);
    roots[k] = Complex(static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle)));
  }
  for (std::size_t row = 0; row < n; ++row) transform(&image[row * n], n, roots);
  for (std::size_t column = 0; column < n; ++column) {
    for (std::size_t row = 0; row < n; ++row) line[row] = image[row * n + column];
    transform(line.data(), n, roots);
    for (std::size_t row = 0; row < n; ++row) image[row * n + column] = line[row];
  }
}

}  // namespace hepar::phantom
