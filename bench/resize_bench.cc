// SPDX-License-Identifier: Apache-2.0
// Time and peak memory of resizing one array, to be compared with nnU-Net's Python by
// bench/peers/resample.py, which makes the input and calls this program:
//   resize_bench --input RAW --output RAW --size 512 512 96 --to 520 520 240 --order 3 [--slices] [--threads
//   2]
// RAW: float32 voxels, i fastest; with --channels N float16 channels one after the other. --slices resizes
// slice by slice across k. Files are read before and written after the time that counts.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <bit>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "hepar/core/parallel.h"
#include "hepar/imaging/resize.h"

namespace hepar {
namespace {

struct Job {
  std::string input, output;
  std::array<std::int64_t, 3> size{}, to{};
  int order = 3;
  int half_channels = 0;
  bool slices = false;
  int threads = 0;
};

Int3 int3(const std::array<std::int64_t, 3>& size) { return {size[0], size[1], size[2]}; }

template <class T>
std::vector<T> read_raw(const std::string& path, std::size_t count) {
  std::vector<T> values(count);
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(count * sizeof(T)));
  if (!file) throw std::runtime_error(path + " is too short");
  return values;
}

template <class T>
void write_raw(const std::string& path, const std::vector<T>& values) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(T)));
}

ResizeRule rule_of(const Job& job) {
  ResizeRule rule{.order = job.order, .slice_axis = {}};
  if (job.slices) rule.slice_axis = 2;
  return rule;
}

// Seconds by the clock, and of all threads together, since it was made.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  double processor_seconds() const {
    return static_cast<double>(std::clock() - processor_start_) / CLOCKS_PER_SEC;
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
  std::clock_t processor_start_ = std::clock();
};

double peak_memory_mb() {
  std::ifstream status("/proc/self/status");
  std::string word;
  double peak_kb = 0;
  while (status >> word && word != "VmHWM:") continue;
  status >> peak_kb;
  return peak_kb / 1024;
}

void print_figures(const Stopwatch& watch) {
  const double seconds = watch.seconds(), processor = watch.processor_seconds();
  fmt::print("{:.3f} {:.3f} {:.0f}\n", seconds, processor, peak_memory_mb());
}

void resize_image(const Job& job) {
  const std::size_t slice = static_cast<std::size_t>(job.size[0] * job.size[1]);
  const auto source = read_raw<float>(job.input, slice * static_cast<std::size_t>(job.size[2]));
  const Stopwatch watch;
  std::vector<float> result(static_cast<std::size_t>(int3(job.to).count()));
  const auto read = [&](std::int64_t n, std::span<float> to) {
    std::memcpy(to.data(), source.data() + static_cast<std::size_t>(n) * slice, slice * sizeof(float));
  };
  resize(int3(job.size), read, int3(job.to), rule_of(job), result);
  print_figures(watch);
  if (!job.output.empty()) write_raw(job.output, result);
}

// A finite binary16, by its exponent's place in a float; fit for vector registers.
float finite_float(std::uint16_t half) {
  const auto bits = static_cast<std::uint32_t>(half & 0x7fff) << 13;
  const float magnitude = std::bit_cast<float>(bits) * 0x1p112F;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) |
                              static_cast<std::uint32_t>(half & 0x8000) << 16);
}

// Logits come as float16 and, as in nnU-Net, go back to it.
void resize_logits(const Job& job) {
  const auto channels = static_cast<std::size_t>(job.half_channels);
  const std::size_t slice = static_cast<std::size_t>(job.size[0] * job.size[1]);
  const std::size_t count = slice * static_cast<std::size_t>(job.size[2]);
  const auto new_count = static_cast<std::size_t>(int3(job.to).count());
  const auto source = read_raw<std::uint16_t>(job.input, channels * count);
  const Stopwatch watch;
  std::vector<std::vector<float>> results(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    results[c].resize(new_count);
    const auto read = [&](std::int64_t n, std::span<float> to) {
      const std::uint16_t* from = source.data() + c * count + static_cast<std::size_t>(n) * slice;
      for (std::size_t x = 0; x < to.size(); ++x) to[x] = finite_float(from[x]);
    };
    resize(int3(job.size), read, int3(job.to), rule_of(job), results[c]);
  }
  print_figures(watch);
  if (!job.output.empty()) {
    std::vector<float> all;
    for (const auto& result : results) all.insert(all.end(), result.begin(), result.end());
    write_raw(job.output, all);
  }
}

}  // namespace
}  // namespace hepar

int main(int argc, char** argv) {
  hepar::Job job;
  CLI::App app("Times the resizing of an array");
  app.add_option("--input", job.input)->required();
  app.add_option("--output", job.output,
                 "Where the result goes; the peak memory is then that of writing too");
  app.add_option("--size", job.size, "Voxels along i, j, k")->required();
  app.add_option("--to", job.to)->required();
  app.add_option("--order", job.order);
  app.add_option("--channels", job.half_channels, "float16 channels; 0: one of float32");
  app.add_flag("--slices", job.slices);
  app.add_option("--threads", job.threads);
  CLI11_PARSE(app, argc, argv);
  if (job.threads > 0) hepar::set_thread_count(job.threads);
  job.half_channels > 0 ? hepar::resize_logits(job) : hepar::resize_image(job);
}
