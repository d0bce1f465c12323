// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/ct_series.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/dicom/dicom_file.h"
#include "hepar/dicom/folder_files.h"
#include "hepar/dicom/slice_checks.h"
#include "hepar/dicom/slice_stack.h"
#include "hepar/dicom/uid_ends.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {
using dicom::FileHeader;
using dicom::SliceStack;

struct Scan {
  std::map<std::string, std::vector<FileHeader>> series;  // CT slices by series UID
  std::int64_t not_dicom_count = 0, other_count = 0;
};

// True for what can be a volume: localizers and pictures without a place in the patient can't.
bool has_volume_slices(const std::vector<FileHeader>& slices) {
  return std::any_of(slices.begin(), slices.end(),
                     [](const FileHeader& h) { return h.multi_frame || (h.plane && !h.localizer); });
}

// Of each file; nothing for those that are no DICOM.
std::vector<std::optional<FileHeader>> read_headers(const std::vector<fs::path>& files) {
  std::vector<std::optional<FileHeader>> headers(files.size());
  parallel_for(std::ssize(files), [&](std::int64_t n) {
    const auto index = static_cast<std::size_t>(n);
    headers[index] = dicom::read_file_header(files[index]);
  });
  return headers;
}

Scan scan(const fs::path& folder) {
  Scan result;
  for (auto& header : read_headers(dicom::files_in(folder))) {
    if (!header) {
      ++result.not_dicom_count;
    } else if (!header->is_ct_slice()) {
      ++result.other_count;
    } else {
      result.series[header->series_uid].push_back(std::move(*header));
    }
  }
  for (auto entry = result.series.begin(); entry != result.series.end();) {
    if (has_volume_slices(entry->second)) {
      ++entry;
    } else {
      result.other_count += static_cast<std::int64_t>(entry->second.size());
      entry = result.series.erase(entry);
    }
  }
  return result;
}

CtSeriesSummary summary_of(const std::string& uid, const std::vector<FileHeader>& slices) {
  CtSeriesSummary summary{uid, static_cast<std::int64_t>(slices.size()), 0, 0};
  for (const FileHeader& slice : slices) {
    if (!slice.plane) continue;
    summary.columns = slice.plane->columns, summary.rows = slice.plane->rows;
    break;
  }
  return summary;
}

DicomFolder contents_of(const Scan& found) {
  DicomFolder contents{{}, found.not_dicom_count, found.other_count};
  for (const auto& [uid, slices] : found.series) contents.ct_series.push_back(summary_of(uid, slices));
  return contents;
}

std::string listing(const std::vector<CtSeriesSummary>& series) {
  constexpr std::size_t kShortest = 6;
  std::vector<std::string> uids;
  for (const CtSeriesSummary& s : series) uids.push_back(s.uid);
  const std::size_t length = telling_length(uids, kShortest);
  std::string list;
  for (const CtSeriesSummary& s : series) {
    list +=
        fmt::format("{}{} ({} slices of {} x {})", list.empty() ? "" : ", ",
                    s.uid.empty() ? "one without UID" : uid_end(s.uid, length), s.slices, s.columns, s.rows);
  }
  return list;
}

std::vector<FileHeader> choose(Scan& found, const fs::path& folder, const std::string& wanted) {
  const DicomFolder contents = contents_of(found);
  if (contents.ct_series.empty() && contents.not_dicom_count + contents.other_count == 0) {
    throw Error(ErrorCode::kMissing,
                fmt::format("no CT series in {}: the folder holds no files", folder.string()));
  }
  if (contents.ct_series.empty()) {
    throw Error(ErrorCode::kMissing,
                fmt::format("no CT series in {}: {} files are not DICOM and {} are DICOM but no CT slices",
                            folder.string(), contents.not_dicom_count, contents.other_count));
  }
  std::vector<std::string> matching;
  for (const CtSeriesSummary& series : contents.ct_series) {
    if (series.uid == wanted && !wanted.empty()) return std::move(found.series[series.uid]);
    if (series.uid.ends_with(wanted)) matching.push_back(series.uid);
  }
  if (matching.size() == 1) return std::move(found.series[matching.front()]);
  const std::string list = listing(contents.ct_series);
  if (wanted.empty()) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} holds {} CT series; choose one by --series and the end of its UID: {}",
                            folder.string(), contents.ct_series.size(), list));
  }
  throw Error(ErrorCode::kInvalidInput,
              fmt::format("{} of the CT series in {} have a UID ending in {}; there are: {}", matching.size(),
                          folder.string(), wanted, list));
}

// Fills a volume of the source slices, k in `order`; returns the number of voxels set to air.
std::int64_t read_slices(const std::vector<FileHeader>& slices, const std::vector<std::size_t>& order,
                         CtVolume& volume) {
  const auto area = static_cast<std::size_t>(volume.size().i * volume.size().j);
  std::vector<std::int64_t> replaced(order.size());
  parallel_for(static_cast<std::int64_t>(order.size()), [&](std::int64_t k) {
    const auto n = static_cast<std::size_t>(k);
    replaced[n] = dicom::read_hu(slices[order[n]], volume.voxels().subspan(n * area, area));
  });
  return std::accumulate(replaced.begin(), replaced.end(), std::int64_t{0});
}

