#include "fs/fuse/dir_buffer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/fuse.h>

#include <cstring>
#include <string>
#include <vector>

namespace cbzfs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint64_t kDirectory = 77;

using Attr = struct stat;

class PlainNode : public Node {
 public:
  using Node::Node;
  void GetAttr(AttrDone done) override { done(Attr()); }
};

// Entries a, b, c...; those with `whole` have their attributes at hand.
Listing MakeListing(const std::vector<bool>& whole) {
  Listing listing;
  for (size_t i = 0; i < whole.size(); ++i) {
    DirEntry entry;
    entry.name = std::string(1, static_cast<char>('a' + i));
    entry.ino = 100 + i;
    entry.type = S_IFREG;
    if (whole[i]) {
      entry.node = std::make_shared<PlainNode>(entry.ino);
      entry.attr.st_ino = entry.ino;
      entry.attr.st_mode = S_IFREG | 0444;
      entry.attr.st_size = static_cast<off_t>(1000 + i);
    }
    listing.entries.push_back(std::move(entry));
  }
  return listing;
}

// An entry as the kernel reads it.
struct Seen {
  std::string name;
  uint64_t ino = 0;
  uint64_t next = 0;
  uint32_t type = 0;
  fuse_entry_out entry = {};
};

std::vector<Seen> Decode(const std::string& bytes, bool plus) {
  std::vector<Seen> seen;
  const size_t head = plus ? FUSE_NAME_OFFSET_DIRENTPLUS : FUSE_NAME_OFFSET;
  for (size_t at = 0; at < bytes.size();) {
    Seen one;
    fuse_dirent dirent;
    if (plus) memcpy(&one.entry, bytes.data() + at, sizeof(one.entry));
    memcpy(&dirent, bytes.data() + at + head - FUSE_NAME_OFFSET, FUSE_NAME_OFFSET);
    one.name = bytes.substr(at + head, dirent.namelen);
    one.ino = dirent.ino;
    one.next = dirent.off;
    one.type = dirent.type;
    seen.push_back(one);
    at += FUSE_DIRENT_ALIGN(head + dirent.namelen);
  }
  return seen;
}

std::vector<std::string> Names(const std::string& bytes, bool plus) {
  std::vector<std::string> names;
  for (const Seen& one : Decode(bytes, plus)) names.push_back(one.name);
  return names;
}

TEST(DirBuffer, ListsDotsFirstAndNoInodeIsZero) {
  const DirBuffer buffer = PackEntries(kDirectory, MakeListing({false, true}), 0, 4096);
  const std::vector<Seen> seen = Decode(buffer.bytes, false);
  EXPECT_THAT(Names(buffer.bytes, false), ElementsAre(".", "..", "a", "b"));
  EXPECT_EQ(seen[0].ino, kDirectory);
  EXPECT_EQ(seen[2].ino, 100u);
  EXPECT_EQ(seen[2].type, static_cast<uint32_t>(S_IFREG >> 12));
  for (const Seen& one : seen) EXPECT_NE(one.ino, 0u) << one.name;
  EXPECT_THAT(buffer.referenced, IsEmpty());
}

TEST(DirBuffer, GoesOnWhereTheLastBufferEnded) {
  const Listing listing = MakeListing(std::vector<bool>(20, true));
  for (const bool plus : {false, true}) {
    std::vector<std::string> names;
    uint64_t offset = 0;
    for (int round = 0; round < 100; ++round) {
      const DirBuffer buffer =
          plus ? PackEntriesPlus(kDirectory, listing, offset, 400, absl::Seconds(1))
               : PackEntries(kDirectory, listing, offset, 100);
      ASSERT_FALSE(buffer.too_small);
      if (buffer.bytes.empty()) break;
      for (const Seen& one : Decode(buffer.bytes, plus)) {
        names.push_back(one.name);
        offset = one.next;
      }
    }
    ASSERT_EQ(names.size(), 22u);
    EXPECT_EQ(names.front(), ".");
    EXPECT_EQ(names.back(), "t");
  }
}

