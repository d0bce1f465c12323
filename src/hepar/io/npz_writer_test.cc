// SPDX-License-Identifier: Apache-2.0
#include "hepar/io/npz_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <cstring>

#include "hepar/core/parallel.h"
#include "hepar/io/test_scratch_folder.h"

namespace hepar {
namespace {
using io::ScratchFolder;
using testing::HasSubstr;

using NpzWriter = ScratchFolder;

// Smooth values and noise; 700 x 1000 elements are three blocks.
float value_at(std::int64_t n) {
  return static_cast<float>(n % 1000) * 0.001F +
         (n % 7 == 0 ? 1e-6F * static_cast<float>(n * 48271 % 65537) : 0);
}
void fill(std::int64_t first, std::span<float> values) {
  for (auto& value : values) value = value_at(first++);
}

// The entry's bytes, inflated; the entry begins behind a local header of 30 bytes, the name and 20 bytes of
// zip64 sizes (PKWARE APPNOTE.TXT 4.3.7).
std::string inflated(const std::string& file, std::size_t expected_bytes) {
  constexpr std::size_t kStart = 30 + sizeof("probabilities.npy") - 1 + 20;
  std::string result(expected_bytes, '\0');
  z_stream stream{};
  inflateInit2(&stream, -15);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(file.data() + kStart));
  stream.avail_in = static_cast<uInt>(file.size() - kStart);
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.total_out, expected_bytes);
  inflateEnd(&stream);
  return result;
}

TEST_F(NpzWriter, HoldsOneNpyFile) {
  const std::array<std::int64_t, 3> shape{2, 350, 1000};
  write_probabilities_npz(folder_ / "a.npz", shape, fill);
  const std::string npy = inflated(bytes_of("a.npz"), 128 + 700'000 * sizeof(float));
  EXPECT_EQ(npy.substr(0, 8), std::string("\x93NUMPY\1\0", 8));
  EXPECT_THAT(npy.substr(10, 118),
              HasSubstr("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 350, 1000), }"));
  EXPECT_EQ(npy[127], '\n');
  for (std::int64_t n = 0; n < 700'000; ++n) {
    float value = 0;
    std::memcpy(&value, npy.data() + 128 + static_cast<std::size_t>(n) * sizeof(float), sizeof(float));
    ASSERT_EQ(value, value_at(n)) << n;
  }
  EXPECT_EQ(entries(), 1);
}

TEST_F(NpzWriter, BytesDoNotDependOnThreads) {
  const std::array<std::int64_t, 1> shape{1'000'000};
  const int before = thread_count();
  for (const int count : {1, 3}) {
    set_thread_count(count);
    write_probabilities_npz(folder_ / std::to_string(count), shape, fill);
  }
  set_thread_count(before);
  EXPECT_EQ(bytes_of("1"), bytes_of("3"));
}

TEST_F(NpzWriter, EmptyArraysAreWritten) {
  write_probabilities_npz(folder_ / "a.npz", std::array<std::int64_t, 2>{0, 5},
                          [](std::int64_t, std::span<float>) { FAIL() << "nothing to ask for"; });
  EXPECT_THAT(inflated(bytes_of("a.npz"), 128), HasSubstr("'shape': (0, 5)"));
}

TEST_F(NpzWriter, AFullDiskLeavesNothing) {
  const io::FileSizeLimit limit(100'000);
  const std::string said = error_of(ErrorCode::kExhausted, [&] {
    write_probabilities_npz(folder_ / "a.npz", std::array<std::int64_t, 1>{1'000'000}, fill);
  });
  EXPECT_THAT(said, HasSubstr("a.npz"));
  EXPECT_EQ(entries(), 0);
}

TEST_F(NpzWriter, AFailingSourceLeavesNothing) {
  EXPECT_THROW(write_probabilities_npz(
                   folder_ / "a.npz", std::array<std::int64_t, 1>{3},
                   [](std::int64_t, std::span<float>) { throw Error(ErrorCode::kCancelled, "stopped"); }),
               Error);
  EXPECT_EQ(entries(), 0);
}

}  // namespace
}  // namespace hepar
