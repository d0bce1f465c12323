// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/nesting.h"

#include <dcmtk/config/osconfig.h>
// osconfig.h must come first
#include <dcmtk/dcmdata/dctk.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/dicom/sequence_items.h"

namespace hepar::dicom {
namespace {
namespace fs = std::filesystem;
using namespace std::string_literals;

class NestingTest : public testing::TestWithParam<E_TransferSyntax> {
 protected:
  void SetUp() override {
    file_ = fs::temp_directory_path() / ("hepar_nesting_" + std::to_string(::getpid()) + ".dcm");
  }
  void TearDown() override { fs::remove(file_); }

  // Sequences of one item each, `levels` deep, beside `items` items on the first level.
  void write(int levels, int items, E_EncodingType lengths) const {
    DcmFileFormat format;
    DcmItem* item = format.getDataset();
    ASSERT_TRUE(item->putAndInsertString(DCM_SOPClassUID, UID_CTImageStorage).good());
    ASSERT_TRUE(item->putAndInsertString(DCM_SOPInstanceUID, "1.2.3").good());
    for (int n = 0; n < items; ++n) {
      DcmItem* flat = nullptr;
      ASSERT_TRUE(item->findOrCreateSequenceItem(DCM_SourceImageSequence, flat, -2).good());
      ASSERT_TRUE(flat->putAndInsertString(DCM_ReferencedSOPInstanceUID, "1.2.3").good());
    }
    for (int n = 0; n < levels; ++n)
      ASSERT_TRUE(item->findOrCreateSequenceItem(DCM_ReferencedImageSequence, item, 0).good());
    ASSERT_TRUE(format.saveFile(file_.c_str(), GetParam(), lengths).good());
  }
  void expect_refused() const {
    try {
      check_nesting(file_);
      ADD_FAILURE() << "not refused";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
      EXPECT_THAT(error.what(), testing::HasSubstr("nested more than 64 deep"));
    }
  }
  fs::path file_;
};

TEST_P(NestingTest, DeepSequencesAreRefusedAndManyItemsAreNot) {
  for (const E_EncodingType lengths : {EET_ExplicitLength, EET_UndefinedLength}) {
    write(64, 3000, lengths);
    EXPECT_NO_THROW(check_nesting(file_));
    write(65, 0, lengths);
    expect_refused();
  }
}

TEST_P(NestingTest, TruncatedFilesAreNoTrouble) {
  write(10, 10, EET_UndefinedLength);
  for (auto size = fs::file_size(file_); size > 0; size -= std::min<std::uintmax_t>(size, 7)) {
    fs::resize_file(file_, size);
    EXPECT_NO_THROW(check_nesting(file_)) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(Encodings, NestingTest,
                         testing::Values(EXS_LittleEndianExplicit, EXS_LittleEndianImplicit,
                                         EXS_BigEndianExplicit, EXS_DeflatedLittleEndianExplicit),
                         [](const auto& syntax) { return "Syntax" + std::to_string(syntax.index); });

// Twenty thousand levels that never close: DCMTK 3.6.7 dies of them.
TEST(Nesting, LevelsWithoutEndAreRefused) {
  const fs::path file = fs::temp_directory_path() / ("hepar_bomb_" + std::to_string(::getpid()) + ".dcm");
  const std::string level("\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff", 20);
  std::string bytes(128, '\0');
  bytes += "DICM";
  bytes.append("\x02\x00\x10\x00UI\x14\x00", 8).append("1.2.840.10008.1.2.1\0", 20);
  for (int n = 0; n < 20000; ++n) bytes += level;
  std::ofstream(file, std::ios::binary) << bytes;
  EXPECT_THROW(check_nesting(file), Error);
  // The same after an element whose length leads nowhere.
  bytes.insert(160, "\x08\x00\x05\x00\x55N\0\0\xf0\xff\xff\x7f", 12);
  std::ofstream(file, std::ios::binary) << bytes;
  EXPECT_THROW(check_nesting(file), Error);
  fs::remove(file);
}

// A private sequence that a program did not know: UN of undefined length, within which all is implicit VR,
// also in explicit VR (PS3.5 6.2.2). More items follow than would be taken where the headers can't be
// followed.
TEST_P(NestingTest, UnknownSequencesAreImplicit) {
  if (GetParam() == EXS_LittleEndianImplicit || GetParam() == EXS_DeflatedLittleEndianExplicit) return;
  write(1, 3000, EET_UndefinedLength);
  std::ifstream stream(file_, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(stream)), {});
  const bool big_endian = GetParam() == EXS_BigEndianExplicit;
  const std::string first_sequence = big_endian ? std::string("\x00\x08\x21\x12", 4) : "\x08\x00\x12\x21"s;
  const std::string tag = big_endian ? std::string("\x00\x09\x10\x01", 4) : "\x09\x00\x01\x10"s;
  const std::string unknown = tag + "UN\0\0\xff\xff\xff\xff"s + "\xfe\xff\x00\xe0\xff\xff\xff\xff"s +
                              "\x09\x00\x02\x10\x04\x00\x00\x00"
                              "abcd"s +
                              "\xfe\xff\x0d\xe0\x00\x00\x00\x00"s + "\xfe\xff\xdd\xe0\x00\x00\x00\x00"s;
  ASSERT_NE(bytes.find(first_sequence), std::string::npos);
  std::ofstream(file_, std::ios::binary) << bytes.insert(bytes.find(first_sequence), unknown);
  EXPECT_NO_THROW(check_nesting(file_));
}

// Of one unread value: sequences of one item each, all lengths unstated.
std::vector<std::uint8_t> implicit_levels(int levels) {
  std::string bytes;
  for (int n = 0; n < levels; ++n)
    bytes += "\x08\x00\x40\x11\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"s;
  for (int n = 0; n < levels; ++n)
    bytes += "\xfe\xff\x0d\xe0\x00\x00\x00\x00\xfe\xff\xdd\xe0\x00\x00\x00\x00"s;
  return {bytes.begin(), bytes.end()};
}

TEST(Nesting, UnreadValuesAreCheckedToo) {
  EXPECT_NO_THROW(check_nesting(implicit_levels(64)));
  EXPECT_THROW(check_nesting(implicit_levels(65)), Error);
}

// The value of a structure set's sequence, stored as UN of defined length.
TEST(Nesting, DeepValuesOfUnknownSequencesAreNotParsed) {
  for (const int levels : {10, 20000}) {
    auto value = implicit_levels(levels);
    const std::string_view item("\xfe\xff\x00\xe0\xff\xff\xff\xff", 8), end("\xfe\xff\x0d\xe0\0\0\0\0", 8);
    value.insert(value.begin(), item.begin(), item.end());
    value.insert(value.end(), end.begin(), end.end());
    DcmDataset dataset;
    auto* element = new DcmOtherByteOtherWord(
        DcmTag(DCM_ReferencedImageSequence.getGroup(), DCM_ReferencedImageSequence.getElement(), EVR_UN));
    ASSERT_TRUE(element->putUint8Array(value.data(), static_cast<unsigned long>(value.size())).good());
    ASSERT_TRUE(dataset.insert(element).good());
    if (levels == 10) {
      EXPECT_NE(parse_unknown_sequence(dataset, DCM_ReferencedImageSequence), nullptr);
    } else {
      EXPECT_THROW(parse_unknown_sequence(dataset, DCM_ReferencedImageSequence), Error);
    }
  }
}

}  // namespace
}  // namespace hepar::dicom
