// Archives of more than 4 GiB, and of more than 65 535 entries. The big one is mostly a source of
// zeros, so the file it is written to is sparse and nothing of its size is ever in memory.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zip.h>

#include <memory>
#include <string>

#include "codecs/zip/body.h"
#include "codecs/zip/crc_force.h"
#include "codecs/zip/layout.h"
#include "tests/codecs/zip/tool.h"
#include "tests/codecs/zip/virtual_book.h"

namespace cbzfs {
namespace {

using ::testing::HasSubstr;
using testing::RunTool;
using testing::ScratchDir;
using testing::ToolResult;
using testing::VirtualBook;
using testing::WriteFile;

void ExpectTool(const std::string& package, const std::string& command) {
  const ToolResult result = RunTool(package, command);
  EXPECT_EQ(result.status, 0) << command << "\n" << result.output;
}

// Opens with all consistency checks and reads entry `index`, which libzip compares with its CRC.
void ExpectLibzipReads(const std::string& path, uint64_t entries, uint64_t index) {
  int error = 0;
  zip_t* archive = zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &error);
  ASSERT_NE(archive, nullptr) << error;
  EXPECT_EQ(zip_get_num_entries(archive, 0), static_cast<zip_int64_t>(entries));
  zip_file_t* file = zip_fopen_index(archive, index, 0);
  ASSERT_NE(file, nullptr) << zip_strerror(archive);
  std::string buffer(1 << 16, 'x');
  zip_int64_t got;
  while ((got = zip_fread(file, buffer.data(), buffer.size())) > 0) {
  }
  EXPECT_EQ(got, 0) << zip_file_strerror(file);
  zip_fclose(file);
  zip_discard(archive);
}

// A layout's literal bytes, written where they belong; all else is zeros, as the source is.
class SparseFile {
 public:
  SparseFile(const std::string& path, const Layout& layout)
      : fd_(open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600)) {
    EXPECT_GE(fd_, 0);
    EXPECT_EQ(ftruncate(fd_, static_cast<off_t>(layout.size())), 0);
    for (const Piece& piece : layout.Map(0, layout.size())) {
      if (piece.kind != Piece::Kind::kLiteral) continue;
      std::string bytes(piece.size, 'x');
      layout.ReadLiteral(piece, bytes.data());
      Write(piece.offset, bytes);
    }
  }
  ~SparseFile() { close(fd_); }
  SparseFile(const SparseFile&) = delete;
  SparseFile& operator=(const SparseFile&) = delete;

  void Write(const Piece& piece, const Body& body) {
    std::string bytes(piece.size, 'x');
    body.Read(piece.body_offset, absl::MakeSpan(bytes.data(), bytes.size()));
    Write(piece.offset, bytes);
  }

 private:
  void Write(uint64_t offset, const std::string& bytes) {
    EXPECT_EQ(pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset)),
              static_cast<ssize_t>(bytes.size()));
  }
  const int fd_;
};

class BigBookTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kStreamBytes = 2'300'000'000;

  BigBookTest() {
    Document document;
    for (int i = 0; i < 6; ++i) {
      Page page{.width = 10, .height = 10, .dpi = 150, .payload_bytes = 1000};
      if (i == 1 || i == 3) {
        page = {.kind = PageKind::kOriginal,
                .width = 10,
                .height = 10,
                .dpi = 150,
                .source_bytes = kStreamBytes};
      }
      document.pages.push_back(page);
    }
    auto layout =
        Layout::Create(std::make_shared<const Document>(std::move(document)), "Big", {1, 2}, {});
    EXPECT_TRUE(layout.ok()) << layout.status();
    layout_ = *std::move(layout);
  }

  std::shared_ptr<const Body> BodyOf(uint32_t page) const {
    const BodySpec spec = layout_->Body(page);
    if (layout_->document().pages[page].kind == PageKind::kOriginal) {
      return Body::Original(spec, ExtendCrcByZeros(0, kStreamBytes), kStreamBytes);
    }
    return *Body::Drawn(spec, "payload of page " + std::to_string(page));
  }

  void WriteSparse(const std::string& path) const {
    SparseFile file(path, *layout_);
    for (const Piece& piece : layout_->Map(0, layout_->size())) {
      if (piece.kind == Piece::Kind::kBody) file.Write(piece, *BodyOf(piece.page));
    }
  }

  std::shared_ptr<const Layout> layout_;
};

TEST_F(BigBookTest, ProgramsReadPagesBeyondFourGigabytes) {
  const ScratchDir scratch;
  const std::string cbz = scratch.Path("big.cbz");
  WriteSparse(cbz);
  ASSERT_GT(layout_->size(), uint64_t{4} << 30);
  for (const char* page : {"0001.jpg", "0003.jpg", "0005.jpg", "0006.jpg"}) {
    ExpectTool("unzip", "unzip -tqq " + cbz + " " + page);
    ExpectTool("p7zip-full", "7z t " + cbz + " " + page);
    ExpectTool("libarchive-tools", "bsdtar -xOf " + cbz + " " + page + " > /dev/null");
  }
  ExpectLibzipReads(cbz, 7, 6);
}

TEST_F(BigBookTest, EveryCrcIsRight) {
  const ScratchDir scratch;
  const std::string cbz = scratch.Path("big.cbz");
  WriteSparse(cbz);
  ExpectTool("p7zip-full", "7z t " + cbz);
}

