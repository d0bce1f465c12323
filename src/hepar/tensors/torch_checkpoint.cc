// SPDX-License-Identifier: Apache-2.0
#include "hepar/tensors/torch_checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include "hepar/core/error.h"
#include "hepar/tensors/byte_count.h"
#include "hepar/tensors/crc32.h"
#include "hepar/tensors/pickle.h"
#include "hepar/tensors/pickle_json.h"
#include "hepar/tensors/zip_archive.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {
using Kind = PickleValue::Kind;
using Entry = TorchCheckpoint::Entry;

constexpr std::size_t kMaxAxes = 64;  // of torch

struct StorageClass {
  std::string_view name;
  ElementType type;
  std::size_t element_bytes;
};
constexpr StorageClass kStorages[] = {
    {"torch.FloatStorage", ElementType::kFloat32, 4},     {"torch.HalfStorage", ElementType::kFloat16, 2},
    {"torch.BFloat16Storage", ElementType::kBFloat16, 2}, {"torch.DoubleStorage", ElementType::kFloat64, 8},
    {"torch.LongStorage", ElementType::kInt64, 8},        {"torch.ShortStorage", ElementType::kInt16, 2},
    {"torch.ByteStorage", ElementType::kUInt8, 1}};

const StorageClass* storage_class(std::string_view name) {
  const auto* found = std::find_if(std::begin(kStorages), std::end(kStorages),
                                   [&](const StorageClass& storage) { return storage.name == name; });
  return found == std::end(kStorages) ? nullptr : found;
}

