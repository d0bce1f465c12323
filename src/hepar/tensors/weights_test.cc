// SPDX-License-Identifier: Apache-2.0
#include "hepar/tensors/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "hepar/core/error.h"
#include "hepar/core/file.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class WeightsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("hepar_weights_test_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    make_folder(folder_);
    path_ = folder_ / "w.safetensors";
  }
  void TearDown() override { fs::remove_all(folder_); }

  // The file as the format describes it: length, header, data.
  void write_raw(const std::string& header, const std::string& data) const {
    std::string bytes(8, '\0');
    const std::uint64_t length = header.size();
    std::memcpy(bytes.data(), &length, 8);
    write_text_file(path_, bytes + header + data);
  }
  void expect_error(ErrorCode code, const std::string& said) const {
    try {
      SafetensorsFile file(path_);
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(said));
    }
  }
  fs::path folder_, path_;
};

TEST_F(WeightsTest, ReadsEveryFloatType) {
  // 1 as float32, half and bfloat16; -2 as float64 (sign 1, exponent 1024); and an int64 that is no weight.
  const std::string data(
      "\0\0\x80\x3f"
      "\0\x3c"
      "\x80\x3f"
      "\0\0\0\0\0\0\0\xc0"
      "\5\0\0\0\0\0\0\0",
      24);
  write_raw(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
                "b":{"dtype":"F16","shape":[1,1],"data_offsets":[4,6]},
                "c":{"dtype":"BF16","shape":[],"data_offsets":[6,8]},
                "d":{"dtype":"F64","shape":[1],"data_offsets":[8,16]},
                "n":{"dtype":"I64","shape":[1],"data_offsets":[16,24]},
                "__metadata__":{"format":"pt"}})",
            data);
  const Weights weights = read_weights(path_);
  ASSERT_EQ(weights.size(), 4u);
  EXPECT_THAT(weights.at("a").values, ElementsAre(1.0f));
  EXPECT_THAT(weights.at("b").values, ElementsAre(1.0f));
  EXPECT_THAT(weights.at("b").shape, ElementsAre(1, 1));
  EXPECT_THAT(weights.at("c").values, ElementsAre(1.0f));
  EXPECT_TRUE(weights.at("c").shape.empty());
  EXPECT_THAT(weights.at("d").values, ElementsAre(-2.0f));
  const SafetensorsFile file(path_);
  EXPECT_EQ(file.metadata().at("format"), "pt");
  EXPECT_THROW(as_float32(file.entries().at("n")), Error);
}

TEST_F(WeightsTest, WritesWhatItReads) {
  const Weights weights{{"b", {{2, 2}, {1, -2.5f, 0x1p-20f, 3.14159f}}}, {"a", {{3}, {0.1f, 0, 7}}}};
  write_weights(path_, weights);
  const Weights back = read_weights(path_);
  EXPECT_EQ(back.at("a").values, weights.at("a").values);
  EXPECT_EQ(back.at("b").values, weights.at("b").values);
  EXPECT_EQ(back.at("b").shape, weights.at("b").shape);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(WeightsTest, HalvesLoseAtMostHalfAnUlp) {
  const Weights weights{{"a", {{3}, {0.1f, -1234.5f, 3.0f}}}};
  write_weights(path_, weights, ElementType::kFloat16);
  const auto back = read_weights(path_).at("a").values;
  // 11 significant bits: relative error at most 2^-11.
  for (std::size_t n = 0; n < 3; ++n) {
    const float value = weights.at("a").values[n];
    EXPECT_LE(std::abs(back[n] - value), std::abs(value) * 0x1p-11f);
  }
  EXPECT_EQ(back[2], 3.0f);
}

TEST_F(WeightsTest, KeepsIntegersMetadataAndAlignment) {
  const std::vector<std::int16_t> hounsfield{-1024, 45};
  const std::vector<std::uint8_t> label{3};
  write_safetensors(path_,
                    {{"label", ElementType::kUInt8, {1}, std::as_bytes(std::span(label))},
                     {"ct", ElementType::kInt16, {1, 2}, std::as_bytes(std::span(hounsfield))}},
                    {{"case", "phantom_007"}});
  const SafetensorsFile file(path_);
  EXPECT_EQ(file.metadata().at("case"), "phantom_007");
  std::vector<std::int16_t> back(2);
  std::memcpy(back.data(), file.entries().at("ct").bytes.data(), 4);
  EXPECT_EQ(back, hounsfield);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(file.entries().at("label").bytes.data()) % 8, 0u);
}

