#include "codecs/archive/zip_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/codecs/archive/read_directory.h"
#include "tests/codecs/archive/zip_builder.h"

namespace cbzfs {
namespace {

using testing::BuildZip;
using testing::Crc;
using testing::DataOf;
using ::testing::Each;
using ::testing::ElementsAre;
using testing::ExtraField;
using testing::Faults;
using testing::FaultsAround;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kText;
using testing::Put;
using testing::Read;
using testing::ZipItem;
using testing::ZipOf;
using testing::ZipParts;

TEST(ZipDirectoryTest, TellsWhatTheHeadersSay) {
  const std::string zip = ZipOf({{.name = "one.jpg", .data = kText, .attributes = 0x81A40000},
                                 {.name = "two/", .made_by = testing::kMadeByDos},
                                 {.name = "three", .data = kText, .method = 8, .flags = 4}});
  const ZipDirectory directory = Read(zip);
  EXPECT_THAT(directory.notes, IsEmpty());
  ASSERT_EQ(directory.entries.size(), 3u);
  const ZipDirectoryEntry& one = directory.entries[0];
  EXPECT_EQ(one.name, "one.jpg");
  EXPECT_EQ(one.header_offset, 0u);
  EXPECT_EQ(one.data_offset, 30u + 7);
  EXPECT_EQ(one.compressed_bytes, kText.size());
  EXPECT_EQ(one.bytes, kText.size());
  EXPECT_EQ(one.crc, Crc(kText));
  EXPECT_EQ(one.dos_time, 0x58216000u);
  EXPECT_EQ(one.attributes, 0x81A40000u);
  EXPECT_EQ(one.made_by, testing::kMadeByUnix);
  EXPECT_FALSE(one.folder());
  EXPECT_FALSE(one.from_dos());
  EXPECT_TRUE(directory.entries[1].folder());
  EXPECT_TRUE(directory.entries[1].from_dos());
  const ZipDirectoryEntry& three = directory.entries[2];
  EXPECT_EQ(three.method, 8);
  EXPECT_EQ(three.flags, 4);
  EXPECT_EQ(DataOf(zip, three), testing::Deflate(kText));
}

TEST(ZipDirectoryTest, AnEmptyArchiveHasNoEntries) {
  const ZipDirectory directory = Read(BuildZip(ZipParts{}));
  EXPECT_THAT(directory.entries, IsEmpty());
  EXPECT_THAT(directory.notes, IsEmpty());
}

TEST(ZipDirectoryTest, ReadsZip64) {
  const std::string zip =
      BuildZip(ZipParts{.items = {{.name = "plain", .data = kText},
                                  {.name = "wide", .data = kText, .method = 8, .zip64 = true}},
                        .zip64_end = true});
  const ZipDirectory directory = Read(zip);
  EXPECT_THAT(directory.notes, IsEmpty());
  EXPECT_THAT(Faults(directory), ElementsAre(EntryFault::kNone, EntryFault::kNone));
  EXPECT_EQ(directory.entries[1].bytes, kText.size());
  EXPECT_EQ(DataOf(zip, directory.entries[1]), testing::Deflate(kText));
}

TEST(ZipDirectoryTest, FindsTheArchiveBehindAPrefix) {
  for (const bool counted : {true, false}) {
    for (const bool zip64 : {true, false}) {
      SCOPED_TRACE(::testing::Message() << counted << zip64);
      const std::string zip = BuildZip(ZipParts{
          .items = {{.name = "a", .data = kText, .zip64 = zip64}, {.name = "b", .data = "x"}},
          .prefix = "MZ" + std::string(5000, 'p'),
          .offsets_count_prefix = counted,
          .zip64_end = zip64});
      const ZipDirectory directory = Read(zip);
      EXPECT_THAT(Faults(directory), ElementsAre(EntryFault::kNone, EntryFault::kNone));
      EXPECT_THAT(directory.notes, IsEmpty());
      EXPECT_EQ(DataOf(zip, directory.entries[0]), kText);
    }
  }
}

TEST(ZipDirectoryTest, BytesBehindTheArchiveDoNoHarm) {
  const std::string zip = BuildZip(
      ZipParts{.items = {{.name = "a", .data = kText}}, .behind = std::string(60'000, '\0')});
  ASSERT_EQ(Read(zip).entries.size(), 1u);
}

TEST(ZipDirectoryTest, SizesMayFollowTheData) {
  ZipItem later{.name = "later", .data = kText, .flags = 8};
  later.local_bytes = later.local_compressed = later.local_crc = 0;
  EXPECT_THAT(FaultsAround(later), Each(EntryFault::kNone));
  later.local_bytes = later.local_compressed = 0xFFFFFFFF;
  EXPECT_THAT(FaultsAround(later), Each(EntryFault::kNone));
  later.zip64 = true;
  later.local_bytes = later.local_compressed = 0;
  EXPECT_THAT(FaultsAround(later), Each(EntryFault::kNone));
  later.local_bytes = 7;
  EXPECT_THAT(FaultsAround(later),
              ElementsAre(EntryFault::kNone, EntryFault::kDiffers, EntryFault::kNone));
}

TEST(ZipDirectoryTest, TellsDuplicateNames) {
  const ZipDirectory directory = Read(ZipOf({{.name = "a"}, {.name = "b"}, {.name = "a"}}));
  EXPECT_FALSE(directory.entries[0].duplicate);
  EXPECT_FALSE(directory.entries[1].duplicate);
  EXPECT_TRUE(directory.entries[2].duplicate);
  EXPECT_THAT(directory.notes, ElementsAre(HasSubstr("1 entry has the name")));
}

TEST(ZipDirectoryTest, TakesAUnicodeNameOnlyWithItsCheckSum) {
  const auto field = [](uint32_t crc, int version, const std::string& name) {
    std::string data(1, static_cast<char>(version));
    Put(data, crc, 4);
    return ExtraField(0x7075, data + name);
  };
  const std::string other = ExtraField(0x5455, "\1abcd");
  const ZipDirectory directory =
      Read(ZipOf({{.name = "raw", .central_extra = other + field(Crc("raw"), 1, "Größe")},
                  {.name = "old", .central_extra = field(Crc("raw"), 1, "Größe")},
                  {.name = "ver", .central_extra = field(Crc("ver"), 2, "Größe")},
                  {.name = "cut", .central_extra = field(Crc("cut"), 1, "Größe").substr(0, 12)}}));
  EXPECT_EQ(directory.entries[0].unicode_name, "Größe");
  for (int i = 1; i < 4; ++i) EXPECT_EQ(directory.entries[i].unicode_name, "") << i;
}

TEST(ZipDirectoryTest, TellsEncryption) {
  const std::string aes = ExtraField(0x9901, std::string("\2\0AE\3\10\0", 7));
  const ZipDirectory directory =
      Read(ZipOf({{.name = "a", .flags = 1},
                  {.name = "b", .method = 99, .flags = 1, .coded = "c", .central_extra = aes},
                  {.name = "c", .flags = 8}}));
  EXPECT_TRUE(directory.entries[0].encrypted());
  EXPECT_EQ(directory.entries[0].aes_extra, "");
  EXPECT_TRUE(directory.entries[1].encrypted());
  EXPECT_EQ(directory.entries[1].aes_extra, aes);
  EXPECT_NE(directory.entries[1].data_offset, 0u);
  EXPECT_FALSE(directory.entries[2].encrypted());
}

TEST(ZipDirectoryTest, ReadsSeventyThousandEntries) {
  std::vector<ZipItem> items;
  for (int i = 0; i < 70'000; ++i) items.push_back({.name = std::to_string(i)});
  ZipParts parts{.items = items};
  EXPECT_EQ(Read(BuildZip(parts)).entries.size(), 70'000u);
  // Info-ZIP before ZIP64 wrote the number modulo 65 536.
  parts.entries = 70'000 - 65'536;
  const ZipDirectory directory = Read(BuildZip(parts));
  EXPECT_EQ(directory.entries.size(), 70'000u);
  EXPECT_THAT(directory.notes, IsEmpty());
}

}  // namespace
}  // namespace cbzfs