std::size_t element_bytes(ElementType type) {
  return std::find_if(std::begin(kStorages), std::end(kStorages),
                      [&](const StorageClass& storage) { return storage.type == type; })
      ->element_bytes;
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string without_prefixes(std::string_view name) {
  for (bool changed = true; changed;) {
    changed = false;
    for (const std::string_view prefix : {"module.", "_orig_mod."}) {
      if (name.substr(0, prefix.size()) != prefix) continue;
      name.remove_prefix(prefix.size());
      changed = true;
    }
  }
  return std::string(name);
}

// The place after the last element that a view touches, or nothing when that leaves 64 bits.
std::optional<std::int64_t> end_of_view(const Entry& entry) {
  std::int64_t last = entry.first;
  for (std::size_t axis = 0; axis < entry.shape.size(); ++axis) {
    if (entry.shape[axis] == 0) return entry.first;
    std::int64_t way = 0;
    if (entry.shape[axis] < 0 || entry.strides[axis] < 0 ||
        __builtin_mul_overflow(entry.shape[axis] - 1, entry.strides[axis], &way) ||
        __builtin_add_overflow(last, way, &last)) {
      return {};
    }
  }
  std::int64_t end = 0;
  if (__builtin_add_overflow(last, 1, &end)) return {};
  return end;
}

// The bytes of the elements, last axis fastest.
std::vector<std::byte> gathered(const Entry& entry, std::size_t count, std::size_t size) {
  std::vector<std::byte> bytes(count * size);
  std::vector<std::int64_t> index(entry.shape.size());
  std::int64_t place = entry.first;
  for (std::size_t n = 0; n < count; ++n) {
    std::memcpy(bytes.data() + n * size, entry.storage.data() + static_cast<std::size_t>(place) * size, size);
    for (std::size_t axis = index.size(); axis-- > 0;) {
      if (entry.shape[axis] == 1) continue;  // its stride may be any number
      place += entry.strides[axis];
      if (++index[axis] < entry.shape[axis]) break;
      place -= index[axis] * entry.strides[axis];
      index[axis] = 0;
    }
  }
  return bytes;
}

bool is_contiguous(const Entry& entry) {
  std::int64_t step = 1;
  for (std::size_t axis = entry.shape.size(); axis-- > 0;) {
    if (entry.shape[axis] != 1 && entry.strides[axis] != step) return false;
    step *= entry.shape[axis];
  }
  return true;
}

// Checks what the file is before it is read as a zip file, so that the sentence fits the file.
const fs::path& checked_kind(const fs::path& path, std::span<const std::byte> bytes) {
  const std::string_view text = as_text(bytes);
  // The number that opens a file of torch before 1.6 (torch/serialization.py, MAGIC_NUMBER), pickled.
  constexpr std::string_view kLegacyMagic("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 14);
  if (text.substr(0, kLegacyMagic.size()) == kLegacyMagic) {
    throw Error(
        ErrorCode::kUnsupported,
        fmt::format("{} is of the form that torch had before 1.6; load it in Python with torch.load and "
                    "torch.save it again",
                    path.string()));
  }
  if (text.substr(0, 2) != "PK") {
    throw Error(
        ErrorCode::kCorrupt,
        fmt::format("{} of {} bytes is no torch checkpoint: it does not begin like a zip file; give a "
                    "checkpoint_final.pth as nnU-Net writes it",
                    path.string(), bytes.size()));
  }
  return path;
}

}  // namespace

struct TorchCheckpoint::Impl {
  explicit Impl(const fs::path& path)
      : file(path.string()), archive(checked_kind(path, MappedFile(path).bytes())) {
    root = root_folder();
    check_byte_order();
    check_pickle_bytes();
    const Pickle pickle(archive.entries().at(root + "data.pkl").bytes, file);
    read_dictionary(pickle.root());
  }

  [[noreturn]] void fail(ErrorCode code, const std::string& text) const {
    throw Error(code, fmt::format("{} is no usable torch checkpoint: {}", file, text));
  }

  // The folder in the archive, "checkpoint_final/" or "archive/".
  std::string root_folder() const {
    constexpr std::string_view kPickle = "/data.pkl";
    for (const auto& [name, entry] : archive.entries()) {
      const std::size_t slash = name.find('/');
      if (slash == std::string::npos || name.substr(slash) != kPickle) continue;
      const std::string folder = name.substr(0, slash + 1);
      if (archive.entries().contains(folder + "constants.pkl")) {
        fail(ErrorCode::kUnsupported,
             "it is a TorchScript program; give the checkpoint that it was made from");
      }
      return folder;
    }
    fail(ErrorCode::kInvalidInput,
         fmt::format("none of its {} entries is a data.pkl; give a checkpoint_final.pth as nnU-Net writes it",
                     archive.entries().size()));
  }

  void check_byte_order() const {
    const auto found = archive.entries().find(root + "byteorder");
    if (found == archive.entries().end() || as_text(found->second.bytes) == "little") return;
    fail(ErrorCode::kUnsupported,
         "its byte order is not 'little'; load it in Python and torch.save it again on a common machine");
  }

  // torch can be told to write no checksums; the two bytes of "version" tell whether it did.
  void check_pickle_bytes() const {
    const auto version = archive.entries().find(root + "version");
    const bool has_checksums =
        version != archive.entries().end() && crc32(version->second.bytes) == version->second.crc;
    const ZipArchive::Entry& pickle = archive.entries().at(root + "data.pkl");
    if (has_checksums && crc32(pickle.bytes) != pickle.crc) {
      fail(ErrorCode::kCorrupt, "the checksum of its data.pkl is wrong; copy it again from its source");
    }
  }

  void read_dictionary(const PickleValue& dictionary) {
    if (!dictionary.is(Kind::kDict)) {
      fail(ErrorCode::kInvalidInput, "it holds no dictionary; torch.save the network's state_dict()");
    }
    for (const std::string_view key : {"network_weights", "state_dict"}) {
      const PickleValue* weights = dictionary.find(key);
      if (weights == nullptr || !weights->is(Kind::kDict)) continue;
      add_tensors(*weights);
      if (tensors.empty()) fail(ErrorCode::kInvalidInput, fmt::format("its '{}' holds no tensor", key));
      info = pickle_json(dictionary, {key, "optimizer_state"}, file);
      return;
    }
    add_tensors(dictionary);
    if (tensors.empty()) {
      fail(
          ErrorCode::kInvalidInput,
          "it holds neither 'network_weights' nor tensors; give a checkpoint_final.pth as nnU-Net writes it");
    }
  }

  void add_tensors(const PickleValue& weights) {
    for (std::size_t n = 0; n + 1 < weights.items.size(); n += 2) {
      if (!weights.items[n]->is(Kind::kText)) continue;
      const std::string key(weights.items[n]->text);
      auto entry = tensor(key, *weights.items[n + 1]);
      if (!entry) continue;
      const auto [place, is_new] = tensors.emplace(without_prefixes(key), std::move(*entry));
      if (!is_new) fail(ErrorCode::kCorrupt, fmt::format("two of its tensors are named '{}'", place->first));
    }
  }

  // Nothing for a value that is no tensor of a type that we read.
  std::optional<Entry> tensor(const std::string& key, const PickleValue& value) const {
    const PickleValue* view = &value;
    for (const std::string_view wrapper :
         {"torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state"}) {
      if (value.is_call(wrapper, 1)) view = &value.argument(0);
    }
    const bool is_tensor = view->is_call("torch._utils._rebuild_tensor_v2", 4) ||
                           view->is_call("torch._utils._rebuild_tensor", 4);
    if (!is_tensor) return {};
    auto entry = storage(key, view->argument(0));
    if (!entry) return {};
    const PickleValue& first = view->argument(1);
    if (!first.is(Kind::kInteger) || first.integer < 0) fail_view(key);
    entry->first = first.integer;
    entry->shape = sizes(key, view->argument(2));
    entry->strides = sizes(key, view->argument(3));
    check_view(key, *entry);
    return entry;
  }

  [[noreturn]] void fail_view(const std::string& key) const {
    fail(ErrorCode::kCorrupt,
         fmt::format("tensor '{}' does not fit its data; copy the file again from its source", key));
  }

  std::vector<std::int64_t> sizes(const std::string& key, const PickleValue& value) const {
    const PickleValue& list = value.is_call("torch.Size", 1) ? value.argument(0) : value;
    if (!list.is(Kind::kTuple) || list.items.size() > kMaxAxes) fail_view(key);
    std::vector<std::int64_t> numbers;
    for (const auto* item : list.items) {
      if (!item->is(Kind::kInteger)) fail_view(key);
      numbers.push_back(item->integer);
    }
    return numbers;
  }

  // The persistent id is ('storage', class, name, device, element count).
  std::optional<Entry> storage(const std::string& key, const PickleValue& value) const {
    const bool is_id =
        value.is(Kind::kPersistent) && value.items[0]->is(Kind::kTuple) && value.items[0]->items.size() >= 5;
    if (!is_id) fail_view(key);
    const auto& id = value.items[0]->items;
    const bool has_kinds = id[1]->is(Kind::kName) && id[2]->is(Kind::kText) && id[4]->is(Kind::kInteger);
    if (!has_kinds) fail_view(key);
    const StorageClass* type = storage_class(id[1]->text);
    if (type == nullptr) return {};
    const auto found = archive.entries().find(fmt::format("{}data/{}", root, id[2]->text));
    if (found == archive.entries().end()) {
      fail(ErrorCode::kCorrupt,
           fmt::format("the data '{}' of tensor '{}' is missing; copy the file again from "
                       "its source",
                       id[2]->text, key));
    }
    const auto wanted = byte_count({{id[4]->integer}}, type->element_bytes);
    if (wanted != found->second.bytes.size()) {
      fail(ErrorCode::kCorrupt,
           fmt::format("tensor '{}' needs data of {} elements and has {} bytes; copy the file again from its "
                       "source",
                       key, id[4]->integer, found->second.bytes.size()));
    }
    return Entry{type->type, {}, {}, 0, found->second.bytes};
  }

  // A view with more elements than its storage (torch's expand) would allow any size, and no network has one.
  void check_view(const std::string& key, const Entry& entry) const {
    if (entry.shape.size() != entry.strides.size()) fail_view(key);
    const auto bytes = byte_count(entry.shape, element_bytes(entry.type));
    const auto end = end_of_view(entry);
    const auto stored = static_cast<std::int64_t>(entry.storage.size() / element_bytes(entry.type));
    if (!bytes || *bytes > entry.storage.size() || !end || *end > stored) fail_view(key);
  }

  std::string file;
  ZipArchive archive;
  std::string root;
  std::map<std::string, Entry> tensors;
  std::string info = "{}";
};

TorchCheckpoint::TorchCheckpoint(const fs::path& path) : impl_(std::make_unique<Impl>(path)) {}
TorchCheckpoint::~TorchCheckpoint() = default;
TorchCheckpoint::TorchCheckpoint(TorchCheckpoint&&) noexcept = default;
TorchCheckpoint& TorchCheckpoint::operator=(TorchCheckpoint&&) noexcept = default;
const std::map<std::string, Entry>& TorchCheckpoint::tensors() const { return impl_->tensors; }
const std::string& TorchCheckpoint::info_json() const { return impl_->info; }

NamedTensor TorchCheckpoint::read(const std::string& name) const {
  const auto found = impl_->tensors.find(name);
  if (found == impl_->tensors.end()) {
    throw Error(
        ErrorCode::kMissing,
        fmt::format("{} has no tensor '{}'; its plans.json belongs to another network", impl_->file, name));
  }
  const Entry& entry = found->second;
  const std::size_t size = element_bytes(entry.type);
  const auto count = static_cast<std::size_t>(*byte_count(entry.shape, size)) / size;
  if (count == 0 || is_contiguous(entry)) {
    const auto start = count == 0 ? 0 : static_cast<std::size_t>(entry.first) * size;
    return as_float32({entry.type, entry.shape, entry.storage.subspan(start, count * size)});
  }
  const auto bytes = gathered(entry, count, size);
  return as_float32({entry.type, entry.shape, bytes});
}

}  // namespace hepar
