// Archives with broken bytes. Each lies in memory of exactly its size with no access behind it, so
// that a byte read outside is a crash in every build; AddressSanitizer watches the rest.

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "codecs/archive/archive.h"
#include "tests/codecs/archive/zip_builder.h"

namespace cbzfs {
namespace {

using testing::BuildZip;
using testing::ExtraField;
using testing::ZipItem;
using testing::ZipParts;

constexpr uint64_t kMaxBytes = 1 << 20;

// Bytes that end where a page without access begins, as a mapped file may.
class GuardedBytes {
 public:
  explicit GuardedBytes(size_t capacity) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    room_ = (capacity + page - 1) / page * page;
    size_ = room_ + page;
    base_ = static_cast<uint8_t*>(
        mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    EXPECT_NE(base_, MAP_FAILED);
    EXPECT_EQ(mprotect(base_ + room_, page, PROT_NONE), 0);
  }
  ~GuardedBytes() { munmap(base_, size_); }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;

  absl::Span<const uint8_t> Put(const std::string& text) {
    uint8_t* begin = base_ + room_ - text.size();
    std::memcpy(begin, text.data(), text.size());
    return {begin, text.size()};
  }

 private:
  uint8_t* base_ = nullptr;
  size_t room_ = 0;
  size_t size_ = 0;
};

// Everything that can be asked of an archive; how many entries could be read.
int UseAll(absl::Span<const uint8_t> file, const LegacyCharsets& charsets) {
  const absl::StatusOr<std::unique_ptr<Archive>> archive = Archive::Open(file);
  if (!archive.ok()) return 0;
  int readable = 0;
  for (size_t i = 0; i < (*archive)->entries().size(); ++i) {
    const ZipDirectoryEntry& entry = (*archive)->entries()[i];
    if (entry.data_offset != 0) {
      EXPECT_LE(entry.data_offset, file.size());
      EXPECT_LE(entry.compressed_bytes, file.size() - entry.data_offset);
    }
    const absl::StatusOr<std::string> data = (*archive)->Read(i, kMaxBytes);
    if (data.ok()) {
      EXPECT_EQ(data->size(), entry.bytes);
      EXPECT_EQ(testing::Crc(*data), entry.crc);
      EXPECT_TRUE((*archive)->Verdict(i).ok());
      ++readable;
    }
    const absl::StatusOr<std::string> head = (*archive)->ReadHead(i, 100);
    EXPECT_TRUE(!data.ok() || head.value_or("?") == data->substr(0, 100));
    (void)(*archive)->StoredData(i);
  }
  for (const Archive::Member& member :
       (*archive)->Members(charsets, [](std::string_view) { return true; })) {
    EXPECT_FALSE(member.name.empty());
    EXPECT_NE(member.name[0], '/');
  }
  return readable;
}

// One of each kind of thing that is parsed.
std::string Specimen(bool zip64, bool prefix) {
  std::string unicode("\1");
  testing::Put(unicode, testing::Crc("uni\x82.jpg"), 4);
  std::string text;
  for (int i = 0; i < 300; ++i) text += std::to_string(i * 7919);
  ZipItem later{.name = "later.jpg", .data = text, .method = 8, .flags = 8};
  later.local_bytes = later.local_compressed = later.local_crc = 0;
  return BuildZip(ZipParts{
      .items = {{.name = "stored.jpg", .data = text.substr(0, 200)},
                {.name = "deflated.jpg", .data = text, .method = 8},
                {.name = "wide.jpg", .data = text, .method = 8, .zip64 = zip64},
                later,
                {.name = "uni\x82.jpg",
                 .data = "x",
                 .central_extra =
                     ExtraField(0x5455, "12345") + ExtraField(0x7075, unicode + "ü.jpg")},
                {.name = "\x83\x7D\x83\x93\x83\x4B\\1.jpg", .made_by = testing::kMadeByDos},
                {.name = "aes.jpg",
                 .method = 99,
                 .flags = 1,
                 .coded = "cipher",
                 .central_extra = ExtraField(0x9901, "\2AE3456")}},
      .prefix = prefix ? "#!/bin/sh\n" : "",
      .offsets_count_prefix = false,
      .comment = "a comment",
      .zip64_end = zip64});
}

class ArchiveMutationTest : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    auto charsets = LegacyCharsets::Load();
    ASSERT_TRUE(charsets.ok());
    charsets_ = *std::move(charsets);
    specimen_ = Specimen(GetParam() % 2 == 1, GetParam() / 2 == 1);
  }
  std::string specimen_;
  std::unique_ptr<const LegacyCharsets> charsets_;
};

TEST_P(ArchiveMutationTest, TheSpecimenItselfIsReadable) {
  GuardedBytes bytes(specimen_.size());
  EXPECT_EQ(UseAll(bytes.Put(specimen_), *charsets_), 6);
}

TEST_P(ArchiveMutationTest, ChangedBytesDoNoHarm) {
  GuardedBytes bytes(specimen_.size());
  std::mt19937 random(GetParam());
  int readable = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string broken = specimen_;
    // Most of what matters lies in the headers: at the end, or behind a signature.
    for (int changes = 1 + random() % 4; changes > 0; --changes) {
      size_t at = random() % broken.size();
      if (random() % 2 == 0) at = broken.size() - 1 - random() % 700;
      if (random() % 3 == 0) at = std::min(broken.rfind("PK", at) + random() % 46, at);
      constexpr uint8_t kEdges[] = {0, 1, 0x7F, 0x80, 0xFE, 0xFF};
      broken[at] = static_cast<char>(random() % 2 ? kEdges[random() % 6] : random());
    }
    readable += UseAll(bytes.Put(broken), *charsets_);
  }
  // The sweep broke things, and most of them not altogether.
  EXPECT_LT(readable, 3000 * 6 * 95 / 100);
  EXPECT_GT(readable, 3000 * 6 * 20 / 100);
}

TEST_P(ArchiveMutationTest, FullNumbersDoNoHarm) {
  GuardedBytes bytes(specimen_.size());
  for (size_t at = 0; at + 8 <= specimen_.size(); ++at) {
    for (const int size : {2, 4, 8}) {
      std::string broken = specimen_;
      broken.replace(at, size, size, '\xFF');
      (void)UseAll(bytes.Put(broken), *charsets_);
    }
  }
}

TEST_P(ArchiveMutationTest, MissingAndRepeatedPiecesDoNoHarm) {
  GuardedBytes bytes(2 * specimen_.size());
  std::mt19937 random(GetParam());
  for (size_t size = 0; size < specimen_.size(); ++size) {
    (void)UseAll(bytes.Put(specimen_.substr(0, size)), *charsets_);
    (void)UseAll(bytes.Put(specimen_.substr(size)), *charsets_);
  }
  for (int round = 0; round < 2000; ++round) {
    std::string broken = specimen_;
    const size_t from = random() % broken.size();
    const size_t count = std::min<size_t>(random() % 200, broken.size() - from);
    if (round % 2 == 0) {
      broken.erase(from, count);
    } else {
      broken.insert(random() % broken.size(), specimen_, from, count);
    }
    (void)UseAll(bytes.Put(broken), *charsets_);
  }
}

INSTANTIATE_TEST_SUITE_P(Specimens, ArchiveMutationTest, ::testing::Range(0, 4));

}  // namespace
}  // namespace cbzfs
