// SPDX-License-Identifier: Apache-2.0
#include "hepar/tensors/pickle_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hepar/tensors/test_assembly.h"

namespace hepar {
namespace {
using testing::HasSubstr;

// The JSON of {"v": value}, less the key.
std::string json_of(const std::string& value) {
  const std::string bytes = "\x80\2}" + text("v") + value + "s.";
  const Pickle pickle(std::as_bytes(std::span(bytes)), "c.pth");
  const std::string json = pickle_json(pickle.root(), {}, "c.pth");
  EXPECT_EQ(json.substr(0, 5), "{\"v\":");
  EXPECT_EQ(json.back(), '}');
  return json.substr(5, json.size() - 6);
}

std::string real(const std::string& big_endian) { return std::string("G").append(big_endian); }

TEST(PickleJson, PlainValues) {
  EXPECT_EQ(json_of("N"), "null");
  EXPECT_EQ(json_of("\x88"), "true");
  EXPECT_EQ(json_of(integer(-7)), "-7");
  EXPECT_EQ(json_of(real(std::string("\x3f\xf0\0\0\0\0\0\0", 8))), "1.0");
  EXPECT_EQ(json_of(text("a\"\n\xc3\xa9")), "\"a\\\"\\n\xc3\xa9\"");
  EXPECT_EQ(json_of(std::string("(").append(small(1)).append(small(2)).append("t")), "[1,2]");
  EXPECT_EQ(json_of("N\x85\x85"), "[[null]]");
  EXPECT_EQ(json_of(small(3) + "q\1h\1h\1\x87"), "[3,3,3]");
}

TEST(PickleJson, WhatJsonLacksIsNull) {
  EXPECT_EQ(json_of(real(std::string("\x7f\xf8\0\0\0\0\0\0", 8))), "null");  // NaN
  EXPECT_EQ(json_of(real(std::string("\xff\xf0\0\0\0\0\0\0", 8))), "null");  // -infinity
  EXPECT_EQ(json_of("\x8a\x09" + std::string(9, '\1')), "null");
  EXPECT_EQ(json_of("C\2ab"), "null");
  EXPECT_EQ(json_of(global("torch", "device") + text("cpu") + "\x85R"), "null");
  EXPECT_EQ(json_of(text("\xed\xa0\x80")).front(), '"') << "a lone surrogate is replaced, not an error";
}

TEST(PickleJson, SetsAndSizesAreLists) {
  EXPECT_EQ(json_of(global("__builtin__", "set") + "](" + small(1) + small(2) + "e\x85R"), "[1,2]");
  EXPECT_EQ(json_of(global("torch", "Size") + small(4) + small(5) + "\x86\x85R"), "[4,5]");
}

TEST(PickleJson, KeysKeepTheirOrderAndBecomeText) {
  const std::string bytes = "\x80\2}(" + text("z") + small(1) + small(7) + small(2) + text("a") + small(3) +
                            "\x88" + small(4) + text("gone") + small(5) + text("z") + small(6) + "u.";
  const Pickle pickle(std::as_bytes(std::span(bytes)), "c.pth");
  EXPECT_EQ(pickle_json(pickle.root(), {"gone"}, "c.pth"), R"({"z":6,"7":2,"a":3,"true":4})");
}

// dtype('f8', False, True) with its state, as NumPy pickles it.
std::string dtype(const std::string& name, const std::string& order = "<") {
  return global("numpy", "dtype") + text(name) + "\x89\x88\x87R(" + small(3) + text(order) + "NNN" +
         integer(-1) + integer(-1) + small(0) + "tb";
}
// Bytes as protocol 2 has them: text whose code points are the bytes.
std::string encoded(const std::string& bytes) {
  std::string utf8;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) utf8 += static_cast<char>(byte >= 0xc0 ? 0xc3 : 0xc2);
    utf8 += static_cast<char>(byte >= 0x80 ? 0x80 | (byte & 0x3f) : byte);
  }
  return global("_codecs", "encode") + text(utf8) + text("latin1") + "\x86R";
}
std::string scalar(const std::string& module, const std::string& type, const std::string& bytes) {
  return global(module, "scalar") + type + bytes + "\x86R";
}

