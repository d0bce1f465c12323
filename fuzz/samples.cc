// SPDX-License-Identifier: Apache-2.0
#include "samples.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <numeric>
#include <stdexcept>

#include "hepar/core/error.h"
#include "hepar/dicom/ct_series.h"
#include "hepar/dicom/ct_writer.h"
#include "hepar/dicom/deidentify.h"
#include "hepar/dicom/folder_inventory.h"
#include "hepar/dicom/roi_masks.h"
#include "hepar/dicom/segmentation.h"
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

// No damage may end it.
void read_inventory(const fs::path& folder) {
  try {
    take_inventory(folder);
  } catch (const Error& error) {
    throw std::logic_error(error.what());
  }
}

// Two blocks, the second one within the first.
LabelMap made_up_labels(const Geometry& grid) {
  LabelMap labels(grid);
  for (std::int64_t k = 1; k < 4; ++k) {
    for (std::int64_t j = 2; j < 10; ++j) {
      for (std::int64_t i = 2; i < 13; ++i) labels[{i, j, k}] = i > 5 && i < 9 && j > 4 && j < 7 ? 2 : 1;
    }
  }
  return labels;
}

// The CT lies beside the mutated structure set or segmentation.
void read_contours(const fs::path& folder, const CtGrid& ct) {
  const StructureSet structures = read_structure_set(folder / "object.dcm");
  for (const Roi& roi : structures.rois) {
    for (const RoiContour& contour : roi.contours) {
      require(std::ranges::all_of(contour.points_mm, [](Vec3 p) { return std::isfinite(p.norm()); }),
              "points at infinity");
    }
    require(roi_mask(structures, roi, ct).mask.size() == ct.geometry.size, "a mask on another grid");
  }
}

void read_segments(const fs::path& folder, const CtGrid& ct) {
  const Segmentation segmentation = read_segmentation(folder / "object.dcm");
  for (const Segment& segment : segmentation.segments) {
    const Mask mask = segment_mask(segmentation, segment.number, ct.geometry);
    require(std::ranges::all_of(mask.voxels(), [](auto value) { return value <= 1; }),
            "a mask of other values");
  }
  segmentation_grid(segmentation);
}

std::string bytes_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// An explicit VR structure set whose ROI Contour Sequence is a value of VR UN, as a program that does not
// know it writes it: in implicit VR (PS3.5 6.2.2), which it is taken from.
void write_unknown_sequence(const fs::path& explicit_file, const fs::path& implicit_file,
                            const fs::path& to) {
  constexpr std::string_view kSequence("\x06\x30\x39\x00", 4), kNext("\x06\x30\x80\x00", 4);
  constexpr std::size_t kHeader = 8, kDelimiter = 8;  // tag and length; the Sequence Delimitation Item
  const std::string implicit = bytes_of(implicit_file);
  std::string bytes = bytes_of(explicit_file);
  const std::size_t first = implicit.find(kSequence) + kHeader, end = implicit.find(kNext) - kDelimiter;
  const std::size_t begin = bytes.find(kSequence), next = bytes.find(kNext);
  require(first < end && end < implicit.size() && begin < next && next < bytes.size(), "no ROI contours");
  std::string unknown(kSequence);
  unknown.append("UN\0\0", 4);
  for (int n = 0; n < 4; ++n) unknown += static_cast<char>((end - first) >> 8 * n & 0xff);
  bytes.replace(begin, next - begin, unknown + implicit.substr(first, end - first));
  std::ofstream(to, std::ios::binary) << bytes;
}

// Objects on a CT, in explicit and implicit VR, binary and fractional.
void add_object_samples(const fs::path& folder, std::vector<Sample>& samples) {
  const CtVolume ct = made_up_ct();
  write_ct_series(folder / "referenced", ct, {"id", "name", "description", "seed"});
  const CtGrid grid = read_ct_grid(folder / "referenced");
  const LabelMap labels = made_up_labels(grid.geometry);
  const auto contours = [grid](const fs::path& at) { read_contours(at, grid); };
  const auto segments = [grid](const fs::path& at) { read_segments(at, grid); };
  const auto place = [&](const char* name) {
    fs::create_directories(folder / name);
    return folder / name / "object.dcm";
  };
  DicomProfile profile;
  write_structure_set(place("implicit_rtstruct"), contour_labels(labels, grid, profile), grid, profile);
  profile.explicit_vr = true;
  write_structure_set(place("explicit_rtstruct"), contour_labels(labels, grid, profile), grid, profile);
  write_unknown_sequence(folder / "explicit_rtstruct/object.dcm", folder / "implicit_rtstruct/object.dcm",
                         place("unknown_rtstruct"));
  require(!read_structure_set(folder / "unknown_rtstruct/object.dcm").rois.front().contours.empty(),
          "contours of an unknown sequence are not read");
  write_segmentation(place("binary_seg"), labels, grid);
  Volume<float> probability(grid.geometry);
  std::ranges::copy(labels.voxels(), probability.voxels().begin());
  for (float& value : probability.voxels()) value /= 2;
  write_fractional_segmentation(place("fractional_seg"), probability, default_roi_styles().front(), grid);
  for (const char* name : {"implicit_rtstruct", "explicit_rtstruct", "unknown_rtstruct"})
    samples.push_back({name, folder / name, "object.dcm", contours});
  for (const char* name : {"binary_seg", "fractional_seg"})
    samples.push_back({name, folder / name, "object.dcm", segments});
  for (const char* name : {"explicit_rtstruct", "binary_seg"}) {
    samples.push_back(
        {std::string("de-identification of ") + name, folder / name, "object.dcm", read_deidentified});
    samples.push_back({std::string("inventory of ") + name, folder / name, "object.dcm", read_inventory});
  }
}

}  // namespace

std::vector<Sample> make_samples(const fs::path& folder) {
  std::vector<Sample> samples;
  add_ct_samples(folder, samples);
  write_ct_series(folder / "written", made_up_ct(), {"id", "name", "description", "seed"});
  samples.push_back({"CT as written", folder / "written", "ct_0002.dcm", read_ct});
  samples.push_back({"inventory of a CT", folder / "written", "ct_0002.dcm", read_inventory});
  samples.push_back({"de-identification as written", folder / "written", "ct_0002.dcm", read_deidentified});
  add_object_samples(folder, samples);
  return samples;
}

}  // namespace hepar::fuzz
