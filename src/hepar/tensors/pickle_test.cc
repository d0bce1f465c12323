// SPDX-License-Identifier: Apache-2.0
#include "hepar/tensors/pickle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "hepar/tensors/test_assembly.h"

namespace hepar {
namespace {
using testing::AllOf;
using testing::HasSubstr;
using Kind = PickleValue::Kind;

constexpr char kFile[] = "checkpoint_final.pth";

std::span<const std::byte> as_bytes(const std::string& bytes) { return std::as_bytes(std::span(bytes)); }

std::string reading(ErrorCode code, const std::string& bytes) {
  return error_of(code, [&] { Pickle(as_bytes(bytes), kFile); });
}

TEST(Pickle, ReadsConstants) {
  // A tuple of everything; -2 and 2^40 as LONG1, 1.5 as big-endian double.
  const std::string bytes = "\x80\x02(N\x88\x89" + small(200) + "M" + u16(40000) + integer(-7) +
                            "\x8a\x01\xfe" + "\x8a\x06" + std::string("\0\0\0\0\0\1", 6) + "\x8a" +
                            std::string(1, '\0') + "G" + std::string("\x3f\xf8\0\0\0\0\0\0", 8) +
                            text("caf\xc3\xa9") + "C\2ab" + "\x8a\x09" + std::string(9, '\x7f') + "t.";
  const Pickle pickle(as_bytes(bytes), kFile);
  const PickleValue& root = pickle.root();
  ASSERT_TRUE(root.is(Kind::kTuple));
  ASSERT_EQ(root.items.size(), 13u);
  EXPECT_TRUE(root.items[0]->is(Kind::kNone));
  EXPECT_TRUE(root.items[1]->is(Kind::kBool));
  EXPECT_EQ(root.items[1]->integer, 1);
  EXPECT_EQ(root.items[2]->integer, 0);
  const std::int64_t integers[] = {200, 40000, -7, -2, std::int64_t{1} << 40, 0};
  for (std::size_t n = 0; n < 6; ++n) EXPECT_EQ(root.items[3 + n]->integer, integers[n]);
  EXPECT_EQ(root.items[9]->real, 1.5);
  EXPECT_EQ(root.items[10]->text, "caf\xc3\xa9");
  EXPECT_TRUE(root.items[11]->is(Kind::kBytes));
  EXPECT_EQ(root.items[11]->text, "ab");
  EXPECT_TRUE(root.items[12]->is(Kind::kBigInteger));
}

TEST(Pickle, ReadsProtocol4) {
  // Frame, short text, memoize, a list filled later, a set: {"k": [1, 2], "s": {3}}.
  const std::string body = std::string("}\x94(\x8c\1k\x94]\x94(") + small(1) + small(2) +
                           "e\x8c\1s\x8f\x94(" + small(3) + "\x90u.";
  const std::string bytes = "\x80\x04\x95" + u64(body.size()) + body;
  const Pickle pickle(as_bytes(bytes), kFile);
  ASSERT_NE(pickle.root().find("k"), nullptr);
  EXPECT_EQ(pickle.root().find("k")->items.size(), 2u);
  ASSERT_TRUE(pickle.root().find("s")->is(Kind::kSet));
  EXPECT_EQ(pickle.root().find("s")->items[0]->integer, 3);
  EXPECT_EQ(pickle.root().find("none"), nullptr);
}

TEST(Pickle, SharedValuesAreOneNode) {
  const std::string bytes = "\x80\2]q\7h\7\x86.";  // the list twice in a tuple
  const Pickle pickle(as_bytes(bytes), kFile);
  EXPECT_EQ(pickle.root().items[0], pickle.root().items[1]);
}

TEST(Pickle, AListMayHoldItself) {
  const std::string bytes = "\x80\2]q\1h\1a.";
  const Pickle pickle(as_bytes(bytes), kFile);
  EXPECT_EQ(pickle.root().items[0], &pickle.root());
}

TEST(Pickle, OrderedDictIsADictionary) {
  const std::string bytes = "\x80\2" + global("collections", "OrderedDict") + ")R(" + text("a") + small(1) +
                            "u}" + text("_metadata") + "Nsb.";
  const Pickle pickle(as_bytes(bytes), kFile);
  ASSERT_TRUE(pickle.root().is(Kind::kDict));
  EXPECT_EQ(pickle.root().find("a")->integer, 1);
  EXPECT_EQ(pickle.root().items.size(), 2u) << "what BUILD sets is no item";
}

TEST(Pickle, CallsAreRecorded) {
  const std::string bytes = "\x80\2" + global("torch", "device") + text("cuda") + small(1) + "\x86R.";
  const Pickle pickle(as_bytes(bytes), kFile);
  EXPECT_TRUE(pickle.root().is_call("torch.device", 2));
  EXPECT_FALSE(pickle.root().is_call("torch.device", 3));
  EXPECT_EQ(pickle.root().argument(0).text, "cuda");
}

TEST(Pickle, ForeignNamesAreOpaqueUntilCalled) {
  const Pickle named(as_bytes("\x80\2" + global("my.package", "Config") + "."), kFile);
  EXPECT_TRUE(named.root().is(Kind::kName));
  EXPECT_THAT(reading(ErrorCode::kUnsupported, "\x80\2" + global("my.package", "Config") + ")R."),
              AllOf(HasSubstr(kFile), HasSubstr("my.package.Config")));
  EXPECT_THAT(reading(ErrorCode::kUnsupported, "\x80\2" + global("my.package", "Config") + ")\x81}b."),
              HasSubstr("my.package.Config"));
}

TEST(Pickle, ClassesOfCheckpointsMayBeCalled) {
  for (const auto& [module, name] : std::vector<std::pair<std::string, std::string>>{
           {"pathlib", "PosixPath"},
           {"argparse", "Namespace"},
           {"nnunetv2.utilities.plans_handling.plans_handler", "PlansManager"},
           {"batchgenerators.utilities.file_and_folder_operations", "Thing"},
           {"builtins", "set"},
           {"__builtin__", "frozenset"},
           {"torch.optim.sgd", "SGD"}}) {
    const std::string bytes = "\x80\2" + global(module, name) + ")R}b.";
    const Pickle pickle(as_bytes(bytes), kFile);
    EXPECT_TRUE(pickle.root().is(Kind::kObject)) << name;
  }
}

TEST(Pickle, CommandsAreRefusedByName) {
  const std::string command = text("touch harm");
  const std::string attacks[] = {
      "\x80\2" + global("os", "system") + command + "\x85R.",              // REDUCE
      "\x80\4\x8c\2os\x8c\6system\x93" + command + "\x85R.",               // STACK_GLOBAL
      "(" + command + "ios\nsystem\n.",                                    // INST
      "(" + global("os", "system") + command + "o.",                       // OBJ
      "\x80\2" + global("os", "system") + command + "\x85\x81.",           // NEWOBJ
      "\x80\2" + global("os", "system") + command + "\x85}\x92.",          // NEWOBJ_EX
      "\x80\2" + global("os", "system") + ".",                             // named only
      "\x80\2}" + text("network_weights") + global("os", "system") + "s."  // named inside
  };
  for (const auto& attack : attacks) {
    EXPECT_THAT(reading(ErrorCode::kUnsupported, attack),
                AllOf(HasSubstr(kFile), HasSubstr("names os.system")));
  }
}

TEST(Pickle, DangerousNamesAreRefused) {
  for (const auto& [module, name] :
       std::vector<std::pair<std::string, std::string>>{{"posix", "system"},
                                                        {"nt", "system"},
                                                        {"subprocess", "Popen"},
                                                        {"sys", "exit"},
                                                        {"runpy", "run_path"},
                                                        {"builtins", "eval"},
                                                        {"builtins", "exec"},
                                                        {"builtins", "getattr"},
                                                        {"builtins", "__import__"},
                                                        {"__builtin__", "eval"},
                                                        {"importlib", "import_module"},
                                                        {"torch", "os.system"},
                                                        {"collections", "abc.sys.exit"},
                                                        {"numpy", "__builtins__.eval"}}) {
    EXPECT_THAT(reading(ErrorCode::kUnsupported, "\x80\2" + global(module, name) + "."), HasSubstr(name));
  }
  // Named as if they were of torch or NumPy, which as a whole are not trusted.
  for (const auto& [module, name] :
       std::vector<std::pair<std::string, std::string>>{{"torch.hub", "load"},
                                                        {"torch.storage", "_load_from_bytes"},
                                                        {"torch.utils.collect_env", "run"},
                                                        {"numpy.testing._private.utils", "runstring"},
                                                        {"numpy", "load"}}) {
    EXPECT_THAT(reading(ErrorCode::kUnsupported, "\x80\2" + global(module, name) + ")R."), HasSubstr(name));
  }
}

TEST(Pickle, HostileNamesAreShownShortAndPrintable) {
  const std::string said =
      reading(ErrorCode::kUnsupported, "\x80\2" + global("os", "\x1b[2J" + std::string(10'000, 'x')) + ".");
  EXPECT_THAT(said, HasSubstr("names os.?[2Jxxx"));
  EXPECT_LT(said.size(), 500u);
}

TEST(Pickle, OnlyNamesAreCalled) {
  EXPECT_THAT(reading(ErrorCode::kCorrupt, "\x80\2" + text("os.system") + ")R."),
              HasSubstr("no class or function"));
  EXPECT_THAT(reading(ErrorCode::kCorrupt, "\x80\2" + global("torch", "device") + ")R)R."),
              HasSubstr("no class or function"));
}

TEST(Pickle, EveryTruncationIsRefused) {
  const std::string whole = "\x80\2}q\2(" + text("a") + "]q\1(" + small(1) + "M" + u16(7) + "e" + text("b") +
                            global("collections", "OrderedDict") + ")Ru.";
  Pickle(as_bytes(whole), kFile);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THAT(reading(ErrorCode::kCorrupt, whole.substr(0, length)), HasSubstr("damaged pickle"));
  }
}

TEST(Pickle, LengthsBeyondTheEndAreRefused) {
  EXPECT_THAT(reading(ErrorCode::kCorrupt, "\x80\2X" + u32(0xffffffff) + "ab."),
              HasSubstr("4294967295 bytes are wanted and 3 are left"));
  for (const std::string opcode : {"\x8d", "\x8e", "\x96"}) {
    reading(ErrorCode::kCorrupt, "\x80\5" + opcode + u64(~std::uint64_t{0}) + "ab.");
  }
  reading(ErrorCode::kCorrupt, "\x80\2\x8b" + u32(0x7fffffff) + "ab.");
}

TEST(Pickle, MisusedStackIsRefused) {
  for (const std::string body : {".", "0.", "t.", "u.", "a.", "\x85.", "(0.", "(R.", "h\1.", "(q\1.",
                                 "}(NuN.", "N(Ne.", "Q.", "b.", "\x93.", "2.", "o.", "(o.", "\xff."}) {
    reading(ErrorCode::kCorrupt, "\x80\2" + body);
  }
  EXPECT_THAT(reading(ErrorCode::kCorrupt, "\x80\6N."), HasSubstr("newer than 5"));
}

TEST(Pickle, TooManyValuesAreRefused) {
  EXPECT_THAT(reading(ErrorCode::kCorrupt, "\x80\2(" + std::string(5'000'000, 'N') + "t."),
              HasSubstr("more than 4000000 values"));
}

// One tuple of a million items, used for a million calls: copies would need terabytes.
TEST(Pickle, CallsShareTheirArguments) {
  std::string bytes = "\x80\2" + global("torch", "Size") + "q\1(" + std::string(1'000'000, 'N') + "tq\2";
  for (int n = 0; n < 1'000'000; ++n) bytes += "h\1h\2R0";
  const Pickle pickle(as_bytes(bytes + "."), kFile);
  EXPECT_TRUE(pickle.root().is(Kind::kTuple));
}

}  // namespace
}  // namespace hepar
