#include "codecs/archive/zip_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/codecs/archive/zip_builder.h"

namespace cbzfs {
namespace {

using testing::AsBytes;
using testing::BuildZip;
using ::testing::Contains;
using testing::Crc;
using ::testing::Each;
using ::testing::ElementsAre;
using testing::ExtraField;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Put;
using testing::ZipItem;
using testing::ZipOf;
using testing::ZipParts;

const std::string kText = "The quick brown fox jumps over the lazy dog. ";

ZipDirectory Read(const std::string& zip) {
  absl::StatusOr<ZipDirectory> directory = ReadZipDirectory(AsBytes(zip));
  EXPECT_TRUE(directory.ok()) << directory.status();
  return directory.ok() ? *std::move(directory) : ZipDirectory();
}

std::string DataOf(const std::string& zip, const ZipDirectoryEntry& entry) {
  EXPECT_NE(entry.data_offset, 0u);
  EXPECT_LE(entry.data_offset + entry.compressed_bytes, zip.size());
  return zip.substr(entry.data_offset, entry.compressed_bytes);
}

std::vector<EntryFault> Faults(const ZipDirectory& directory) {
  std::vector<EntryFault> faults;
  for (const ZipDirectoryEntry& entry : directory.entries) faults.push_back(entry.fault);
  return faults;
}

// Two honest entries around one that lies.
std::vector<EntryFault> FaultsAround(ZipItem liar) {
  const std::string zip =
      ZipOf({{.name = "a", .data = kText}, std::move(liar), {.name = "z", .data = kText}});
  const ZipDirectory directory = Read(zip);
  EXPECT_EQ(DataOf(zip, directory.entries.front()), kText);
  EXPECT_EQ(DataOf(zip, directory.entries.back()), kText);
  return Faults(directory);
}

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

TEST(ZipDirectoryTest, TakesTheRightEndRecordOfSeveral) {
  // The comment holds an end record of nonsense, and the whole of an empty archive.
  std::string nonsense = "PK\5\6" + std::string(18, '\x7F');
  const std::string empty = BuildZip(ZipParts{});
  for (const std::string& comment :
       {nonsense, nonsense + "tail", empty, "x" + empty + "x", std::string(65'535, 'c')}) {
    const std::string zip =
        BuildZip(ZipParts{.items = {{.name = "a", .data = kText}}, .comment = comment});
    const ZipDirectory directory = Read(zip);
    ASSERT_EQ(directory.entries.size(), 1u);
    EXPECT_EQ(DataOf(zip, directory.entries[0]), kText);
    EXPECT_THAT(directory.notes, IsEmpty());
  }
}

// An end record in the comment that leads to a directory of its own, inside an entry's data.
TEST(ZipDirectoryTest, AnEndRecordWithoutTheFilesEndComesSecond) {
  const std::string inner = ZipOf({{.name = "hidden", .data = "x"}});
  const uint64_t directory = 30 + 5 + 30 + 6 + 1;
  std::string decoy = inner.substr(inner.size() - 22, 16);
  Put(decoy, directory, 4);
  Put(decoy, 0, 2);
  const std::string zip =
      BuildZip(ZipParts{.items = {{.name = "outer", .data = inner}}, .comment = decoy + "tail"});
  ASSERT_EQ(zip.substr(directory, 4), "PK\1\2");
  const ZipDirectory read = Read(zip);
  ASSERT_EQ(read.entries.size(), 1u);
  EXPECT_EQ(read.entries[0].name, "outer");
}

TEST(ZipDirectoryTest, BytesBehindTheArchiveDoNoHarm) {
  const std::string zip = BuildZip(
      ZipParts{.items = {{.name = "a", .data = kText}}, .behind = std::string(60'000, '\0')});
  ASSERT_EQ(Read(zip).entries.size(), 1u);
}

TEST(ZipDirectoryTest, WhatIsNoArchiveIsRefused) {
  const std::string zip = ZipOf({{.name = "a", .data = kText}});
  for (size_t size = 0; size < zip.size(); ++size) {
    const absl::Status status = ReadZipDirectory(AsBytes(zip.substr(0, size))).status();
    ASSERT_TRUE(absl::IsInvalidArgument(status)) << size << ": " << status;
  }
  std::string split = zip;
  split[zip.size() - 18] = 1;
  const absl::Status status = ReadZipDirectory(AsBytes(split)).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("split"));
}

TEST(ZipDirectoryTest, ATruncatedDirectoryKeepsWhatIsWhole) {
  const std::string zip = ZipOf({{.name = "a", .data = kText}, {.name = "b", .data = kText}});
  // The last record of the directory loses its end, the end record stays.
  std::string cut = zip.substr(0, zip.size() - 22 - 10) + zip.substr(zip.size() - 22);
  const ZipDirectory directory = Read(cut);
  ASSERT_THAT(Faults(directory), ElementsAre(EntryFault::kNone));
  EXPECT_EQ(DataOf(cut, directory.entries[0]), kText);
  EXPECT_THAT(directory.notes, Contains(HasSubstr("should have 2 entries, but has 1")));
}

TEST(ZipDirectoryTest, WrongNumbersInTheEndRecordAreToldAndOvercome) {
  const std::vector<ZipItem> items = {{.name = "a", .data = kText}, {.name = "b", .data = kText}};
  const ZipParts lies[] = {
      {.items = items, .entries = 1},
      {.items = items, .entries = 60'000},
      {.items = items, .directory_bytes = 47},
      {.items = items, .directory_bytes = 48},
      {.items = items, .directory_bytes = 0xFFFFFF},
      {.items = items, .directory_offset = 0xFFFFFF},
      {.items = items, .zip64_end = true, .entries = uint64_t{1} << 60},
      {.items = items, .zip64_end = true, .directory_bytes = UINT64_MAX},
      {.items = items, .zip64_end = true, .directory_offset = UINT64_MAX},
  };
  for (const ZipParts& parts : lies) {
    SCOPED_TRACE(&parts - lies);
    const std::string zip = BuildZip(parts);
    const ZipDirectory directory = Read(zip);
    EXPECT_EQ(directory.entries.size(), 2u);
    for (const ZipDirectoryEntry& entry : directory.entries) {
      EXPECT_EQ(entry.fault, EntryFault::kNone);
      EXPECT_EQ(DataOf(zip, entry), kText);
    }
    EXPECT_EQ(directory.notes.size(), 1u);
  }
}

TEST(ZipDirectoryTest, ALieAboutOneEntryIsItsOwn) {
  const auto around = [](EntryFault fault) {
    return ElementsAre(EntryFault::kNone, fault, EntryFault::kNone);
  };
  const ZipItem honest{.name = "liar", .data = kText};
  ZipItem liar = honest;
  liar.offset = 0xFFFFFF;
  EXPECT_THAT(FaultsAround(liar), around(EntryFault::kOutside));
  liar.offset = 3;
  EXPECT_THAT(FaultsAround(liar), around(EntryFault::kLocalHeader));
  liar = honest;
  liar.compressed = 0xFFFFFF;
  EXPECT_THAT(FaultsAround(liar), around(EntryFault::kOutside));
  liar = honest;
  liar.local_name = "lair";
  EXPECT_THAT(FaultsAround(liar), around(EntryFault::kDiffers));
  liar.local_name = "liar and more";
  EXPECT_THAT(FaultsAround(liar), around(EntryFault::kDiffers));
  liar = honest;
  liar.local_method = 8;
  EXPECT_THAT(FaultsAround(liar), around(EntryFault::kDiffers));
  liar = honest;
  liar.local_flags = 1;
  EXPECT_THAT(FaultsAround(liar), around(EntryFault::kDiffers));
  liar = honest;
  liar.local_bytes = 1;
  EXPECT_THAT(FaultsAround(liar), around(EntryFault::kDiffers));
  liar = honest;
  liar.local_compressed = 1;
  EXPECT_THAT(FaultsAround(liar), around(EntryFault::kDiffers));
  liar = honest;
  liar.local_crc = 1;
  EXPECT_THAT(FaultsAround(liar), around(EntryFault::kDiffers));
  liar = honest;
  liar.zip64 = liar.no_zip64_field = true;
  EXPECT_THAT(FaultsAround(liar), around(EntryFault::kZip64));
  liar = honest;
  liar.zip64 = true;
  liar.offset = UINT64_MAX;
  EXPECT_THAT(FaultsAround(liar), around(EntryFault::kOutside));
  liar = honest;
  liar.zip64 = true;
  liar.local_bytes = 1;
  EXPECT_THAT(FaultsAround(liar), around(EntryFault::kDiffers));
}

// An entry that points at the header of another is caught by its name and harms only itself.
TEST(ZipDirectoryTest, AThiefOfAnotherEntrysDataIsCaught) {
  EXPECT_THAT(FaultsAround({.name = "thief", .data = kText, .offset = 0, .directory_only = true}),
              ElementsAre(EntryFault::kNone, EntryFault::kDiffers, EntryFault::kNone));
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

TEST(ZipDirectoryTest, OverlappingEntriesAreAllUnreadable) {
  const std::string zip = testing::QuotedOverlapBomb(20, std::string(100'000, 'a'));
  const ZipDirectory directory = Read(zip);
  ASSERT_EQ(directory.entries.size(), 20u);
  EXPECT_THAT(Faults(directory), Each(EntryFault::kOverlap));
  for (const ZipDirectoryEntry& entry : directory.entries) EXPECT_EQ(entry.data_offset, 0u);
}

// One long entry over two short ones, with honest ones around: those two do not touch each other.
TEST(ZipDirectoryTest, AnEntryOverSeveralOthersTakesAllOfThem) {
  const ZipItem first{.name = "first", .data = kText};
  const ZipItem second{.name = "second", .data = kText};
  const std::string inner = ZipOf({first, second}).substr(0, 2 * (30 + kText.size()) + 11);
  const ZipItem outer{.name = "outer", .data = inner};
  const uint64_t inside = 30 + 5 + kText.size() + 30 + 5;  // behind "start", in the data of outer
  ZipItem first_inside = first;
  first_inside.directory_only = true;
  first_inside.offset = inside;
  ZipItem second_inside = second;
  second_inside.directory_only = true;
  second_inside.offset = inside + 30 + 5 + kText.size();
  const ZipDirectory directory = Read(ZipOf({{.name = "start", .data = kText},
                                             outer,
                                             {.name = "end", .data = kText},
                                             second_inside,
                                             first_inside}));
  EXPECT_THAT(Faults(directory),
              ElementsAre(EntryFault::kNone, EntryFault::kOverlap, EntryFault::kNone,
                          EntryFault::kOverlap, EntryFault::kOverlap));
}

TEST(ZipDirectoryTest, TheSameEntryListedTwiceOverlaps) {
  const ZipItem item{.name = "a", .data = kText};
  ZipItem again = item;
  again.offset = 0;
  again.directory_only = true;
  EXPECT_THAT(Faults(Read(ZipOf({item, again}))), Each(EntryFault::kOverlap));
}

TEST(ZipDirectoryTest, DataMayNotReachIntoTheDirectory) {
  ZipItem item{.name = "a", .data = kText};
  item.compressed = kText.size() + 1;
  EXPECT_THAT(Faults(Read(ZipOf({item}))), ElementsAre(EntryFault::kOutside));
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

TEST(ZipDirectoryTest, LimitsAreKept) {
  // The directory alone counts, so one record will do for all of them.
  const std::string zip = ZipOf({{.name = "a"}});
  const std::string record = zip.substr(31, 47);
  const auto directory_of = [](const std::string& records, std::string end) {
    std::string bytes;
    Put(bytes, records.size(), 4);
    Put(bytes, 0, 4);
    return records + end.replace(12, 8, bytes);
  };
  std::string many;
  for (size_t i = 0; i <= kMaxZipEntries; ++i) many += record;
  many = directory_of(many, zip.substr(31 + 47));
  EXPECT_TRUE(absl::IsResourceExhausted(ReadZipDirectory(AsBytes(many)).status()));
  const std::string long_zip = ZipOf({{.name = std::string(65'000, 'n')}});
  const std::string long_record = long_zip.substr(65'030, 65'046);
  std::string big;
  while (big.size() <= kMaxZipDirectoryBytes) big += long_record;
  big = directory_of(big, long_zip.substr(65'030 + 65'046));
  EXPECT_TRUE(absl::IsResourceExhausted(ReadZipDirectory(AsBytes(big)).status()));
}

}  // namespace
}  // namespace cbzfs
