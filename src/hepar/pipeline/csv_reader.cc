// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/csv_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "hepar/core/error.h"

namespace hepar {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

class CsvScanner {
 public:
  explicit CsvScanner(std::string_view text) : text_(text) {}

  std::vector<CsvRow> rows() {
    std::vector<CsvRow> found;
    while (place_ < text_.size()) {
      if (text_.substr(place_).starts_with(kByteOrderMark)) place_ += kByteOrderMark.size();
      CsvRow row = read_row();
      const bool empty = row.fields.size() == 1 && row.fields[0].empty();
      if (!empty) found.push_back(std::move(row));
    }
    return found;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::kInvalidInput, fmt::format("line {} {}", line_, what));
  }
  bool at(char wanted) const { return place_ < text_.size() && text_[place_] == wanted; }

  CsvRow read_row() {
    CsvRow row{line_, {}};
    do {
      row.fields.push_back(at('"') ? read_quoted() : read_plain());
    } while (take(','));
    if (at('\r')) ++place_;
    if (take('\n')) {
      ++line_;
    } else if (place_ < text_.size()) {
      fail("has text after a closing quote or a stray carriage return");
    }
    return row;
  }

  bool take(char wanted) {
    if (!at(wanted)) return false;
    ++place_;
    return true;
  }

  std::string read_plain() {
    const std::size_t first = place_;
    place_ = std::min(text_.find_first_of(",\r\n\"", place_), text_.size());
    if (at('"')) fail("has a quote inside a field that does not begin with one");
    std::string field(text_.substr(first, place_ - first));
    if (field.find('\0') != std::string::npos) fail("holds a zero byte; save the table as CSV in UTF-8");
    return field;
  }

  std::string read_quoted() {
    const std::int64_t opened = line_;
    std::string field;
    ++place_;
    while (place_ < text_.size()) {
      if (take('"')) {
        if (!at('"')) return field;
      } else if (at('\n')) {
        ++line_;
      }
      field += text_[place_++];
    }
    line_ = opened;
    fail("opens a quote that is not closed");
  }

  std::string_view text_;
  std::size_t place_ = 0;
  std::int64_t line_ = 1;
};

}  // namespace

std::vector<CsvRow> read_csv(std::string_view text) { return CsvScanner(text).rows(); }

}  // namespace hepar