TEST(DirBuffer, PlusSendsAttributesOnlyWhereTheyAreKnown) {
  const Listing listing = MakeListing({true, false});
  const DirBuffer buffer = PackEntriesPlus(kDirectory, listing, 2, 4096, absl::Milliseconds(1500));
  const std::vector<Seen> seen = Decode(buffer.bytes, true);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].entry.nodeid, 100u);
  EXPECT_EQ(seen[0].entry.attr.size, 1000u);
  EXPECT_EQ(seen[0].entry.attr_valid, 1u);
  EXPECT_EQ(seen[0].entry.entry_valid_nsec, 500'000'000u);
  EXPECT_EQ(seen[1].entry.nodeid, 0u);  // "look it up yourself"
  EXPECT_EQ(seen[1].ino, 101u);
  EXPECT_EQ(seen[1].type, static_cast<uint32_t>(S_IFREG >> 12));
  EXPECT_THAT(buffer.referenced, ElementsAre(&listing.entries[0]));
}

TEST(DirBuffer, PlusNeverReferencesTheDots) {
  const Listing listing = MakeListing({});
  const DirBuffer buffer = PackEntriesPlus(kDirectory, listing, 0, 4096, absl::Seconds(1));
  for (const Seen& one : Decode(buffer.bytes, true)) EXPECT_EQ(one.entry.nodeid, 0u);
  EXPECT_THAT(buffer.referenced, IsEmpty());
}

TEST(DirBuffer, WhatDoesNotFitIsNotReferenced) {
  const Listing listing = MakeListing({true, true, true});
  const size_t one = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET_DIRENTPLUS + 1);
  const DirBuffer buffer =
      PackEntriesPlus(kDirectory, listing, 2, 2 * one + one - 1, absl::Seconds(1));
  EXPECT_THAT(Names(buffer.bytes, true), ElementsAre("a", "b"));
  EXPECT_THAT(buffer.referenced, ElementsAre(&listing.entries[0], &listing.entries[1]));
}

TEST(DirBuffer, ExactlyFittingEntriesAreSent) {
  const Listing listing = MakeListing({true, true});
  const size_t one = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + 1);
  const DirBuffer buffer = PackEntries(kDirectory, listing, 2, 2 * one);
  EXPECT_THAT(Names(buffer.bytes, false), ElementsAre("a", "b"));
}

TEST(DirBuffer, ABigBufferTakesAllNamesOfAnyLength) {
  for (size_t length = 1; length <= 255; ++length) {
    Listing listing = MakeListing({true, true, false});
    for (DirEntry& entry : listing.entries) entry.name = std::string(length, entry.name[0]);
    const DirBuffer plus = PackEntriesPlus(kDirectory, listing, 0, 128 << 10, absl::Seconds(1));
    EXPECT_EQ(Decode(plus.bytes, true).size(), 5u) << length;
    const DirBuffer rest = PackEntriesPlus(kDirectory, listing, 3, 128 << 10, absl::Seconds(1));
    EXPECT_EQ(Decode(rest.bytes, true).size(), 2u) << length;
    EXPECT_EQ(Decode(PackEntries(kDirectory, listing, 0, 128 << 10).bytes, false).size(), 5u);
  }
}

TEST(DirBuffer, ABufferTooSmallForOneEntryIsAnError) {
  const Listing listing = MakeListing({true});
  EXPECT_TRUE(PackEntries(kDirectory, listing, 0, 8).too_small);
  EXPECT_TRUE(PackEntriesPlus(kDirectory, listing, 2, 100, absl::Seconds(1)).too_small);
}

TEST(DirBuffer, TheEndIsEmptyAndNoError) {
  const Listing listing = MakeListing({true});
  for (const uint64_t offset : {3, 4, 1000}) {
    const DirBuffer buffer = PackEntries(kDirectory, listing, offset, 4096);
    EXPECT_EQ(buffer.bytes, "");
    EXPECT_FALSE(buffer.too_small);
  }
}

}  // namespace
}  // namespace cbzfs
