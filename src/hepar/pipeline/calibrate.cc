// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/calibrate.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/lesion/site_json.h"
#include "hepar/pipeline/csv_reader.h"

namespace hepar {
namespace {

[[noreturn]] void fail(const CsvRow& row, const std::string& what) {
  throw Error(ErrorCode::kInvalidInput, fmt::format("line {}: {}", row.line, what));
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<std::size_t> find_column(const CsvRow& header, std::string_view name) {
  for (std::size_t n = 0; n < header.fields.size(); ++n) {
    if (trimmed(header.fields[n]) == name) return n;
  }
  return std::nullopt;
}

bool is_header(const CsvRow& row) {
  return find_column(row, "probability_cyst").has_value() && find_column(row, "truth").has_value();
}

class TableReader {
 public:
  RegionTable read(const std::vector<CsvRow>& rows) {
    if (rows.empty()) throw Error(ErrorCode::kInvalidInput, "the table is empty");
    check_first(rows.front());
    for (const CsvRow& row : rows) {
      if (is_header(row)) {
        take_header(row);
      } else {
        take_region(row);
      }
    }
    if (unlabelled_ > 0) {
      table_.notes.push_back(fmt::format("regions without a truth, left out: {}", unlabelled_));
    }
    return std::move(table_);
  }

 private:
  static void check_first(const CsvRow& row) {
    if (is_header(row)) return;
    if (row.fields.size() == 1 && row.fields[0].find(';') != std::string::npos) {
      throw Error(
          ErrorCode::kInvalidInput,
          "the fields are separated by ';', as spreadsheets of some countries do, where numbers have a "
          "decimal comma; save the table as CSV with commas between fields and points in numbers");
    }
    throw Error(ErrorCode::kInvalidInput,
                "the first line does not name the columns probability_cyst and truth; start from the "
                "regions.csv that `hepar filter` writes");
  }

  void take_header(const CsvRow& row) {
    columns_ = row.fields.size();
    probability_ = *find_column(row, "probability_cyst");
    truth_ = *find_column(row, "truth");
    guards_ = find_column(row, "guards");
    case_ = find_column(row, "case");
    region_ = find_column(row, "region");
  }

  void take_region(const CsvRow& row) {
    if (row.fields.size() != columns_) {
      fail(row, fmt::format("{} fields, and the header has {}", row.fields.size(), columns_));
    }
    const std::string_view truth = trimmed(row.fields[truth_]);
    if (truth.empty()) {
      ++unlabelled_;
      return;
    }
    if (truth != "cyst" && truth != "tumour") {
      fail(row, fmt::format("the truth is '{}'; write cyst or tumour, or leave it empty", truth));
    }
    refuse_repetition(row);
    const bool guarded = guards_ && !trimmed(row.fields[*guards_]).empty();
    table_.regions.push_back({probability(row), truth == "cyst", guarded});
  }

  double probability(const CsvRow& row) const {
    const std::string_view text = trimmed(row.fields[probability_]);
    double value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !(value >= 0 && value <= 1)) {
      fail(row, fmt::format("probability_cyst is '{}', not a number from 0 to 1", text));
    }
    return value;
  }

  void refuse_repetition(const CsvRow& row) {
    if (!case_ || !region_) return;
    const auto [place, is_new] = lines_.try_emplace({row.fields[*case_], row.fields[*region_]}, row.line);
    if (is_new) return;
    fail(row, fmt::format("case and region are those of line {}, and a region counts once; if they are two "
                          "patients, give their cases different names",
                          place->second));
  }

  std::size_t columns_ = 0, probability_ = 0, truth_ = 0;
  std::optional<std::size_t> guards_, case_, region_;
  std::map<std::pair<std::string, std::string>, std::int64_t> lines_;  // of each case and region
  std::int64_t unlabelled_ = 0;
  RegionTable table_;
};

}  // namespace

RegionTable read_region_table(std::string_view text) { return TableReader().read(read_csv(text)); }

SiteCalibration calibrate_site(const std::filesystem::path& regions_csv,
                               const std::filesystem::path& site_json_path) {
  const std::string text = read_text_file(regions_csv);
  SiteCalibration site;
  try {
    RegionTable table = read_region_table(text);
    site = {calibrate(table.regions), std::move(table.notes)};
  } catch (const Error& error) {
    throw error.during(regions_csv.string());
  }
  write_text_file(site_json_path, site_json(site.calibration));
  return site;
}

std::string calibration_text(const Calibration& calibration) {
  const auto& [cyst, tumour] = calibration.thresholds;
  const RateInterval removed = calibration.removed_rate_95, area = calibration.roc.area_interval;
  const double removed_rate =
      static_cast<double>(calibration.cysts_removed) / static_cast<double>(calibration.cysts);
  return fmt::format(
      "{} tumours and {} cysts of known truth\n"
      "cyst from a probability of {:.4f} on, tumour below {:.4f}, doubtful in between (stays in the tumour "
      "label)\n"
      "tumours dropped: {} of {}, at most {:.2f} % (one-sided 95 % bound; ceiling {:.3g} %)\n"
      "cysts removed: {} of {}, {:.1f} % (95 % interval {:.1f} to {:.1f} %)\n"
      "area under the ROC curve: {:.3f} (95 % interval {:.3f} to {:.3f})\n"
      "note: the bounds are for independent regions; regions of one patient are alike, so take one or few of "
      "each\n"
      "note: the thresholds were chosen on these regions; try them on others before they are trusted",
      calibration.tumours, calibration.cysts, cyst, tumour, calibration.tumours_dropped, calibration.tumours,
      100 * calibration.drop_rate_upper_95, 100 * calibration.drop_ceiling, calibration.cysts_removed,
      calibration.cysts, 100 * removed_rate, 100 * removed.low, 100 * removed.high, calibration.roc.area,
      area.low, area.high);
}

}  // namespace hepar
