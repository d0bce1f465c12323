// SPDX-License-Identifier: Apache-2.0
// Time and peak memory of resizing one image, or of exporting logits, to be compared with nnU-Net's Python by
// bench/peers/resample.py, which makes the input and calls this program:
//   resize_bench --input RAW [--output RAW] --size 512 512 96 --to 520 520 240 [--slices] [--threads 2]
// RAW: float32 voxels, i fastest. With --channels N float16 logits, one head after the other, which become a
// label map; they are read plane by plane. --slices resizes slice by slice across k. An image is read
// before and written after the time that counts.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "hepar/core/parallel.h"
#include "hepar/imaging/box.h"
#include "hepar/imaging/resize.h"
#include "hepar/infer/label_export.h"
#include "hepar/tensors/half.h"

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

// As `hepar predict` does it: planes of logits come one after the other, labels are decided on the way.
// nnU-Net gives float16 logits back and decides afterwards.
void export_logits(const Job& job) {
  const std::int64_t heads = job.half_channels, plane = job.size[0] * job.size[1];
  ModelPlan plan;
  plan.spacing_mm = {1, 1, 1};
  plan.logit_resampling.force_separate_z = job.slices;
  DatasetLabels labels;
  for (std::int64_t head = 0; head < heads; ++head) {
    labels.regions.push_back({std::to_string(head), {static_cast<int>(head) + 1}});
    labels.regions_class_order.push_back(static_cast<int>(head) + 1);
  }
  Geometry scan;
  scan.size = int3(job.to);
  if (job.slices) plan.spacing_mm[0] = scan.spacing_mm.z = 2;  // slices lie across k
  std::ifstream file(job.input, std::ios::binary);
  std::vector<std::uint16_t> halves(static_cast<std::size_t>(plane));
  std::vector<float> logits(static_cast<std::size_t>(heads * plane));
  const Stopwatch watch;
  LabelExport result({scan, {}, whole_box(scan), {job.size[2], job.size[1], job.size[0]}}, plan, labels,
                     false);
  for (std::int64_t d = 0; d < job.size[2]; ++d) {
    for (std::int64_t head = 0; head < heads; ++head) {
      file.seekg((head * job.size[2] + d) * plane * 2);
      file.read(reinterpret_cast<char*>(halves.data()), plane * 2);
      if (!file) throw std::runtime_error(job.input + " is too short");
      std::transform(halves.begin(), halves.end(), logits.begin() + head * plane, float_from_half);
    }
    result.add(d, logits);
  }
  const WideLabelMap map = result.finish();
  print_figures(watch);
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
  app.add_option("--channels", job.half_channels, "Heads of float16 logits; 0: an image of float32");
  app.add_flag("--slices", job.slices);
  app.add_option("--threads", job.threads);
  CLI11_PARSE(app, argc, argv);
  if (job.threads > 0) hepar::set_thread_count(job.threads);
  job.half_channels > 0 ? hepar::export_logits(job) : hepar::resize_image(job);
}
