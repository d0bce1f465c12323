// SPDX-License-Identifier: Apache-2.0
#include "hepar/tensors/weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/tensors/byte_count.h"
#include "hepar/tensors/half.h"
#include "hepar/tensors/mapped_file.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {
using Json = nlohmann::ordered_json;
static_assert(std::endian::native == std::endian::little, "safetensors data is little-endian");

constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the safetensors library

struct TypeInfo {
  ElementType type;
  const char* name;
  std::size_t bytes;
};
constexpr std::array kTypes{
    TypeInfo{ElementType::kFloat32, "F32", 4},   TypeInfo{ElementType::kFloat16, "F16", 2},
    TypeInfo{ElementType::kBFloat16, "BF16", 2}, TypeInfo{ElementType::kInt16, "I16", 2},
    TypeInfo{ElementType::kUInt8, "U8", 1},      TypeInfo{ElementType::kInt64, "I64", 8},
    TypeInfo{ElementType::kFloat64, "F64", 8}};

const TypeInfo& info_of(ElementType type) {
  return *std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeInfo& info) { return info.type == type; });
}

}  // namespace

struct SafetensorsFile::Impl {
  explicit Impl(const fs::path& file) : path(file), mapped(file) {
    const Json header = parse_header();
    for (const auto& [name, value] : header.items()) {
      name == "__metadata__" ? add_metadata(value) : add_entry(name, value);
    }
    check_coverage();
  }

  [[noreturn]] void fail(const std::string& text, ErrorCode code = ErrorCode::kCorrupt) const {
    throw Error(code, fmt::format("{} is no usable safetensors file: {}", path.string(), text));
  }

  Json parse_header() {
    const auto bytes = mapped.bytes();
    std::uint64_t length = 0;
    if (bytes.size() < kLengthBytes) fail(fmt::format("it has {} bytes only", bytes.size()));
    std::memcpy(&length, bytes.data(), kLengthBytes);
    if (length > kMaxHeaderBytes || length > bytes.size() - kLengthBytes) {
      fail(fmt::format("its header is said to be {} bytes long, the file has {}", length, bytes.size()));
    }
    const auto text = bytes.subspan(kLengthBytes, static_cast<std::size_t>(length));
    data = bytes.subspan(kLengthBytes + static_cast<std::size_t>(length));
    const auto* begin = reinterpret_cast<const char*>(text.data());
    Json header = Json::parse(begin, begin + text.size(), nullptr, false);
    if (!header.is_object()) fail("its header is not a JSON object");
    return header;
  }

  void add_metadata(const Json& value) {
    if (!value.is_object()) fail("__metadata__ is not an object");
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) fail(fmt::format("__metadata__ '{}' is not a string", key));
      metadata[key] = text.get<std::string>();
    }
  }

  std::vector<std::int64_t> integers(const std::string& name, const Json& value, const char* key) const {
    const bool is_list = value.is_object() && value.contains(key) && value[key].is_array();
    if (!is_list) fail(fmt::format("tensor '{}' has no list '{}'", name, key));
    std::vector<std::int64_t> list;
    for (const auto& item : value[key]) {
      const bool fits = item.is_number_unsigned() &&
                        item.get<std::uint64_t>() <= std::uint64_t{std::numeric_limits<std::int64_t>::max()};
      if (!fits) fail(fmt::format("'{}' of tensor '{}' holds {}", key, name, item.dump()));
      list.push_back(item.get<std::int64_t>());
    }
    return list;
  }

  ElementType type_of(const std::string& name, const Json& value) const {
    const bool named = value.is_object() && value.contains("dtype") && value["dtype"].is_string();
    if (!named) fail(fmt::format("tensor '{}' has no dtype", name));
    const auto text = value["dtype"].get<std::string>();
    const auto found =
        std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeInfo& info) { return text == info.name; });
    if (found == kTypes.end()) {
      fail(fmt::format("tensor '{}' has the element type {}, which is not read", name, text),
           ErrorCode::kUnsupported);
    }
    return found->type;
  }

  void add_entry(const std::string& name, const Json& value) {
    Entry entry{type_of(name, value), integers(name, value, "shape"), {}};
    const auto offsets = integers(name, value, "data_offsets");
    const auto size = static_cast<std::int64_t>(data.size());
    if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > size) {
      fail(fmt::format("the data of tensor '{}' lies at {}, the file has {} bytes of data", name,
                       value["data_offsets"].dump(), size));
    }
    const auto length = static_cast<std::uint64_t>(offsets[1] - offsets[0]);
    if (byte_count(entry.shape, info_of(entry.type).bytes) != length) {
      fail(fmt::format("tensor '{}' of shape [{}] has {} bytes of data", name, fmt::join(entry.shape, ", "),
                       length));
    }
    entry.bytes = data.subspan(static_cast<std::size_t>(offsets[0]), static_cast<std::size_t>(length));
    entries[name] = std::move(entry);
  }

  // The format allows neither gaps nor overlaps, so a wrong offset can't go unseen.
  void check_coverage() const {
    std::vector<std::pair<const std::byte*, const Entry*>> order;
    for (const auto& [name, entry] : entries) order.emplace_back(entry.bytes.data(), &entry);
    std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
      return std::pair(a.first, a.second->bytes.size()) < std::pair(b.first, b.second->bytes.size());
    });
    const std::byte* expected = data.data();
    for (const auto& [begin, entry] : order) {
      if (begin != expected) fail("its tensors overlap or leave gaps");
      expected = begin + entry->bytes.size();
    }
    if (expected != data.data() + data.size()) fail("it has bytes after its last tensor");
  }

  fs::path path;
  MappedFile mapped;
  std::span<const std::byte> data;
  std::map<std::string, Entry> entries;
  std::map<std::string, std::string> metadata;
};

