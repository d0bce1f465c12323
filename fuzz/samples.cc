// SPDX-License-Identifier: Apache-2.0
#include "samples.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <stdexcept>

#include "hepar/dicom/ct_series.h"
#include "hepar/dicom/ct_writer.h"
#include "hepar/dicom/deidentify.h"
#include "hepar/dicom/synthetic_series.h"

namespace hepar::fuzz {
namespace {
namespace fs = std::filesystem;

void require(bool condition, const char* what) {
  if (!condition) throw std::logic_error(what);
}

void read_ct(const fs::path& folder) {
  const CtSeries ct = read_ct_series(folder, {.resample_irregular = true});
  const auto voxels = ct.voxels.voxels();
  require(std::ranges::all_of(voxels, [](float hu) { return std::isfinite(hu) && hu >= -1024; }),
          "voxels that are no Hounsfield units");
  require(std::ranges::all_of(ct.grid.notes, [](const auto& n) { return n.find('\n') == std::string::npos; }),
          "a note of several lines");
}

void read_deidentified(const fs::path& folder) {
  const fs::path output = folder.parent_path() / "deidentified";
  fs::remove_all(output);
  const DeidentifyReport report =
      deidentify(folder, output, {.key = "mutations, 16 bytes", .patient_id = ""});
  std::int64_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(output)) files += entry.is_regular_file() ? 1 : 0;
  require(files == report.written_count, "another number of files than reported");
}

// Four small slices of each encoding.
void add_ct_samples(const fs::path& folder, std::vector<Sample>& samples) {
  for (const char* syntax : {"explicit", "implicit", "big-endian", "deflated", "rle", "jpeg", "jpeg-ls"}) {
    const fs::path ct = folder / syntax;
    fs::create_directories(ct);
    auto slices = dicom::even_slices(4);
    for (auto& slice : slices) slice.syntax = syntax;
    dicom::write_slices(ct, slices);
    samples.push_back({std::string("CT ") + syntax, ct, "1.dcm", read_ct});
    if (std::string_view(syntax) != "implicit") continue;
    samples.push_back({"de-identification", ct, "1.dcm", read_deidentified});
  }
}

CtVolume made_up_ct() {
  CtVolume ct({{16, 12, 5}, {0.75, 0.75, 3}, {-6, -4, 100}, Mat3::identity()});
  std::iota(ct.voxels().begin(), ct.voxels().end(), -100.0F);
  return ct;
}

}  // namespace

std::vector<Sample> make_samples(const fs::path& folder) {
  std::vector<Sample> samples;
  add_ct_samples(folder, samples);
  write_ct_series(folder / "written", made_up_ct(), {"id", "name", "description", "seed"});
  samples.push_back({"CT as written", folder / "written", "ct_0002.dcm", read_ct});
  samples.push_back({"de-identification as written", folder / "written", "ct_0002.dcm", read_deidentified});
  return samples;
}

}  // namespace hepar::fuzz
