// SPDX-License-Identifier: Apache-2.0
// Times what a CT series costs: dicom_bench CT_FOLDER LABELS [ROUNDS]; medians, one line each.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/dicom/ct_series.h"
#include "hepar/dicom/segmentation.h"
#include "hepar/dicom/structure_set_export.h"
#include "hepar/io/image_io.h"

namespace {

double median_s(int rounds, const std::function<void()>& work) {
  std::vector<double> seconds;
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    work();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + rounds / 2, seconds.end());
  return seconds[static_cast<std::size_t>(rounds / 2)];
}

}  // namespace

int main(int argc, char** argv) try {
  using namespace hepar;
  if (argc < 3) throw Error(ErrorCode::kInvalidInput, "give a DICOM folder and a label map on its grid");
  const std::filesystem::path folder = argv[1];
  const int rounds = argc > 3 ? std::max(1, std::atoi(argv[3])) : 5;
  const LabelMap labels = read_labels(argv[2]).voxels;
  const CtGrid grid = read_ct_grid(folder);
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / fmt::format("hepar_dicom_bench_{}.dcm", std::rand());
  fmt::print("read_series_s {:.3f}\n", median_s(rounds, [&] { read_ct_series(folder); }));
  fmt::print("rtstruct_checked_s {:.3f}\n",
             median_s(rounds, [&] { export_structure_set(file, labels, grid); }));
  fmt::print("seg_checked_s {:.3f}\n", median_s(rounds, [&] { write_segmentation(file, labels, grid); }));
  std::filesystem::remove(file);
} catch (const hepar::Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return hepar::exit_status(error.code());
}