SafetensorsFile::SafetensorsFile(const fs::path& path) : impl_(std::make_unique<Impl>(path)) {}
SafetensorsFile::~SafetensorsFile() = default;
SafetensorsFile::SafetensorsFile(SafetensorsFile&&) noexcept = default;
SafetensorsFile& SafetensorsFile::operator=(SafetensorsFile&&) noexcept = default;
const std::map<std::string, SafetensorsFile::Entry>& SafetensorsFile::entries() const {
  return impl_->entries;
}
const std::map<std::string, std::string>& SafetensorsFile::metadata() const { return impl_->metadata; }

namespace {

template <class Stored, class Convert>
std::vector<float> converted(std::span<const std::byte> bytes, Convert convert) {
  std::vector<float> values(bytes.size() / sizeof(Stored));
  for (std::size_t n = 0; n < values.size(); ++n) {
    Stored stored;
    std::memcpy(&stored, bytes.data() + n * sizeof(Stored), sizeof(Stored));  // may be unaligned
    values[n] = convert(stored);
  }
  return values;
}

}  // namespace

NamedTensor as_float32(const SafetensorsFile::Entry& entry) {
  switch (entry.type) {
    case ElementType::kFloat32:
      return {entry.shape, converted<float>(entry.bytes, [](float v) { return v; })};
    case ElementType::kFloat16:
      return {entry.shape, converted<std::uint16_t>(entry.bytes, float_from_half)};
    case ElementType::kBFloat16:
      return {entry.shape, converted<std::uint16_t>(entry.bytes, float_from_bfloat16)};
    case ElementType::kFloat64:
      return {entry.shape, converted<double>(entry.bytes, [](double v) { return static_cast<float>(v); })};
    default:
      throw Error(ErrorCode::kInvalidInput, "a tensor of whole numbers stands where weights are expected");
  }
}

Weights read_weights(const fs::path& path) {
  const SafetensorsFile file(path);
  Weights weights;
  for (const auto& [name, entry] : file.entries()) {
    const bool floating = info_of(entry.type).name[0] == 'F' || entry.type == ElementType::kBFloat16;
    if (floating) weights[name] = as_float32(entry);
  }
  return weights;
}

void write_safetensors(const fs::path& path, const std::vector<TensorToWrite>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::size_t offset = 0;
  for (const auto& tensor : tensors) {
    const bool matches = byte_count(tensor.shape, info_of(tensor.type).bytes) == tensor.bytes.size();
    HEPAR_EXPECT(matches, fmt::format("tensor '{}' has {} bytes", tensor.name, tensor.bytes.size()));
    HEPAR_EXPECT(!header.contains(tensor.name), fmt::format("tensor '{}' is given twice", tensor.name));
    const std::size_t end = offset + tensor.bytes.size();
    header[tensor.name] = {
        {"dtype", info_of(tensor.type).name}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes, ' ');
  std::vector<std::byte> bytes(kLengthBytes + text.size() + offset);
  const std::uint64_t length = text.size();
  std::memcpy(bytes.data(), &length, kLengthBytes);
  std::memcpy(bytes.data() + kLengthBytes, text.data(), text.size());
  auto target = bytes.begin() + static_cast<std::ptrdiff_t>(kLengthBytes + text.size());
  for (const auto& tensor : tensors) target = std::copy(tensor.bytes.begin(), tensor.bytes.end(), target);
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void write_weights(const fs::path& path, const Weights& weights, ElementType stored_as) {
  HEPAR_EXPECT(stored_as == ElementType::kFloat32 || stored_as == ElementType::kFloat16,
               "weights are stored as floats");
  std::map<std::string, std::vector<std::uint16_t>> halves;
  std::vector<TensorToWrite> tensors;
  for (const auto& [name, tensor] : weights) {
    auto bytes = std::as_bytes(std::span(tensor.values));
    if (stored_as == ElementType::kFloat16) {
      auto& half = halves[name];
      half.resize(tensor.values.size());
      std::transform(tensor.values.begin(), tensor.values.end(), half.begin(), half_from_float);
      bytes = std::as_bytes(std::span(half));
    }
    tensors.push_back({name, stored_as, tensor.shape, bytes});
  }
  write_safetensors(path, tensors);
}

}  // namespace hepar
