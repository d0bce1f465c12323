// SPDX-License-Identifier: Apache-2.0
#pragma once

// NumPy's .npy files, for tests that compare with arrays made by other programs.

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "hepar/core/file.h"
#include "hepar/tensors/half.h"

namespace hepar {

// Every number type as double, which holds all of them exactly; last axis fastest.
struct NpyArray {
  std::vector<std::int64_t> shape;
  std::vector<double> values;
};

// Version 1 to 3, C order, little-endian; else std::runtime_error. Format: numpy/lib/format.py.
inline NpyArray read_npy(const std::filesystem::path& path) {
  const std::string file = read_text_file(path);
  const auto fault = [&](const char* text) { return std::runtime_error(path.string() + ": " + text); };
  if (file.size() < 12 || file.compare(1, 5, "NUMPY") != 0) throw fault("no .npy file");
  const bool is_first_version = file[6] == 1;
  const auto byte = [&](std::size_t n) {
    return static_cast<std::size_t>(static_cast<unsigned char>(file[n]));
  };
  std::size_t header_size = byte(8) | byte(9) << 8;
  if (!is_first_version) header_size |= byte(10) << 16 | byte(11) << 24;
  const std::size_t start = is_first_version ? 10 : 12;
  const std::string header = file.substr(start, header_size);
  if (header.find("'fortran_order': False") == std::string::npos) throw fault("not in C order");
  const std::size_t type_at = header.find("'descr': '") + 10;
  const std::string type = header.substr(type_at, header.find('\'', type_at) - type_at);
  NpyArray array;
  std::size_t count = 1;
  const std::size_t open = header.find('(');
  const std::string sizes = header.substr(open + 1, header.find(')') - open - 1);
  for (std::size_t n = 0; n < sizes.size(); ++n) {
    if (sizes[n] < '0' || sizes[n] > '9') continue;
    std::size_t used = 0;
    array.shape.push_back(std::stoll(sizes.substr(n), &used));
    count *= static_cast<std::size_t>(array.shape.back());
    n += used;
  }
  const char* data = file.data() + start + header_size;
  const auto take = [&]<class T>(T, auto convert) {
    if (file.size() != start + header_size + count * sizeof(T)) throw fault("wrong size");
    for (std::size_t n = 0; n < count; ++n) {
      T value;
      std::memcpy(&value, data + n * sizeof(T), sizeof(T));
      array.values.push_back(convert(value));
    }
  };
  const auto as_is = [](auto value) { return static_cast<double>(value); };
  if (type == "<f4") {
    take(float{}, as_is);
  } else if (type == "<f8") {
    take(double{}, as_is);
  } else if (type == "<f2") {
    take(std::uint16_t{}, [](std::uint16_t value) { return static_cast<double>(float_from_half(value)); });
  } else if (type == "|i1") {
    take(std::int8_t{}, as_is);
  } else if (type == "|u1" || type == "|b1") {
    take(std::uint8_t{}, as_is);
  } else if (type == "<i2") {
    take(std::int16_t{}, as_is);
  } else if (type == "<u2") {
    take(std::uint16_t{}, as_is);
  } else if (type == "<i4") {
    take(std::int32_t{}, as_is);
  } else if (type == "<i8") {
    take(std::int64_t{}, as_is);
  } else {
    throw fault("unknown number type");
  }
  return array;
}

}  // namespace hepar
