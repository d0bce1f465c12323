// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace hepar {

// Named float32 tensors, as a network's parameters or a preprocessed case.
struct NamedTensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};
using Weights = std::map<std::string, NamedTensor>;

enum class ElementType { kFloat32, kFloat16, kBFloat16, kInt16, kUInt8, kInt64, kFloat64 };

// A safetensors file, memory-mapped and checked: header length, JSON, element types, offsets inside the
// file and equal to shape x element size. Damage is Error(kCorrupt) with the offending tensor's name.
// Format: github.com/huggingface/safetensors, README "Format" (8-byte little-endian header length, JSON
// header, raw little-endian data without gaps).
class SafetensorsFile {
 public:
  struct Entry {
    ElementType type;
    std::vector<std::int64_t> shape;
    std::span<const std::byte> bytes;  // valid while the file object lives
  };
  explicit SafetensorsFile(const std::filesystem::path& path);
  ~SafetensorsFile();
  SafetensorsFile(SafetensorsFile&&) noexcept;
  SafetensorsFile& operator=(SafetensorsFile&&) noexcept;

  const std::map<std::string, Entry>& entries() const;
  const std::map<std::string, std::string>& metadata() const;  // the "__metadata__" strings

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The values of one tensor of floats, of any width, as float32; whole numbers are Error(kInvalidInput).
NamedTensor as_float32(const SafetensorsFile::Entry& entry);

// All floating tensors of the file as float32.
Weights read_weights(const std::filesystem::path& path);

// One tensor to be written.
struct TensorToWrite {
  std::string name;
  ElementType type;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;  // little-endian elements of `type`
};
// Writes whole or not at all; tensors in the given order without gaps, the first
// aligned to 8 bytes.
void write_safetensors(const std::filesystem::path& path, const std::vector<TensorToWrite>& tensors,
                       const std::map<std::string, std::string>& metadata = {});
// Writes float32 weights as `stored_as` (kFloat32 or kFloat16, rounded to nearest even).
void write_weights(const std::filesystem::path& path, const Weights& weights,
                   ElementType stored_as = ElementType::kFloat32);

}  // namespace hepar
