// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hepar {

// What a pickle describes, as data: calls are recorded, none is made. Values that the pickle shares are one
// node, so a node may be reached on many ways and even contain itself.
struct PickleValue {
  enum class Kind {
    kNone,
    kBool,
    kInteger,
    kBigInteger,  // beyond 64 bits; its value is not kept
    kReal,
    kText,  // UTF-8
    kBytes,
    kList,
    kTuple,
    kSet,
    kDict,        // OrderedDict and defaultdict too
    kName,        // a class or function
    kObject,      // what calling a name would give
    kPersistent,  // "stored elsewhere": items[0] says where
  };
  Kind kind = Kind::kNone;
  std::int64_t integer = 0;                // kInteger, kBool
  double real = 0;                         // kReal
  std::string_view text;                   // kText, kBytes; kName and kObject: "module.name"
  std::vector<const PickleValue*> items;   // kDict: key, value, key, value ..
  const PickleValue* arguments = nullptr;  // kObject: a tuple
  const PickleValue* state = nullptr;      // kObject: what BUILD would set; may be null

  bool is(Kind wanted) const { return kind == wanted; }
  bool is_call(std::string_view name, std::size_t least_arguments) const {
    return kind == Kind::kObject && text == name && arguments->items.size() >= least_arguments;
  }
  const PickleValue& argument(std::size_t n) const { return *arguments->items[n]; }
  // The last value of a text key of a dictionary, or nullptr.
  const PickleValue* find(std::string_view key) const;
};

// Reads a pickle of protocol 2 to 5 without running anything. A name that has no business in a checkpoint is
// Error(kUnsupported) with the name (pickle_names.h); damage, more than 4 million values, Error(kCorrupt);
// more than 64 MiB, Error(kUnsupported). Source of the opcodes: CPython 3.11, Lib/pickletools.py.
class Pickle {
 public:
  // `file` is for error messages. The values point into `bytes`, which must outlive this object.
  Pickle(std::span<const std::byte> bytes, const std::string& file);
  Pickle(const Pickle&) = delete;
  Pickle& operator=(const Pickle&) = delete;

  const PickleValue& root() const { return *root_; }

 private:
  std::deque<PickleValue> values_;
  std::deque<std::string> names_;
  const PickleValue* root_ = nullptr;
};

}  // namespace hepar
