#include "codecs/packed/packed_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/codecs/packed/packed_builder.h"

namespace cbzfs {
namespace {

using testing::BytesOf;
using testing::CrcOf;
using ::testing::ElementsAre;
using testing::Files;
using ::testing::HasSubstr;
using testing::Rar4Of;
using testing::Rar5Of;
using testing::Sample;
using testing::TarOf;

Files Numbered(size_t count, size_t bytes) {
  Files files;
  for (size_t i = 0; i < count; ++i) {
    files.emplace_back(std::to_string(i), std::string(bytes, static_cast<char>('a' + i)));
  }
  return files;
}

std::unique_ptr<PackedArchive> Open(const std::string& file) {
  auto archive = PackedArchive::Open(BytesOf(file));
  EXPECT_TRUE(archive.ok()) << archive.status();
  return archive.ok() ? *std::move(archive) : nullptr;
}

TEST(PackedArchiveTest, ReadingInOrderIsOnePass) {
  const Files files = Numbered(8, 1000);
  for (const std::string& file : {TarOf(files), Rar4Of(files), Rar5Of(files), Rar5Of(files, 4)}) {
    const auto archive = Open(file);
    for (uint32_t i = 0; i < files.size(); ++i) {
      EXPECT_EQ(*archive->Read(i, 1000), files[i].second);
    }
    EXPECT_EQ(archive->passes(), 1u);
    EXPECT_EQ(*archive->Read(0, 1000), files[0].second);
    EXPECT_EQ(archive->passes(), 2u);
    EXPECT_EQ(*archive->Read(7, 1000), files[7].second) << "skipping forward";
    EXPECT_EQ(archive->passes(), 2u);
  }
}

TEST(PackedArchiveTest, WhatAStreamPassedOverIsAtHand) {
  const Files files = Numbered(8, 1000);
  const std::string file = Rar5Of(files, 4);
  const auto archive = Open(file);
  EXPECT_EQ(*archive->Read(3, 1000), files[3].second);
  for (const uint32_t i : {2, 1, 0}) EXPECT_EQ(*archive->Read(i, 1000), files[i].second);
  EXPECT_EQ(archive->passes(), 1u);
  EXPECT_EQ(*archive->Read(2, 1000), files[2].second) << "it was handed out and is gone";
  EXPECT_EQ(archive->passes(), 2u);
}

TEST(PackedArchiveTest, WhatIsKeptIsBounded) {
  const Files files = Numbered(5, 7 << 20);
  const std::string file = Rar5Of(files, 4);
  const auto archive = Open(file);
  EXPECT_EQ(*archive->Read(4, 7 << 20), files[4].second);
  EXPECT_EQ(*archive->Read(3, 7 << 20), files[3].second);
  EXPECT_EQ(*archive->Read(2, 7 << 20), files[2].second);
  EXPECT_EQ(archive->passes(), 1u);
  EXPECT_EQ(*archive->Read(1, 7 << 20), files[1].second);
  EXPECT_EQ(archive->passes(), 2u) << "16 MiB do not hold three";
}

TEST(PackedArchiveTest, ReadingAllTellsLengthsAndCheckSums) {
  const Files files = {{"a", std::string(1 << 20, 'a')}, {"b", ""}, {"c", "see"}};
  const std::string file = TarOf(files);
  const auto archive = Open(file);
  std::vector<std::string> whole;
  const auto status = archive->ReadAll(
      1000, [](const PackedEntry& entry) { return entry.name != "b"; },
      [&](const PackedEntry& entry, const PackedData& data) {
        const std::string& wanted = files.at(entry.index).second;
        EXPECT_EQ(entry.name, files[entry.index].first);
        EXPECT_EQ(data.bytes, wanted.size());
        EXPECT_EQ(data.crc, CrcOf(wanted));
        whole.emplace_back(data.whole);
      });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(whole, ElementsAre("", "", "see")) << "the first is longer than may be kept";
  EXPECT_EQ(archive->passes(), 1u);
}

TEST(PackedArchiveTest, TheEndIsAtHandAfterAllWasRead) {
  const Files files = Numbered(4, 1000);
  const std::string file = Rar5Of(files, 4);
  const auto archive = Open(file);
  ASSERT_TRUE(archive
                  ->ReadAll(
                      1000, [](const auto&) { return false; }, [](const auto&, const auto&) {})
                  .ok());
  EXPECT_EQ(*archive->Read(3, 1000), files[3].second);
  EXPECT_EQ(archive->passes(), 1u);
}

TEST(PackedArchiveTest, ASolidArchiveThatWinrarMade) {
  const std::string file = Sample("rar5_multiple_files_solid.rar");
  const auto archive = Open(file);
  std::vector<std::string> data;
  for (uint32_t i = 0; i < 4; ++i) data.push_back(*archive->Read(i, 4096));
  EXPECT_EQ(archive->passes(), 1u);
  const auto again = Open(file);
  for (const uint32_t i : {3, 1, 2, 0}) EXPECT_EQ(*again->Read(i, 4096), data[i]);
  EXPECT_EQ(again->passes(), 1u) << "three were passed over and kept";
}

TEST(PackedArchiveTest, LimitsAndLacksAreTold) {
  const std::string file = TarOf(Numbered(2, 1000));
  const auto archive = Open(file);
  EXPECT_TRUE(absl::IsResourceExhausted(archive->Read(0, 999).status()));
  EXPECT_TRUE(absl::IsNotFound(archive->Read(2, 1000).status()));
  EXPECT_TRUE(archive->Read(1, 1000).ok()) << "a failure is not for ever";
}

TEST(PackedArchiveTest, AFailureNamesTheEntry) {
  const std::string file = TarOf(Numbered(3, 1000)).substr(0, 2300);
  const auto archive = Open(file);
  const auto status = archive->ReadAll(
      1000, [](const auto&) { return true; }, [](const auto&, const auto&) {});
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("1: a tar archive that is damaged"));
}

TEST(PackedArchiveTest, AListingStopsWhereItIsTold) {
  const Files files = Numbered(5, 10);
  for (const std::string& file : {TarOf(files), Rar5Of(files, 4)}) {
    const auto archive = Open(file);
    std::vector<std::string> seen;
    const auto status = archive->List([&](const PackedEntry& entry, auto read) {
      seen.push_back(entry.name);
      if (entry.index == 1) EXPECT_EQ(*read(10), files[1].second);
      if (entry.index == 2) EXPECT_TRUE(absl::IsOutOfRange(read(9).status()));
      return entry.index < 3;
    });
    EXPECT_TRUE(status.ok());
    EXPECT_THAT(seen, ElementsAre("0", "1", "2", "3"));
    EXPECT_EQ(*archive->Read(4, 10), files[4].second);
    EXPECT_EQ(archive->passes(), 1u);
  }
}

TEST(PackedArchiveTest, AListingOfAStreamHasAnEnd) {
  const Files files = Numbered(5, 30 << 20);
  const std::string stream = Rar5Of(files, 4);
  int seen = 0;
  const auto count = [&](const PackedEntry&, auto) { return ++seen > 0; };
  EXPECT_TRUE(Open(stream)->List(count).ok());
  EXPECT_EQ(seen, 3) << "64 MiB";
  seen = 0;
  const std::string apart = Rar5Of(files);
  EXPECT_TRUE(Open(apart)->List(count).ok());
  EXPECT_EQ(seen, 5);
}

}  // namespace
}  // namespace cbzfs