TEST_F(BigBookTest, OnlyOffsetsThatDoNotFitTakeZip64) {
  const ScratchDir scratch;
  const std::string cbz = scratch.Path("big.cbz");
  WriteSparse(cbz);
  const ToolResult list = RunTool("unzip", "zipinfo " + cbz);
  EXPECT_EQ(list.status, 0) << list.output;
  EXPECT_THAT(list.output, HasSubstr("0004.jpg"));
  // Entries 0 to 4 begin below 4 GiB; pages 5 and 6 do not.
  const ToolResult versions =
      RunTool("python3",
              "python3 -c \"import sys, zipfile; print([i.extract_version for i in "
              "zipfile.ZipFile(sys.argv[1]).infolist()])\" " +
                  cbz);
  EXPECT_THAT(versions.output, HasSubstr("[10, 10, 10, 10, 10, 45, 45]"));
}

TEST_F(BigBookTest, AnyRangeOfTheEndIsThatRange) {
  const uint64_t end = layout_->size();
  const auto read = [this](uint64_t from, uint64_t size) {
    std::string bytes;
    for (const Piece& piece : layout_->Map(from, size)) {
      EXPECT_EQ(piece.kind, Piece::Kind::kLiteral);
      const size_t at = bytes.size();
      bytes.resize(at + piece.size);
      layout_->ReadLiteral(piece, &bytes[at]);
    }
    return bytes;
  };
  const std::string tail = read(end - 1000, 1000);
  ASSERT_EQ(tail.size(), 1000u);
  for (uint64_t from = 0; from < 1000; ++from) {
    for (const uint64_t size : {uint64_t{1}, uint64_t{13}, uint64_t{77}}) {
      ASSERT_EQ(read(end - 1000 + from, size), tail.substr(from, size));
    }
  }
}

// An archive with entries that end past 4 GiB: one handed on, one drawn, and one encrypted, whose
// record has two extra fields.
TEST(BigArchiveTest, ProgramsReadEntriesBeyondFourGigabytes) {
  constexpr uint64_t kHalf = 2'300'000'000;
  Document document;
  for (const uint64_t bytes : {kHalf, kHalf, uint64_t{1000}, uint64_t{0}, uint64_t{28}}) {
    document.pages.push_back(
        {.kind = PageKind::kRaw, .width = 1, .height = 1, .source_bytes = bytes});
    document.entries.push_back({.name = std::to_string(document.entries.size()),
                                .crc = ExtendCrcByZeros(0, bytes),
                                .bytes = bytes});
  }
  document.pages[3] = {.width = 10, .height = 10, .dpi = 150, .payload_bytes = 1000};
  document.entries[4].method = 99;
  document.entries[4].flags = 1;
  document.entries[4].extra = std::string("\x01\x99\x07\x00\x02\x00\x41\x45\x03\x00\x00", 11);
  const auto layout =
      Layout::Create(std::make_shared<const Document>(std::move(document)), "Big", {1, 2}, {});
  ASSERT_TRUE(layout.ok()) << layout.status();
  const ScratchDir scratch;
  const std::string cbz = scratch.Path("big.cbz");
  {
    SparseFile file(cbz, **layout);
    const auto body = *Body::Drawn((*layout)->Body(3), "payload");
    for (const Piece& piece : (*layout)->Map(uint64_t{4} << 30, uint64_t{1} << 30)) {
      if (piece.kind == Piece::Kind::kBody) file.Write(piece, *body);
    }
  }
  for (const char* entry : {"2", "3.jpg"}) {
    ExpectTool("unzip", "unzip -tqq " + cbz + " " + entry);
    ExpectTool("p7zip-full", "7z t " + cbz + " " + entry);
  }
  ExpectLibzipReads(cbz, 5, 3);
  const ToolResult facts =
      RunTool("python3",
              "python3 -c \"import sys, zipfile; print([(i.extract_version, i.header_offset >> 32, "
              "len(i.extra)) for i in zipfile.ZipFile(sys.argv[1]).infolist()])\" " +
                  cbz);
  EXPECT_THAT(facts.output,
              HasSubstr("[(10, 0, 0), (10, 0, 0), (45, 1, 12), (45, 1, 12), (51, 1, 23)]"));
}

VirtualBook ManyPages(uint32_t count) {
  VirtualBook::Parts parts{.options = {.guard = 0}};
  parts.document.pages.assign(count, {.width = 1, .height = 1, .dpi = 1, .payload_bytes = 5});
  parts.payloads.assign(count, "image");
  return VirtualBook(std::move(parts));
}

TEST(ManyPagesTest, ProgramsAcceptSeventyThousand) {
  const ScratchDir scratch;
  const std::string cbz = scratch.Path("many.cbz");
  WriteFile(cbz, ManyPages(70'000).ReadAll());
  ExpectTool("unzip", "unzip -tqq " + cbz);
  ExpectTool("p7zip-full", "7z t " + cbz);
  ExpectTool("libarchive-tools", "bsdtar -xOf " + cbz + " > /dev/null");
  ExpectTool("python3", "python3 " CBZFS_TEST_DATA "/check_zip.py " + cbz + " 70001");
  ExpectLibzipReads(cbz, 70'001, 70'000);
}

TEST(ManyPagesTest, Zip64BeginsPast65535Entries) {
  const ScratchDir scratch;
  const std::string cbz = scratch.Path("many.cbz");
  for (const uint32_t pages : {65'533u, 65'534u, 65'535u}) {
    VirtualBook book = ManyPages(pages);
    const std::string all = book.ReadAll();
    const bool zip64 = all.find("PK\x06\x06") != std::string::npos;
    EXPECT_EQ(zip64, pages == 65'535) << pages;
    WriteFile(cbz, all);
    ExpectTool("p7zip-full", "7z t " + cbz);
    ExpectTool("python3",
               "python3 " CBZFS_TEST_DATA "/check_zip.py " + cbz + " " + std::to_string(pages + 1));
    ExpectLibzipReads(cbz, pages + 1, pages);
  }
}

}  // namespace
}  // namespace cbzfs
