// SPDX-License-Identifier: Apache-2.0
#include "hepar/tensors/pickle_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "hepar/core/error.h"

namespace hepar {
namespace {

// Modules of Python that run commands, reach files or the network, or load code: those that count wherever
// they stand, since "torch.os.system" is os.system too, and those that count at the start only.
constexpr std::array<std::string_view, 10> kDangerousAnywhere{
    "os", "posix", "nt", "sys", "subprocess", "runpy", "importlib", "ctypes", "builtins", "__builtins__"};
constexpr std::array<std::string_view, 24> kDangerousModules{
    "_posixsubprocess", "imp",    "pkgutil",   "code",     "codeop",      "commands", "shutil",     "socket",
    "_ctypes",          "cffi",   "pty",       "marshal",  "pickle",      "_pickle",  "cPickle",    "dill",
    "cloudpickle",      "joblib", "_operator", "operator", "__builtin__", "urllib",   "webbrowser", "pdb"};

constexpr std::array<std::string_view, 13> kDataBuiltins{"set",  "frozenset", "dict",    "list",  "tuple",
                                                         "int",  "float",     "complex", "bytes", "str",
                                                         "bool", "bytearray", "object"};

// Names that checkpoints call; a star stands for any text.
constexpr std::array<std::string_view, 40> kKnownCalls{"collections.OrderedDict",
                                                       "collections.defaultdict",
                                                       "collections.Counter",
                                                       "collections.deque",
                                                       "_codecs.encode",
                                                       "copyreg._reconstructor",
                                                       "copy_reg._reconstructor",
                                                       "torch._utils._rebuild*",
                                                       "torch._tensor._rebuild*",
                                                       "torch.device",
                                                       "torch.Size",
                                                       "torch.Tensor",
                                                       "torch.Generator",
                                                       "torch.*Storage",
                                                       "torch.nn.*",
                                                       "torch.optim.*",
                                                       "torch.amp.*",
                                                       "torch.cuda.amp.*",
                                                       "torch.serialization._get_layout",
                                                       "torch.torch_version.TorchVersion",
                                                       "numpy.core.multiarray.scalar",
                                                       "numpy._core.multiarray.scalar",
                                                       "numpy.core.multiarray._reconstruct",
                                                       "numpy._core.multiarray._reconstruct",
                                                       "numpy.core.numeric._frombuffer",
                                                       "numpy._core.numeric._frombuffer",
                                                       "numpy.dtype",
                                                       "numpy.ndarray",
                                                       "numpy.dtypes.*",
                                                       "numpy.random._pickle.*",
                                                       "pathlib.*",
                                                       "argparse.Namespace",
                                                       "types.SimpleNamespace",
                                                       "datetime.*",
                                                       "uuid.UUID",
                                                       "decimal.Decimal",
                                                       "nnunetv2.*",
                                                       "nnunet.*",
                                                       "batchgenerators*",
                                                       "dynamic_network_architectures.*"};

bool matches(std::string_view name, std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return name == pattern;
  const auto tail = pattern.substr(star + 1);
  return name.size() + 1 >= pattern.size() && name.substr(0, star) == pattern.substr(0, star) &&
         name.substr(name.size() - tail.size()) == tail;
}

// Python 2 calls it __builtin__.
std::string_view builtin_name(std::string_view name) {
  for (const std::string_view module : {"builtins.", "__builtin__."}) {
    if (name.substr(0, module.size()) == module) return name.substr(module.size());
  }
  return {};
}

template <class Names>
bool holds(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_dangerous(std::string_view name) {
  if (const auto builtin = builtin_name(name); !builtin.empty()) return !holds(kDataBuiltins, builtin);
  if (holds(kDangerousModules, name.substr(0, name.find('.')))) return true;
  for (std::size_t start = 0; start < name.size();) {
    const std::size_t dot = std::min(name.find('.', start), name.size());
    if (holds(kDangerousAnywhere, name.substr(start, dot - start))) return true;
    start = dot + 1;
  }
  return false;
}

// The name as a message can carry it: a hostile one may be of any length and hold control characters.
std::string shown(std::string_view name) {
  constexpr std::size_t kLongest = 100;
  std::string text(name.substr(0, kLongest));
  for (char& c : text) c = c >= ' ' && c <= '~' ? c : '?';
  return text.append(name.size() > kLongest ? ".." : "");
}

}  // namespace

void check_pickle_name(std::string_view name, const std::string& file) {
  if (!is_dangerous(name)) return;
  throw Error(ErrorCode::kUnsupported,
              fmt::format("{} names {}, which Hepar does not run; this is no plain nnU-Net checkpoint, so "
                          "don't load it in Python either unless you trust where it comes from",
                          file, shown(name)));
}

void check_pickle_call(std::string_view name, const std::string& file) {
  const bool is_known = !builtin_name(name).empty() ||
                        std::any_of(kKnownCalls.begin(), kKnownCalls.end(),
                                    [&](std::string_view pattern) { return matches(name, pattern); });
  if (is_known) return;
  throw Error(ErrorCode::kUnsupported,
              fmt::format("{} calls {}, which Hepar does not know; if you trust the file, load it in Python "
                          "and torch.save its network_weights and init_args alone",
                          file, shown(name)));
}

}  // namespace hepar
