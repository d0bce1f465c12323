// SPDX-License-Identifier: Apache-2.0
#include "hepar/digest/sha256.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "hepar/core/error.h"
#include "hepar/core/file.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

// The one-block message of FIPS 180-4's examples (NIST, "SHA256.pdf").
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
// ... and the empty message, from the same series.
constexpr const char* kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(Sha256, OfPublishedMessages) {
  EXPECT_EQ(sha256_hex("abc"), kAbc);
  EXPECT_EQ(sha256_hex(""), kEmpty);
}

TEST(Base64, OfTheTestVectorsOfRfc4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xFF\xFB\xFF"), "//v/");  // 111111 111111 101111 111111: digits 63, 63, 47, 63
  // The first six bits of ba 78 16 are 101110 = 46 = 'u', and 32 bytes need 44 characters.
  EXPECT_EQ(sha256_base64("abc").size(), 44U);
  EXPECT_EQ(sha256_base64("abc").front(), 'u');
}

class Sha256OfPath : public testing::Test {
 protected:
  void SetUp() override { make_folder(folder_ / "inner"); }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_ = fs::temp_directory_path() / ("hepar_digest_test_" + std::to_string(::getpid()));
};

TEST_F(Sha256OfPath, AFileIsItsBytes) {
  write_text_file(folder_ / "a", "abc");
  EXPECT_EQ(sha256_of_path(folder_ / "a"), kAbc);
}

TEST_F(Sha256OfPath, AFolderIsItsFilesWhateverTheirNames) {
  write_text_file(folder_ / "a", "abc");
  write_text_file(folder_ / "inner" / "b", "");
  // "ba..." comes before "e3...".
  const std::string expected = sha256_hex(std::string(kAbc) + "\n" + kEmpty + "\n");
  EXPECT_EQ(sha256_of_path(folder_), expected);
  fs::rename(folder_ / "a", folder_ / "z");
  EXPECT_EQ(sha256_of_path(folder_), expected);
}

TEST_F(Sha256OfPath, WhatIsMissingIsNamed) {
  try {
    sha256_of_path(folder_ / "none");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMissing);
    EXPECT_NE(std::string(error.what()).find("none"), std::string::npos);
  }
}

}  // namespace
}  // namespace hepar
