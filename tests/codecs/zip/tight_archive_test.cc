#include "codecs/zip/tight_archive.h"

#include <gtest/gtest.h>
#include <zip.h>

#include <algorithm>
#include <map>

#include "codecs/zip/crc_force.h"
#include "tests/codecs/zip/archive_book.h"
#include "tests/codecs/zip/virtual_book.h"

namespace cbzfs {
namespace {

using testing::RandomBook;
using testing::VirtualBook;

void Put(std::string* file, const PlacedBytes& placed) {
  if (file->size() < placed.offset + placed.bytes.size()) {
    file->resize(placed.offset + placed.bytes.size(), '?');
  }
  std::copy(placed.bytes.begin(), placed.bytes.end(),
            file->begin() + static_cast<ptrdiff_t>(placed.offset));
}

// The archive of a layout whose pages have this data.
std::string Write(const Layout& layout, const std::vector<std::string>& data,
                  const std::string& comment) {
  TightArchive archive(&layout);
  std::string file;
  for (const std::string& page : data) {
    Put(&file, {archive.DataOffset(), page});
    const auto around = archive.AddPage(ExtendCrc(0, page), page.size());
    EXPECT_TRUE(around.ok()) << around.status();
    for (const PlacedBytes& placed : *around) Put(&file, placed);
  }
  for (const PlacedBytes& placed : archive.Finish(comment)) Put(&file, placed);
  EXPECT_EQ(file.size(), archive.size());
  return file;
}

// Names and data as libzip finds them, CRCs checked.
std::vector<std::pair<std::string, std::string>> Read(std::string& file) {
  zip_error_t error;
  zip_source_t* const source = zip_source_buffer_create(file.data(), file.size(), 0, &error);
  zip_t* const zip = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
  EXPECT_NE(zip, nullptr) << zip_error_strerror(&error);
  std::vector<std::pair<std::string, std::string>> entries;
  if (zip == nullptr) return entries;
  for (zip_int64_t i = 0; i < zip_get_num_entries(zip, 0); ++i) {
    zip_stat_t st;
    zip_stat_index(zip, static_cast<zip_uint64_t>(i), 0, &st);
    std::string data(st.size, '\0');
    zip_file_t* const entry = zip_fopen_index(zip, static_cast<zip_uint64_t>(i), 0);
    EXPECT_EQ(zip_fread(entry, data.data(), data.size()), static_cast<zip_int64_t>(data.size()));
    char past;
    EXPECT_EQ(zip_fread(entry, &past, 1), 0);  // and the CRC is right
    zip_fclose(entry);
    entries.emplace_back(st.name, std::move(data));
  }
  zip_close(zip);
  return entries;
}

TEST(TightArchiveTest, NothingButThePagesAndWhatIsSaidOfThem) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 20; ++round) {
    VirtualBook book(RandomBook(random, 1 + round, {.guard = 0}));
    const Layout& layout = book.layout();
    std::vector<std::string> data;
    uint64_t sum = 0;
    for (uint32_t page = 0; page < layout.page_count(); ++page) {
      data.push_back(testing::RandomBytes(random, random() % 3000));
      sum += data.back().size() + 30 + 46 + 2 * layout.PageName(page).size();
    }
    std::string file = Write(layout, data, "a comment");
    const auto entries = Read(file);
    ASSERT_EQ(entries.size(), data.size() + 1);
    EXPECT_EQ(entries[0].first, "ComicInfo.xml");
    for (uint32_t page = 0; page < data.size(); ++page) {
      EXPECT_EQ(entries[page + 1].first, layout.PageName(page));
      EXPECT_TRUE(entries[page + 1].second == data[page]);
      EXPECT_NE(entries[0].second.find("ImageSize=\"" + std::to_string(data[page].size()) + "\""),
                std::string::npos);
    }
    EXPECT_EQ(file.size(), sum + entries[0].second.size() + 30 + 46 + 2 * 13 + 22 + 9);
    EXPECT_TRUE(file.ends_with(std::string_view("\x9\0a comment", 11)));
    EXPECT_EQ(Write(layout, data, "a comment"), file);
  }
}

TEST(TightArchiveTest, WhatStandsBeforeAPayload) {
  std::mt19937_64 random(8);
  VirtualBook book(RandomBook(random, 12, {.guard = 0}));
  const TightArchive archive(&book.layout());
  for (uint32_t page = 0; page < 12; ++page) {
    const PageKind kind = book.layout().document().pages[page].kind;
    if (kind == PageKind::kOriginal) continue;
    const std::string head = archive.Head(page);
    EXPECT_EQ(head.size(), kind == PageKind::kDrawn ? 20u : 2u);
    EXPECT_EQ(head.substr(0, 2), "\xFF\xD8");
    EXPECT_TRUE(book.PageData(page).starts_with(head));
  }
}

}  // namespace
}  // namespace cbzfs