TEST_F(WeightsTest, WritingRefusesBytesThatDoNotFitTheShape) {
  const std::vector<float> values(3);
  EXPECT_THROW(
      write_safetensors(path_, {{"a", ElementType::kFloat32, {2}, std::as_bytes(std::span(values))}}), Error);
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(WeightsTest, EveryTruncationIsRefused) {
  write_weights(path_, {{"a", {{2}, {1, 2}}}, {"b", {{1}, {3}}}});
  const std::string whole = read_text_file(path_);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    write_text_file(path_, whole.substr(0, length));
    try {
      SafetensorsFile file(path_);
      ADD_FAILURE() << "read " << length << " of " << whole.size() << " bytes without error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorrupt) << error.what();
    }
  }
}

TEST_F(WeightsTest, BytesAfterTheLastTensorAreRefused) {
  write_raw(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "12345");
  expect_error(ErrorCode::kCorrupt, "after its last tensor");
}

TEST_F(WeightsTest, WrongHeadersAreRefused) {
  write_raw("[1]", "");
  expect_error(ErrorCode::kCorrupt, "not a JSON object");
  write_raw(R"({"a":{"shape":[1],"data_offsets":[0,4]}})", "1234");
  expect_error(ErrorCode::kCorrupt, "'a' has no dtype");
  write_raw(R"({"a":{"dtype":"F8","shape":[4],"data_offsets":[0,4]}})", "1234");
  expect_error(ErrorCode::kUnsupported, "F8");
  write_raw(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "1234");
  expect_error(ErrorCode::kCorrupt, "'a' of shape [2] has 4 bytes");
  write_raw(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "1234");
  expect_error(ErrorCode::kCorrupt, "'shape' of tensor 'a' holds -1");
  write_raw(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", "1234");
  expect_error(ErrorCode::kCorrupt, "tensor 'a' lies at [4,8]");
  write_raw(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", "1234");
  expect_error(ErrorCode::kCorrupt, "lies at [4,0]");
}

TEST_F(WeightsTest, ShapesThatOverflowAreRefused) {
  // 2^62 * 4 bytes = 2^64, which is 0 in 64 bits.
  write_raw(R"({"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}})", "");
  expect_error(ErrorCode::kCorrupt, "tensor 'a'");
}

TEST_F(WeightsTest, OverlapsAndGapsAreRefused) {
  write_raw(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
                "b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})",
            "123456");
  expect_error(ErrorCode::kCorrupt, "overlap");
  write_raw(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
                "b":{"dtype":"F32","shape":[1],"data_offsets":[6,10]}})",
            "1234567890");
  expect_error(ErrorCode::kCorrupt, "gaps");
}

TEST_F(WeightsTest, HeaderLongerThanTheFileIsRefused) {
  write_text_file(path_, std::string("\xff\xff\xff\xff\xff\xff\xff\x7f", 8) + "{}");
  expect_error(ErrorCode::kCorrupt, "header");
}

TEST_F(WeightsTest, MissingFileAndFolderAreMissing) {
  expect_error(ErrorCode::kMissing, "w.safetensors");
  path_ = folder_;
  expect_error(ErrorCode::kMissing, "not a file");
}

}  // namespace
}  // namespace hepar
