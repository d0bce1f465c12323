// SPDX-License-Identifier: Apache-2.0
#include "hepar/digest/sha256.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <vector>

#include "hepar/core/error.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

constexpr std::size_t kDigestBytes = 32;

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) {
    HEPAR_EXPECT(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1,
                 "OpenSSL offers no SHA-256");
  }
  void add(const char* bytes, std::size_t count) {
    HEPAR_EXPECT(EVP_DigestUpdate(context_.get(), bytes, count) == 1, "SHA-256 failed");
  }
  std::string finish() {
    std::string digest(kDigestBytes, '\0');
    HEPAR_EXPECT(
        EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr) == 1,
        "SHA-256 failed");
    return digest;
  }

 private:
  struct Deleter {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Deleter> context_;
};

std::string sha256(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes.data(), bytes.size());
  return hash.finish();
}

std::string hex(std::string_view digest) {
  std::string text;
  for (const char byte : digest) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

std::string sha256_of_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  Sha256 hash;
  std::array<char, 1 << 16> buffer;
  while (stream.read(buffer.data(), buffer.size()) || stream.gcount() > 0) {
    hash.add(buffer.data(), static_cast<std::size_t>(stream.gcount()));
  }
  if (!stream.eof()) throw Error(ErrorCode::kMissing, fmt::format("{} can't be read", file.string()));
  return hex(hash.finish());
}

}  // namespace

std::string sha256_hex(std::string_view bytes) { return hex(sha256(bytes)); }

std::string sha256_base64(std::string_view bytes) { return base64(sha256(bytes)); }

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends it with a zero
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                  reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.pop_back();
  return text;
}

std::string sha256_of_path(const fs::path& path) {
  if (!fs::is_directory(path)) return sha256_of_file(path);
  std::vector<std::string> digests;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file() && !entry.is_symlink()) digests.push_back(sha256_of_file(entry.path()));
  }
  std::sort(digests.begin(), digests.end());
  std::string lines;
  for (const std::string& digest : digests) lines += digest + "\n";
  return sha256_hex(lines);
}

}  // namespace hepar
