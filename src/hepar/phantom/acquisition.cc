// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/acquisition.h"

#include <algorithm>
#include <cmath>
#include <complex>

#include "hepar/phantom/fourier.h"

namespace hepar::phantom {
namespace {

constexpr double kProfileFwhmMm = 0.8;
constexpr double kFwhmPerSigma = 2.3548200450309493;
using Complex = std::complex<float>;

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

double noise_power(double f, double fc) { return f * std::exp(-(f / fc) * (f / fc)); }

}  // namespace

Scan draw_scan(Random random, const PhantomOptions& options, double half_width_mm, double low_z,
               double high_z) {
  Scan scan;
  const bool full = options.size == PhantomSize::kFull;
  scan.pixels = full ? 512 : 128;
  // One scan in ten cuts the body's sides off.
  const double view =
      2 * half_width_mm * (random.chance(0.1) ? random.uniform(0.95, 1.0) : random.uniform(1.05, 1.2));
  scan.pixel_mm = std::clamp(view, 333.0, 435.0) / static_cast<double>(scan.pixels);
  PhantomAcquisition& facts = scan.facts;
  facts.slice_thickness_mm = full ? random.uniform(1, 5) : random.uniform(2.5, 5);
  if (options.slice_thickness_mm) facts.slice_thickness_mm = *options.slice_thickness_mm;
  scan.spacing_mm = std::max(facts.slice_thickness_mm * random.uniform(0.5, 1.0), full ? 0.8 : 2.5);
  facts.psf_sigma_mm = random.uniform(0.45, 0.9);
  facts.nps_cutoff_per_mm = random.uniform(0.22, 0.42);
  // Quantum noise falls with the root of the thickness; small phantoms stand for scans of 5 mm.
  facts.noise_sd_hu =
      full ? random.uniform(8, 14) * std::sqrt(5 / facts.slice_thickness_mm) : random.uniform(10, 19);
  facts.noise_sd_hu = options.noise_sd_hu.value_or(std::min(facts.noise_sd_hu, 28.0));
  scan.slices = static_cast<std::int64_t>((high_z - low_z) / scan.spacing_mm) + 1;
  scan.low_z = low_z;
  scan.substeps = scan.spacing_mm > (full ? 1.3 : 3.2) ? 3 : 1;
  scan.circle = random.chance(0.3);
  return scan;
}

std::vector<double> slice_profile(double thickness_mm, double step_mm) {
  const double sigma = kProfileFwhmMm / kFwhmPerSigma;
  const auto reach = static_cast<std::int64_t>((thickness_mm / 2 + 2 * sigma) / step_mm);
  std::vector<double> weights;
  double sum = 0;
  for (std::int64_t n = -reach; n <= reach; ++n) {
    const double z = static_cast<double>(n) * step_mm;
    weights.push_back(normal_cdf((z + thickness_mm / 2) / sigma) -
                      normal_cdf((z - thickness_mm / 2) / sigma));
    sum += weights.back();
  }
  for (double& w : weights) w /= sum;
  return weights;
}

BlurKernel::BlurKernel(double sigma_pixels) : reach(static_cast<std::int64_t>(std::ceil(3 * sigma_pixels))) {
  for (std::int64_t n = -reach; n <= reach; ++n) {
    const double x = static_cast<double>(n) / sigma_pixels;
    weights.push_back(static_cast<float>(std::exp(-0.5 * x * x)));
    sum += weights.back();
  }
}

float BlurKernel::mean_at(const std::vector<float>& padded, std::int64_t n) const {
  float value = 0;
  for (std::size_t k = 0; k < weights.size(); ++k)
    value += weights[k] * padded[static_cast<std::size_t>(n) + k];
  return value / sum;
}

void blur_in_plane(std::span<float> image, std::int64_t pixels, double sigma_pixels) {
  const BlurKernel kernel(sigma_pixels);
  const std::int64_t reach = kernel.reach;
  const auto pass = [&](float* line, std::int64_t stride) {
    std::vector<float> padded(static_cast<std::size_t>(pixels + 2 * reach));
    for (std::int64_t n = -reach; n < pixels + reach; ++n)
      padded[static_cast<std::size_t>(n + reach)] = line[std::clamp<std::int64_t>(n, 0, pixels - 1) * stride];
    for (std::int64_t n = 0; n < pixels; ++n) line[n * stride] = kernel.mean_at(padded, n);
  };
  for (std::int64_t n = 0; n < pixels; ++n) pass(&image[static_cast<std::size_t>(n * pixels)], 1);
  for (std::int64_t n = 0; n < pixels; ++n) pass(&image[static_cast<std::size_t>(n)], pixels);
}

NoiseShaper::NoiseShaper(std::int64_t pixels, double pixel_mm, double cutoff_per_mm) : pixels_(pixels) {
  const double step = 1 / (pixel_mm * static_cast<double>(pixels));
  const double sampling = 1 / pixel_mm;
  const auto aliases = static_cast<std::int64_t>(std::ceil(2.5 * cutoff_per_mm / sampling));
  std::vector<double> power(static_cast<std::size_t>(pixels * pixels));
  const auto frequency = [&](std::int64_t n) {
    return step * static_cast<double>(n < pixels / 2 ? n : n - pixels);
  };
  double total = 0;
  for (std::int64_t j = 0; j < pixels; ++j)
    for (std::int64_t i = 0; i < pixels; ++i) {
      double sum = 0;
      for (std::int64_t b = -aliases; b <= aliases; ++b)
        for (std::int64_t a = -aliases; a <= aliases; ++a) {
          const double fx = frequency(i) + static_cast<double>(a) * sampling;
          const double fy = frequency(j) + static_cast<double>(b) * sampling;
          sum += noise_power(std::sqrt(fx * fx + fy * fy), cutoff_per_mm);
        }
      power[static_cast<std::size_t>(j * pixels + i)] = sum;
      total += sum;
    }
  const double count = static_cast<double>(pixels * pixels), floor = 0.1 * total / count;
  for (const double p : power)
    amplitude_.push_back(static_cast<float>(std::sqrt((p + floor) / (1.1 * total))));
}

NoiseShaper::NoiseShaper(std::int64_t pixels, std::span<const double> power) : pixels_(pixels) {
  double total = 0;
  for (const double p : power) total += p;
  for (const double p : power) amplitude_.push_back(static_cast<float>(std::sqrt(p / total)));
}

void NoiseShaper::draw_pair(Random random, std::span<float> first, std::span<float> second) const {
  const auto n = static_cast<std::size_t>(pixels_);
  std::vector<Complex> field(n * n);
  for (std::size_t v = 0; v < field.size(); ++v) {
    const auto re = static_cast<float>(random.normal()), im = static_cast<float>(random.normal());
    field[v] = Complex(amplitude_[v] * re, amplitude_[v] * im);
  }
  transform_square(field, n);
  for (std::size_t v = 0; v < field.size(); ++v) first[v] = field[v].real(), second[v] = field[v].imag();
}

}  // namespace hepar::phantom
