// SPDX-License-Identifier: Apache-2.0
#include "hepar/io/stored_voxels.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <map>
#include <new>
#include <string>

#include "hepar/core/error.h"
#include "hepar/io/suffix.h"

namespace hepar::io {
namespace {
namespace fs = std::filesystem;

struct TextHeader {
  std::map<std::string, std::string> fields;  // keys and values without blanks around, keys in lower case
  std::streamoff end = 0;                     // first byte after the header
};

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r"), last = text.find_last_not_of(" \t\r");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// NRRD: "key: value" lines up to an empty one. MetaImage: "key = value" lines up to ElementDataFile.
TextHeader read_text_header(const fs::path& path, bool nrrd) {
  constexpr int kMostLines = 10000;
  TextHeader header;
  std::ifstream stream(path, std::ios::binary);
  std::string line;
  for (int n = 0; n < kMostLines && std::getline(stream, line); ++n) {
    if (nrrd && trimmed(line).empty()) break;
    const auto mark = line.find(nrrd ? ':' : '=');
    if (mark == std::string::npos) continue;
    const std::string key = lower(trimmed(line.substr(0, mark)));
    header.fields[key] = trimmed(line.substr(mark + 1));
    if (!nrrd && key == "elementdatafile") break;
  }
  header.end = stream.tellg();
  return header;
}

struct Payload {
  fs::path file;
  std::streamoff offset = 0;
};

Payload payload_of(const fs::path& path, const TextHeader& header, const std::string& name) {
  if (name.empty() || name == "LOCAL") return {path, header.end};
  return {path.parent_path() / name, 0};  // an absolute name replaces the folder
}

// Unpacks a zlib or gzip stream without keeping it: the unpacked size, or -1 when it is damaged.
std::int64_t unpacked_size(const Payload& payload) {
  std::ifstream stream(payload.file, std::ios::binary);
  stream.seekg(payload.offset);
  z_stream inflater{};
  constexpr int kDetect = 15 + 32;  // window bits, plus 32 to take zlib and gzip headers alike (zlib.h)
  if (::inflateInit2(&inflater, kDetect) != Z_OK) throw std::bad_alloc();
  std::array<char, 1 << 16> packed, unpacked;
  std::int64_t size = 0;
  int status = Z_OK;
  while (status == Z_OK && stream.read(packed.data(), packed.size()).gcount() > 0) {
    inflater.next_in = reinterpret_cast<Bytef*>(packed.data());
    inflater.avail_in = static_cast<uInt>(stream.gcount());
    do {
      inflater.next_out = reinterpret_cast<Bytef*>(unpacked.data());
      inflater.avail_out = static_cast<uInt>(unpacked.size());
      status = ::inflate(&inflater, Z_NO_FLUSH);
      size += static_cast<std::int64_t>(unpacked.size() - inflater.avail_out);
    } while (status == Z_OK && inflater.avail_out == 0);
    if (status == Z_BUF_ERROR) status = Z_OK;  // only asks for more input
  }
  ::inflateEnd(&inflater);
  return status == Z_STREAM_END ? size : -1;
}

std::int64_t plain_size(const Payload& payload) {
  std::error_code error;
  const auto size = fs::file_size(payload.file, error);
  return error ? -1 : static_cast<std::int64_t>(size) - payload.offset;
}

struct StoredVoxels {
  std::string encoding;
  Payload payload;
};

StoredVoxels find_voxels(const fs::path& path) {
  const bool nrrd = image_suffix(path).starts_with(".n");
  TextHeader header = read_text_header(path, nrrd);
  std::string name = header.fields[nrrd ? "data file" : "elementdatafile"];
  if (name.empty() && nrrd) name = header.fields["datafile"];
  if (name.starts_with("LIST") || name.find('%') != std::string::npos) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("{} keeps its voxels in several files, which Hepar does not read; "
                            "convert it to one file",
                            path.string()));
  }
  StoredVoxels voxels{lower(header.fields[nrrd ? "encoding" : "compresseddata"]),
                      payload_of(path, header, name)};
  if (!nrrd && lower(header.fields["binarydata"]) == "false") voxels.encoding = "ascii";
  return voxels;
}

}  // namespace

void require_voxel_file(const fs::path& path) {
  const fs::path file = find_voxels(path).payload.file;
  if (fs::is_regular_file(file)) return;
  throw Error(ErrorCode::kMissing, fmt::format("can't read {}: the file of its voxels, {}, is not there",
                                               path.string(), file.filename().string()));
}

void verify_stored_voxels(const fs::path& path, std::int64_t voxel_bytes) {
  const auto [encoding, payload] = find_voxels(path);
  if (encoding == "ascii" || encoding == "text" || encoding == "txt" || encoding == "hex") return;
  const bool compressed = encoding == "gzip" || encoding == "gz" || encoding == "true";
  const std::int64_t size = compressed ? unpacked_size(payload) : plain_size(payload);
  if (size >= voxel_bytes) return;
  throw Error(ErrorCode::kCorrupt,
              fmt::format("{} is damaged or truncated: its voxels are not the {} bytes that its header "
                          "states; copy or download it again",
                          path.string(), voxel_bytes));
}

}  // namespace hepar::io
