// SPDX-License-Identifier: Apache-2.0
#include "hepar/tensors/pickle.h"

#include <fmt/format.h>

#include <bit>
#include <unordered_map>

#include "hepar/core/error.h"
#include "hepar/tensors/pickle_cursor.h"
#include "hepar/tensors/pickle_names.h"
#include "hepar/tensors/pickle_opcodes.h"

namespace hepar {
namespace {
using namespace pickle;
using Kind = PickleValue::Kind;

constexpr std::size_t kMaxBytes = std::size_t{64} << 20;
constexpr std::size_t kMaxValues = 4'000'000;  // a checkpoint of 1000 epochs has about 50 000

// The stack machine of pickle, less the calls.
class Machine : PickleCursor {
 public:
  Machine(std::span<const std::byte> bytes, const std::string& file, std::deque<PickleValue>& values,
          std::deque<std::string>& names)
      : PickleCursor(bytes, file), values_(values), names_(names) {}

  const PickleValue* run() {
    while (true) {
      const auto opcode = take<unsigned char>();
      if (opcode == kStop) return pop();
      const bool known = run_constant(opcode) || run_container(opcode) || run_memo(opcode) ||
                         run_name(opcode) || run_frame(opcode);
      if (!known) fail(fmt::format("opcode {:#04x} is none that torch.save writes", opcode));
    }
  }

 private:
  PickleValue& make(Kind kind) {
    if (values_.size() >= kMaxValues) fail(fmt::format("it has more than {} values", kMaxValues));
    values_.emplace_back().kind = kind;
    return values_.back();
  }
  void push(PickleValue& value) { stack_.push_back(&value); }
  PickleValue& push_new(Kind kind) {
    push(make(kind));
    return *stack_.back();
  }

  // Nothing below the latest mark may be reached.
  PickleValue* pop() {
    PickleValue* value = &top();
    stack_.pop_back();
    return value;
  }
  PickleValue& top() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) fail("a value is missing");
    return *stack_.back();
  }
  std::vector<const PickleValue*> pop_to_mark() {
    if (marks_.empty()) fail("a mark is missing");
    const auto start = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<const PickleValue*> items(start, stack_.end());
    stack_.erase(start, stack_.end());
    marks_.pop_back();
    return items;
  }

  void push_text(Kind kind, std::string_view text) { push_new(kind).text = text; }
  void push_integer(std::int64_t integer) { push_new(Kind::kInteger).integer = integer; }