TEST(PickleJson, NumPyScalarsAreNumbers) {
  const std::string one_module = "numpy.core.multiarray", two_module = "numpy._core.multiarray";
  EXPECT_EQ(json_of(scalar(one_module, dtype("f8"), encoded(little(0.3876129840802549)))),
            "0.3876129840802549");
  EXPECT_EQ(json_of(scalar(two_module, dtype("f4"), encoded(little(-0.25F)))), "-0.25");
  EXPECT_EQ(json_of(scalar(one_module, dtype("f2"), encoded(u16(0x3e00)))), "1.5");
  EXPECT_EQ(json_of(scalar(one_module, dtype("i8"), encoded(little(std::int64_t{-5})))), "-5");
  EXPECT_EQ(json_of(scalar(one_module, dtype("u1"), "C\1\xfe")), "254");
  EXPECT_EQ(json_of(scalar(one_module, dtype("b1"), "C\1\1")), "true");
  EXPECT_EQ(json_of(scalar(one_module, dtype("i4", ">"), "C\4" + std::string("\xff\xff\xff\xfe", 4))), "-2");
  EXPECT_EQ(json_of(scalar(one_module, dtype("f8"), "C\4abcd")), "null") << "four bytes are no double";
  EXPECT_EQ(json_of(scalar(one_module, dtype("O8"), "C\4abcd")), "null");
}

std::string array(const std::string& shape, const std::string& bytes) {
  return global("numpy.core.multiarray", "_reconstruct") + global("numpy", "ndarray") + small(0) + "\x85" +
         "C\1b\x87R(" + small(1) + shape + dtype("i2") + "\x89" + bytes + "tb";
}

TEST(PickleJson, NumPyArraysAreLists) {
  const std::string six = u16(1) + u16(2) + u16(3) + u16(4) + u16(5) + u16(6);
  EXPECT_EQ(json_of(array(small(2) + small(3) + "\x86", encoded(six))), "[[1,2,3],[4,5,6]]");
  EXPECT_EQ(json_of(array(small(0) + "\x85", encoded(""))), "[]");
  EXPECT_EQ(json_of(array(small(7) + "\x85", encoded(six))), "null") << "the size does not fit";
  EXPECT_EQ(json_of(array(integer(-1) + "\x85", encoded(six))), "null");
}

// Ten lists, each of which holds the one before ten times: 10^10 values in 300 bytes.
TEST(PickleJson, SharedValuesMayNotUnfoldWithoutLimit) {
  std::string value = text(std::string(100, 'x')) + "q\1";
  for (int level = 0; level < 10; ++level) {
    value += "0](";
    for (int n = 0; n < 10; ++n) value += "h\1";
    value += "eq\1";
  }
  EXPECT_THAT(error_of(ErrorCode::kCorrupt, [&] { json_of(value); }), HasSubstr("c.pth"));
  // Nothing but empty tuples leaves little text, and as keys none at all.
  std::string keys = ")q\1";
  for (int level = 0; level < 10; ++level) {
    keys += "0}(";
    for (int n = 0; n < 10; ++n) keys += "h\1N";
    keys += "uq\1";
  }
  EXPECT_THAT(error_of(ErrorCode::kCorrupt, [&] { json_of(keys); }), HasSubstr("unfold"));
}

TEST(PickleJson, EndlessNestingIsRefused) {
  EXPECT_THAT(error_of(ErrorCode::kCorrupt, [] { json_of("]q\1h\1a"); }), HasSubstr("deeper than 100"));
  EXPECT_THAT(error_of(ErrorCode::kCorrupt, [] { json_of(")" + std::string(1'000'000, '\x85')); }),
              HasSubstr("deeper than 100"));
}

}  // namespace
}  // namespace hepar
