// SPDX-License-Identifier: Apache-2.0
#include "hepar/io/unpack_zip.h"

#include <gmock/gmock.h>
#include <zip.h>

#include <utility>
#include <vector>

#include "hepar/core/file.h"
#include "hepar/io/test_scratch_folder.h"

namespace hepar::io {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

using Contents = std::vector<std::pair<std::string, std::string>>;

bool all(std::string_view) { return true; }

class UnpackZip : public ScratchFolder {
 protected:
  fs::path zipped(const Contents& contents, bool encrypted = false) const {
    const fs::path path = folder_ / "a.zip";
    zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
    for (const auto& [name, bytes] : contents) {
      zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
      const zip_int64_t index = zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
      if (encrypted) {
        zip_file_set_encryption(archive, static_cast<zip_uint64_t>(index), ZIP_EM_TRAD_PKWARE, "key");
      }
    }
    EXPECT_EQ(zip_close(archive), 0);
    return path;
  }
  // The refusal of an archive, of which nothing may lie outside of "out".
  std::string refusal(ErrorCode code, const fs::path& archive, const UnpackLimits& limits = {}) const {
    return error_of(code, [&] { unpack_zip(archive, folder_ / "out", all, limits); });
  }
};

TEST_F(UnpackZip, TakesWhatIsWanted) {
  const fs::path archive = zipped(
      {{"M/", ""}, {"M/liver/image_0", std::string(100000, 'x')}, {"M/bone/image_0", "b"}, {"M/e", ""}});
  const auto no_bone = [](std::string_view name) { return name.find("bone") == std::string_view::npos; };
  EXPECT_EQ(unpack_zip(archive, folder_ / "out", no_bone), 2);
  EXPECT_EQ(read_text_file(folder_ / "out/M/liver/image_0"), std::string(100000, 'x'));
  EXPECT_EQ(read_text_file(folder_ / "out/M/e"), "");
  EXPECT_FALSE(fs::exists(folder_ / "out/M/bone"));
}

TEST_F(UnpackZip, NamesThatLeadOutAreRefused) {
  for (const char* name : {"../up", "a/../../up", "/tmp/hepar_up", "a\\..\\up", "C:up"}) {
    EXPECT_THAT(refusal(ErrorCode::kInvalidInput, zipped({{"good", "g"}, {name, "x"}})),
                HasSubstr("leads out of its folder"))
        << name;
    EXPECT_FALSE(fs::exists(folder_ / "up"));
    EXPECT_FALSE(fs::exists(folder_ / "out/good"));
  }
}

TEST_F(UnpackZip, TooMuchIsRefusedBeforeAnythingIsWritten) {
  const fs::path archive = zipped({{"a", std::string(10000, '\0')}, {"b", "b"}});
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, archive, {.bytes = 10000}), HasSubstr("2 files"));
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, archive, {.files = 1}), HasSubstr("at most 1 of"));
  EXPECT_FALSE(fs::exists(folder_ / "out"));
  EXPECT_EQ(unpack_zip(archive, folder_ / "out", all, {.bytes = 10001, .files = 2}), 2);
}

// An entry that states another size than it unpacks to: its size stands in the local and the central header.
TEST_F(UnpackZip, SizesThatLieAreRefused) {
  const fs::path archive = zipped({{"a", std::string(10000, '\0')}});
  std::string bytes = read_text_file(archive);
  const std::string truth("\x10\x27\0\0", 4), lie("\x10\0\0\0", 4);  // 10000 and 16
  int changed = 0;
  for (std::size_t at = bytes.find(truth); at != std::string::npos; at = bytes.find(truth, at), ++changed)
    bytes.replace(at, 4, lie);
  ASSERT_EQ(changed, 2);
  EXPECT_THAT(refusal(ErrorCode::kCorrupt, write("lie.zip", bytes)), HasSubstr("damaged"));
}

TEST_F(UnpackZip, DamageIsRefused) {
  EXPECT_THAT(refusal(ErrorCode::kMissing, folder_ / "none.zip"), HasSubstr("there is no"));
  EXPECT_THAT(refusal(ErrorCode::kCorrupt, write("text.zip", "no archive")), HasSubstr("ZIP archive"));
  std::string noise;  // does not compress
  for (unsigned n = 0, x = 1; n < 5000; ++n) noise += static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
  const std::string bytes = read_text_file(zipped({{"a", noise}}));
  refusal(ErrorCode::kCorrupt, write("short.zip", bytes.substr(0, bytes.size() / 2)));
  std::string flipped = bytes;
  flipped[2500] = static_cast<char>(~flipped[2500]);
  EXPECT_THAT(refusal(ErrorCode::kCorrupt, write("flipped.zip", flipped)), HasSubstr("checksum"));
}

TEST_F(UnpackZip, EncryptedIsUnsupported) {
  EXPECT_THAT(refusal(ErrorCode::kUnsupported, zipped({{"a", "secret"}}, true)), HasSubstr("encrypted"));
}

TEST_F(UnpackZip, FullDisk) {
  const fs::path archive = zipped({{"a", std::string(100000, 'x')}});
  const FileSizeLimit limit(4096);
  EXPECT_THAT(refusal(ErrorCode::kExhausted, archive), HasSubstr("disk full"));
}

}  // namespace
}  // namespace hepar::io
