// Directories that are broken, or lie.

#include "codecs/archive/zip_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/codecs/archive/read_directory.h"
#include "tests/codecs/archive/zip_builder.h"

namespace cbzfs {
namespace {

using testing::AsBytes;
using testing::BuildZip;
using ::testing::Contains;
using testing::DataOf;
using ::testing::Each;
using ::testing::ElementsAre;
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

TEST(LyingDirectoryTest, TakesTheRightEndRecordOfSeveral) {
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
TEST(LyingDirectoryTest, AnEndRecordWithoutTheFilesEndComesSecond) {
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

TEST(LyingDirectoryTest, WhatIsNoArchiveIsRefused) {
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

TEST(LyingDirectoryTest, ATruncatedDirectoryKeepsWhatIsWhole) {
  const std::string zip = ZipOf({{.name = "a", .data = kText}, {.name = "b", .data = kText}});
  // The last record of the directory loses its end, the end record stays.
  std::string cut = zip.substr(0, zip.size() - 22 - 10) + zip.substr(zip.size() - 22);
  const ZipDirectory directory = Read(cut);
  ASSERT_THAT(Faults(directory), ElementsAre(EntryFault::kNone));
  EXPECT_EQ(DataOf(cut, directory.entries[0]), kText);
  EXPECT_THAT(directory.notes, Contains(HasSubstr("should have 2 entries, but has 1")));
}

TEST(LyingDirectoryTest, WrongNumbersInTheEndRecordAreToldAndOvercome) {
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

TEST(LyingDirectoryTest, ALieAboutOneEntryIsItsOwn) {
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
TEST(LyingDirectoryTest, AThiefOfAnotherEntrysDataIsCaught) {
  EXPECT_THAT(FaultsAround({.name = "thief", .data = kText, .offset = 0, .directory_only = true}),
              ElementsAre(EntryFault::kNone, EntryFault::kDiffers, EntryFault::kNone));
}

TEST(LyingDirectoryTest, OverlappingEntriesAreAllUnreadable) {
  const std::string zip = testing::QuotedOverlapBomb(20, std::string(100'000, 'a'));
  const ZipDirectory directory = Read(zip);
  ASSERT_EQ(directory.entries.size(), 20u);
  EXPECT_THAT(Faults(directory), Each(EntryFault::kOverlap));
  for (const ZipDirectoryEntry& entry : directory.entries) EXPECT_EQ(entry.data_offset, 0u);
}

// One long entry over two short ones, with honest ones around: those two do not touch each other.
TEST(LyingDirectoryTest, AnEntryOverSeveralOthersTakesAllOfThem) {
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

TEST(LyingDirectoryTest, TheSameEntryListedTwiceOverlaps) {
  const ZipItem item{.name = "a", .data = kText};
  ZipItem again = item;
  again.offset = 0;
  again.directory_only = true;
  EXPECT_THAT(Faults(Read(ZipOf({item, again}))), Each(EntryFault::kOverlap));
}

TEST(LyingDirectoryTest, DataMayNotReachIntoTheDirectory) {
  ZipItem item{.name = "a", .data = kText};
  item.compressed = kText.size() + 1;
  EXPECT_THAT(Faults(Read(ZipOf({item}))), ElementsAre(EntryFault::kOutside));
}

TEST(LyingDirectoryTest, LimitsAreKept) {
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
