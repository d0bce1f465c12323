// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace hepar::zip {

// Records of a zip file, little-endian without padding. Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7
// (local header), 4.3.12 (directory), 4.3.14 to 4.3.16 (ends) and 4.5.3 (zip64 extra field).
constexpr std::uint32_t kLocalSignature = 0x04034b50, kDirectorySignature = 0x02014b50,
                        kEndSignature = 0x06054b50, kEnd64Signature = 0x06064b50,
                        kLocator64Signature = 0x07064b50;
constexpr std::size_t kLocalBytes = 30, kDirectoryBytes = 46, kEndBytes = 22, kEnd64Bytes = 56,
                      kLocator64Bytes = 20;
constexpr std::uint16_t kZip64ExtraId = 1;
constexpr std::uint16_t kIn64Bits16 = 0xffff;      // "see the zip64 record", for counts
constexpr std::uint32_t kIn64Bits32 = 0xffffffff;  // ... and for sizes and offsets
constexpr std::uint16_t kStored = 0, kDeflated = 8;
constexpr std::uint16_t kEncryptedFlag = 1;

}  // namespace hepar::zip