// Linear interpolation along k from slices at offsets_mm to even distances.
CtVolume interpolate(const CtVolume& source, const SliceStack& stack) {
  CtVolume result(stack.geometry);
  const auto area = static_cast<std::size_t>(result.size().i * result.size().j);
  parallel_for(result.size().k, [&](std::int64_t k) {
    const double at_mm = static_cast<double>(k) * stack.geometry.spacing_mm.z;
    const auto above = std::upper_bound(stack.offsets_mm.begin() + 1, stack.offsets_mm.end() - 1, at_mm);
    const auto upper = static_cast<std::size_t>(above - stack.offsets_mm.begin());
    const double gap_mm = stack.offsets_mm[upper] - stack.offsets_mm[upper - 1];
    const auto weight = static_cast<float>(std::min(1.0, (at_mm - stack.offsets_mm[upper - 1]) / gap_mm));
    const auto low = source.voxels().subspan((upper - 1) * area, area),
               high = source.voxels().subspan(upper * area, area);
    const auto out = result.voxels().subspan(static_cast<std::size_t>(k) * area, area);
    for (std::size_t n = 0; n < area; ++n) out[n] = low[n] + weight * (high[n] - low[n]);
  });
  return result;
}

CtGrid grid_of(const std::vector<FileHeader>& slices, const SliceStack& stack) {
  CtGrid grid;
  grid.geometry = stack.geometry;
  grid.notes = stack.notes;
  dicom::check_one_origin(slices, stack);
  dicom::check_duplicates(slices, stack);
  if (!stack.duplicates.empty()) {
    grid.notes.push_back(fmt::format("Slices found twice with the same pixels, one of each was used: {}.",
                                     stack.duplicates.size()));
  }
  if (const std::int64_t repeated = dicom::repeated_instances(slices, stack); repeated > 0) {
    grid.notes.push_back(
        fmt::format("{} slices have the SOP Instance UID of another one, so that structure sets and "
                    "segmentations can't be made on this CT.",
                    repeated));
  }
  for (const std::size_t n : stack.order) {
    grid.slices.push_back({slices[n].sop_instance_uid, slices[n].plane->position_mm, slices[n].file});
  }
  const FileHeader& first = slices[stack.order.front()];
  grid.series_uid = first.series_uid, grid.study_uid = first.study_uid;
  grid.frame_of_reference_uid = first.frame_of_reference_uid;
  grid.resampled = stack.resampled;
  return grid;
}

CtSeries with_voxels(CtGrid grid, const std::vector<FileHeader>& slices, const SliceStack& stack) {
  CtSeries series;
  series.grid = std::move(grid);
  const FileHeader& first = slices[stack.order.front()];
  series.tube_voltage_kv = first.tube_voltage_kv, series.slice_thickness_mm = first.slice_thickness_mm;
  Geometry as_read = stack.geometry;
  as_read.size.k = static_cast<std::int64_t>(stack.order.size());
  CtVolume volume(as_read);
  const std::int64_t replaced = read_slices(slices, stack.order, volume);
  if (replaced > 0) {
    series.grid.notes.push_back(
        fmt::format("{} voxels of padding or below -1024 HU are read as -1024 HU.", replaced));
  }
  if (!first.has_rescale) {
    series.grid.notes.emplace_back(
        "The files state no rescale slope and intercept; their pixels are taken as Hounsfield units.");
  }
  series.voxels = stack.resampled ? interpolate(volume, stack) : std::move(volume);
  return series;
}

// Finds the series and its stack, hands them to `use` and notes what else lies in the folder.
template <class Use>
void with_series(const fs::path& folder, const CtSeriesOptions& options, const Use& use) {
  Scan found = scan(folder);
  const std::vector<FileHeader> slices = choose(found, folder, options.series);
  try {
    const SliceStack stack = dicom::stack_slices(dicom::checked_planes(slices), options.resample_irregular);
    CtGrid& grid = use(grid_of(slices, stack), slices, stack);
    if (found.not_dicom_count + found.other_count > 0) {
      grid.notes.push_back(fmt::format(
          "Ignored in the folder: {} files that are not DICOM, {} DICOM files that are no CT slices.",
          found.not_dicom_count, found.other_count));
    }
  } catch (const Error& error) {
    throw error.during("can't use the CT series in " + folder.string());
  }
}

}  // namespace

DicomFolder find_ct_series(const fs::path& folder) { return contents_of(scan(folder)); }

CtSeries read_ct_series(const fs::path& folder, const CtSeriesOptions& options) {
  CtSeries series;
  with_series(folder, options, [&](CtGrid grid, const auto& slices, const auto& stack) -> CtGrid& {
    series = with_voxels(std::move(grid), slices, stack);
    return series.grid;
  });
  return series;
}

CtSeries read_ct_series(const std::vector<fs::path>& files, bool resample_irregular) {
  std::vector<FileHeader> slices;
  for (auto& header : read_headers(files)) {
    if (header && header->is_ct_slice()) slices.push_back(std::move(*header));
  }
  if (slices.empty())
    throw Error(ErrorCode::kMissing, fmt::format("none of {} files is a CT slice", files.size()));
  for (const FileHeader& slice : slices) {
    if (slice.series_uid != slices.front().series_uid)
      throw Error(ErrorCode::kInvalidInput, "the CT slices belong to several series; give those of one");
  }
  try {
    const SliceStack stack = dicom::stack_slices(checked_planes(slices), resample_irregular);
    CtSeries series = with_voxels(grid_of(slices, stack), slices, stack);
    if (slices.size() < files.size()) {
      series.grid.notes.push_back(
          fmt::format("Files of the series that are no CT slices: {}.", files.size() - slices.size()));
    }
    return series;
  } catch (const Error& error) {
    throw error.during("can't use the CT series");
  }
}

CtGrid read_ct_grid(const fs::path& folder, const CtSeriesOptions& options) {
  CtGrid result;
  with_series(folder, options,
              [&](CtGrid grid, const auto&, const auto&) -> CtGrid& { return result = std::move(grid); });
  return result;
}

}  // namespace hepar
