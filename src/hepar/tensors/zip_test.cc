// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hepar/tensors/test_assembly.h"
#include "hepar/tensors/zip_archive.h"
#include "hepar/tensors/zip_writer.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

std::string as_string(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::span<const std::byte> as_bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

class ZipTest : public FolderTest {
 protected:
  std::string reading(ErrorCode code, const std::string& bytes) const {
    const fs::path path = write("a.zip", bytes);
    return error_of(code, [&] { ZipArchive archive(path); });
  }
};

TEST(Crc32, HasItsCheckValue) {
  // The check value of CRC-32/ISO-HDLC in Williams, A Painless Guide to CRC Error Detection Algorithms, 1993.
  EXPECT_EQ(crc32(as_bytes("123456789")), 0xcbf43926U);
  EXPECT_EQ(crc32({}), 0U);
}

TEST_F(ZipTest, ReadsStoredEntries) {
  const ZipArchive archive(write("a.zip", zip_of({{"a/one", "first"}, {"a/two", ""}})));
  ASSERT_EQ(archive.entries().size(), 2u);
  EXPECT_EQ(as_string(archive.entries().at("a/one").bytes), "first");
  EXPECT_EQ(as_string(archive.entries().at("a/two").bytes), "");
}

TEST_F(ZipTest, ReadsBehindAComment) {
  std::string bytes = zip_of({{"n", "data"}});
  bytes.replace(bytes.size() - 2, 2, u16(5));
  const ZipArchive archive(write("a.zip", bytes + "hello"));
  EXPECT_EQ(as_string(archive.entries().at("n").bytes), "data");
}

// Every number of the directory stands in the zip64 records; the 32-bit fields say "look there".
std::string zip64_of(const std::string& name, const std::string& data, std::uint64_t stated_size) {
  const std::string local = "PK\3\4" + u16(45) + u16(0) + u16(0) + u32(0) + u32(crc32(as_bytes(data))) +
                            u32(data.size()) + u32(data.size()) + u16(name.size()) + u16(0) + name + data;
  const std::string extra = u16(1) + u16(24) + u64(stated_size) + u64(stated_size) + u64(0);
  const std::string directory = "PK\1\2" + u16(45) + u16(45) + u16(0) + u16(0) + u32(0) +
                                u32(crc32(as_bytes(data))) + u32(0xffffffff) + u32(0xffffffff) +
                                u16(name.size()) + u16(extra.size()) + u16(0) + u16(0) + u16(0) + u32(0) +
                                u32(0xffffffff) + name + extra;
  const std::string end64 = "PK\6\6" + u64(44) + u16(45) + u16(45) + u32(0) + u32(0) + u64(1) + u64(1) +
                            u64(directory.size()) + u64(local.size());
  const std::string locator = "PK\6\7" + u32(0) + u64(local.size() + directory.size()) + u32(1);
  const std::string end =
      "PK\5\6" + u32(0) + u16(0xffff) + u16(0xffff) + u32(0xffffffff) + u32(0xffffffff) + u16(0);
  return local + directory + end64 + locator + end;
}

TEST_F(ZipTest, ReadsZip64) {
  const ZipArchive archive(write("a.zip", zip64_of("n", "data", 4)));
  EXPECT_EQ(as_string(archive.entries().at("n").bytes), "data");
}

TEST_F(ZipTest, SizesBeyondTheFileAreRefused) {
  for (const std::uint64_t size : {std::uint64_t{5}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    EXPECT_THAT(reading(ErrorCode::kCorrupt, zip64_of("n", "data", size)), HasSubstr("entry 'n'"));
  }
}

TEST_F(ZipTest, CompressedAndEncryptedEntriesAreNamed) {
  EXPECT_THAT(reading(ErrorCode::kUnsupported, zip_of({{"a/x", "12", 8, 0}})),
              HasSubstr("'a/x' is compressed"));
  EXPECT_THAT(reading(ErrorCode::kUnsupported, zip_of({{"a/y", "12", 0, 1}})),
              HasSubstr("'a/y' is encrypted"));
}

TEST_F(ZipTest, DamageIsRefused) {
  EXPECT_THAT(reading(ErrorCode::kCorrupt, ""), HasSubstr("truncated at 0 bytes"));
  EXPECT_THAT(reading(ErrorCode::kCorrupt, zip_of({{"a", "1"}, {"a", "2"}})), HasSubstr("two entries 'a'"));
  std::string other_name = zip_of({{"abc", "1"}});
  other_name[30] = 'z';  // of the local header
  EXPECT_THAT(reading(ErrorCode::kCorrupt, other_name), HasSubstr("entry 'abc'"));
}

TEST_F(ZipTest, EveryTruncationIsRefused) {
  for (const std::string& whole : {zip_of({{"a/one", "first"}, {"b", "2"}}), zip64_of("n", "data", 4)}) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
      reading(ErrorCode::kCorrupt, whole.substr(0, length));
    }
  }
}

TEST_F(ZipTest, WritesAlignedEntriesThatAreReadBack) {
  const std::string long_data(1000, 'x');
  {
    ZipWriter zip(folder_ / "w.zip");
    zip.add_stored("root/data.pkl", as_bytes("pickle"));
    zip.add_stored("root/data/0", as_bytes(long_data));
    zip.add_stored("root/empty", {});
    zip.add_stored("v", as_bytes("3\n"));
    EXPECT_FALSE(fs::exists(folder_ / "w.zip"));
    zip.commit();
  }
  const ZipArchive archive(folder_ / "w.zip");
  ASSERT_EQ(archive.entries().size(), 4u);
  EXPECT_EQ(as_string(archive.entries().at("root/data.pkl").bytes), "pickle");
  EXPECT_EQ(as_string(archive.entries().at("root/data/0").bytes), long_data);
  EXPECT_EQ(archive.entries().at("root/data/0").crc, crc32(as_bytes(long_data)));
  EXPECT_EQ(as_string(archive.entries().at("v").bytes), "3\n");
  const std::byte* start = archive.file_bytes().data();
  for (const auto& [name, entry] : archive.entries()) EXPECT_EQ((entry.bytes.data() - start) % 64, 0) << name;
}

TEST_F(ZipTest, WithoutCommitNothingIsLeft) {
  {
    ZipWriter zip(folder_ / "w.zip");
    zip.add_stored("a", as_bytes("data"));
  }
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(ZipTest, ManyEntriesNeedZip64) {
  {
    ZipWriter zip(folder_ / "w.zip");
    for (int n = 0; n < 0x10000; ++n) zip.add_stored(std::to_string(n), {});
    zip.commit();
  }
  EXPECT_EQ(ZipArchive(folder_ / "w.zip").entries().size(), 0x10000u);
}

TEST_F(ZipTest, AMissingFolderIsMissing) {
  EXPECT_THAT(error_of(ErrorCode::kMissing, [&] { ZipWriter zip(folder_ / "no" / "w.zip"); }),
              HasSubstr("can't write"));
}

}  // namespace
}  // namespace hepar