  void push_long(std::uint64_t size) {
    const auto bytes = take_bytes(size);
    if (size > 8) {
      push_new(Kind::kBigInteger);
      return;
    }
    const bool negative = size > 0 && std::to_integer<int>(bytes.back()) >= 0x80;
    std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
    for (std::size_t n = size; n-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(bytes[n]);
    push_integer(static_cast<std::int64_t>(value));
  }

  void push_real() {
    std::uint64_t bits = 0;  // big-endian
    for (const auto byte : take_bytes(8)) bits = bits << 8 | std::to_integer<std::uint64_t>(byte);
    push_new(Kind::kReal).real = std::bit_cast<double>(bits);
  }

  bool run_constant(unsigned char opcode) {
    switch (opcode) {
      case kNone:
        push_new(Kind::kNone);
        return true;
      case kNewTrue:
      case kNewFalse:
        push_new(Kind::kBool).integer = opcode == kNewTrue ? 1 : 0;
        return true;
      case kBinInt:
        push_integer(take<std::int32_t>());
        return true;
      case kBinInt1:
        push_integer(take<std::uint8_t>());
        return true;
      case kBinInt2:
        push_integer(take<std::uint16_t>());
        return true;
      case kLong1:
        push_long(take<std::uint8_t>());
        return true;
      case kLong4:
        push_long(take<std::uint32_t>());
        return true;
      case kBinFloat:
        push_real();
        return true;
      default:
        return run_text(opcode);
    }
  }

  bool run_text(unsigned char opcode) {
    switch (opcode) {
      case kShortBinUnicode:
      case kShortBinString:
        push_text(Kind::kText, take_text(take<std::uint8_t>()));
        return true;
      case kBinUnicode:
      case kBinString:
        push_text(Kind::kText, take_text(take<std::uint32_t>()));
        return true;
      case kBinUnicode8:
        push_text(Kind::kText, take_text(take<std::uint64_t>()));
        return true;
      case kShortBinBytes:
        push_text(Kind::kBytes, take_text(take<std::uint8_t>()));
        return true;
      case kBinBytes:
        push_text(Kind::kBytes, take_text(take<std::uint32_t>()));
        return true;
      case kBinBytes8:
      case kByteArray8:
        push_text(Kind::kBytes, take_text(take<std::uint64_t>()));
        return true;
      default:
        return false;
    }
  }

  bool run_container(unsigned char opcode) {
    switch (opcode) {
      case kEmptyList:
      case kEmptyTuple:
      case kEmptyDict:
      case kEmptySet:
        push_new(opcode == kEmptyList    ? Kind::kList
                 : opcode == kEmptyTuple ? Kind::kTuple
                 : opcode == kEmptyDict  ? Kind::kDict
                                         : Kind::kSet);
        return true;
      case kTuple1:
      case kTuple2:
      case kTuple3:
        push_tuple(opcode - kTuple1 + 1U);
        return true;
      case kTuple:
      case kList:
      case kDict:
      case kFrozenSet: {
        auto items = pop_to_mark();
        if (opcode == kDict) check_pairs(items);
        push_new(opcode == kTuple  ? Kind::kTuple
                 : opcode == kList ? Kind::kList
                 : opcode == kDict ? Kind::kDict
                                   : Kind::kSet)
            .items = std::move(items);
        return true;
      }
      default:
        return run_filling(opcode);
    }
  }

  void push_tuple(std::size_t count) {
    std::vector<const PickleValue*> items(count);
    for (std::size_t n = count; n-- > 0;) items[n] = pop();
    push_new(Kind::kTuple).items = std::move(items);
  }

  void check_pairs(const std::vector<const PickleValue*>& items) const {
    if (items.size() % 2 != 0) fail("a dictionary has a key without a value");
  }

  bool run_filling(unsigned char opcode) {
    switch (opcode) {
      case kAppend: {
        const PickleValue* item = pop();
        fill({item}, {Kind::kList});
        return true;
      }
      case kAppends:
      case kAddItems:
        fill(pop_to_mark(), {Kind::kList, Kind::kSet});
        return true;
      case kSetItem: {
        const PickleValue* value = pop();
        const PickleValue* key = pop();
        fill({key, value}, {Kind::kDict});
        return true;
      }
      case kSetItems: {
        const auto items = pop_to_mark();
        check_pairs(items);
        fill(items, {Kind::kDict});
        return true;
      }
      default:
        return false;
    }
  }

  // What is put into an object of a class that we do not know is left out.
  void fill(const std::vector<const PickleValue*>& items, std::initializer_list<Kind> kinds) {
    PickleValue& target = top();
    if (target.is(Kind::kObject)) return;
    bool fits = false;
    for (const Kind kind : kinds) fits = fits || target.is(kind);
    if (!fits) fail("items are put into something that is no container");
    target.items.insert(target.items.end(), items.begin(), items.end());
  }

  bool run_memo(unsigned char opcode) {
    switch (opcode) {
      case kBinPut:
        remember(take<std::uint8_t>());
        return true;
      case kLongBinPut:
        remember(take<std::uint32_t>());
        return true;
      case kMemoize:
        remember(static_cast<std::uint32_t>(memo_.size()));
        return true;
      case kBinGet:
        push(recalled(take<std::uint8_t>()));
        return true;
      case kLongBinGet:
        push(recalled(take<std::uint32_t>()));
        return true;
      case kMark:
        marks_.push_back(stack_.size());
        return true;
      case kPop:
        pop();
        return true;
      case kPopMark:
        pop_to_mark();
        return true;
      case kDup:
        push(top());
        return true;
      default:
        return false;
    }
  }

  void remember(std::uint32_t key) {
    if (memo_.size() >= kMaxValues) fail(fmt::format("it has more than {} memos", kMaxValues));
    memo_[key] = &top();
  }
  PickleValue& recalled(std::uint32_t key) const {
    const auto found = memo_.find(key);
    if (found == memo_.end()) fail(fmt::format("memo {} has not been set", key));
    return *found->second;
  }

  bool run_name(unsigned char opcode) {
    switch (opcode) {
      case kGlobal: {
        const auto module = take_line();
        push_name(module, take_line());
        return true;
      }
      case kStackGlobal: {
        const PickleValue* name = pop();
        const PickleValue* module = pop();
        if (!name->is(Kind::kText) || !module->is(Kind::kText)) fail("a name is no text");
        push_name(module->text, name->text);
        return true;
      }
      case kBinPersId:
        push_persistent();
        return true;
      default:
        return run_call(opcode);
    }
  }

  void push_name(std::string_view module, std::string_view name) {
    names_.push_back(fmt::format("{}.{}", module, name));
    check_pickle_name(names_.back(), file());
    push_text(Kind::kName, names_.back());
  }
  void push_persistent() {
    const PickleValue* id = pop();
    push_new(Kind::kPersistent).items = {id};
  }

  bool run_call(unsigned char opcode) {
    switch (opcode) {
      case kReduce:
      case kNewObj:
      case kNewObjEx: {
        if (opcode == kNewObjEx) pop();  // named arguments
        const PickleValue* arguments = pop();
        call(*pop(), arguments);
        return true;
      }
      case kObj:
      case kInst:
        call_from_mark(opcode);
        return true;
      case kBuild: {
        const PickleValue* state = pop();
        build(top(), state);
        return true;
      }
      default:
        return false;
    }
  }

  void call_from_mark(unsigned char opcode) {
    auto items = pop_to_mark();
    if (opcode == kInst) {
      const auto module = take_line();
      push_name(module, take_line());
      items.insert(items.begin(), pop());
    }
    if (items.empty()) fail("a call has no name");
    const PickleValue& callee = *items.front();
    items.erase(items.begin());
    PickleValue& arguments = make(Kind::kTuple);
    arguments.items = std::move(items);
    call(callee, &arguments);
  }

  // The arguments stay where they are: a pickle may use one tuple for many calls.
  void call(const PickleValue& callee, const PickleValue* arguments) {
    if (!callee.is(Kind::kName)) fail("something is called that is no class or function");
    if (!arguments->is(Kind::kTuple)) fail("a call has no arguments");
    check_pickle_call(callee.text, file());
    const bool is_dictionary =
        callee.text == "collections.OrderedDict" || callee.text == "collections.defaultdict";
    PickleValue& object = push_new(is_dictionary ? Kind::kDict : Kind::kObject);
    if (is_dictionary) return;
    object.text = callee.text;
    object.arguments = arguments;
  }

  void build(PickleValue& target, const PickleValue* state) const {
    if (target.is(Kind::kName)) check_pickle_call(target.text, file());
    if (target.is(Kind::kObject)) target.state = state;
  }

  bool run_frame(unsigned char opcode) {
    if (opcode == kFrame) take<std::uint64_t>();
    if (opcode == kProto && take<std::uint8_t>() > 5) fail("its protocol is newer than 5");
    return opcode == kFrame || opcode == kProto;
  }

  std::deque<PickleValue>& values_;
  std::deque<std::string>& names_;
  std::vector<PickleValue*> stack_;
  std::vector<std::size_t> marks_;  // sizes of the stack
  std::unordered_map<std::uint32_t, PickleValue*> memo_;
};

}  // namespace

const PickleValue* PickleValue::find(std::string_view key) const {
  if (kind != Kind::kDict) return nullptr;
  for (std::size_t n = items.size(); n >= 2; n -= 2) {
    if (items[n - 2]->is(Kind::kText) && items[n - 2]->text == key) return items[n - 1];
  }
  return nullptr;
}

Pickle::Pickle(std::span<const std::byte> bytes, const std::string& file) {
  if (bytes.size() > kMaxBytes) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("{} holds a pickle of {} bytes and at most {} are read; torch.save its "
                            "network_weights and init_args alone",
                            file, bytes.size(), kMaxBytes));
  }
  root_ = Machine(bytes, file, values_, names_).run();
}

}  // namespace hepar
