#include "fs/core/folder_contents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace cbzfs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A name that ends in '/' is a folder's.
FolderContents Of(const std::vector<std::string>& names, bool show_hidden = false) {
  std::vector<SourceName> sources;
  for (const std::string& name : names) {
    const bool folder = name.back() == '/';
    sources.push_back({folder ? name.substr(0, name.size() - 1) : name,
                       folder ? static_cast<mode_t>(S_IFDIR) : static_cast<mode_t>(S_IFREG)});
  }
  return ContentsOf(std::move(sources), show_hidden);
}

std::vector<std::string> Images(const std::vector<std::string>& names, bool show_hidden = false) {
  std::vector<std::string> images;
  for (const SourceName& image : Of(names, show_hidden).images) images.push_back(image.name);
  return images;
}

TEST(FolderContentsTest, ImagesAreABookInTheOrderOfReading) {
  EXPECT_THAT(Images({"10.jpg", "2.png", "Page 1.webp", "page 02.avif", "notes.txt", "a/"}),
              ElementsAre("2.png", "10.jpg", "Page 1.webp", "page 02.avif"));
  EXPECT_THAT(Images({"notes.txt", "a.jpg/"}), IsEmpty());
  EXPECT_THAT(Images({}), IsEmpty());
}

TEST(FolderContentsTest, AFolderWithAComicIsAShelf) {
  for (const char* const comic : {"a.pdf", "a.CBZ", "a.zip", "a.cbr", "a.7z", "a.epub", "a.xps"}) {
    EXPECT_THAT(Images({"1.jpg", "2.jpg", comic}), IsEmpty()) << comic;
    EXPECT_THAT(Images({"1.jpg", std::string(".") + comic}), ElementsAre("1.jpg")) << comic;
  }
  // Folders may be called as they like.
  EXPECT_THAT(Images({"1.jpg", "a.pdf/"}), ElementsAre("1.jpg"));
}

TEST(FolderContentsTest, CoversMakeNoBookButArePagesOfOne) {
  EXPECT_THAT(Images({"cover.jpg"}), IsEmpty());
  EXPECT_THAT(Images({"Folder.JPG", "poster.png", "fanart.webp", "Vol 1/"}), IsEmpty());
  EXPECT_THAT(Images({"1.jpg", "cover.jpg"}), ElementsAre("1.jpg", "cover.jpg"));
  EXPECT_THAT(Images({"cover 1.jpg"}), ElementsAre("cover 1.jpg"));
  EXPECT_TRUE(IsCoverName("COVER.Png"));
  EXPECT_FALSE(IsCoverName("uncover.jpg"));
}

TEST(FolderContentsTest, HiddenFilesAreNotLookedAt) {
  EXPECT_THAT(Images({".1.jpg", "_2.jpg"}), IsEmpty());
  EXPECT_THAT(Images({".1.jpg", "_2.jpg"}, true), ElementsAre(".1.jpg", "_2.jpg"));
  EXPECT_THAT(Images({"1.jpg", ".a.pdf"}, true), IsEmpty());
}

TEST(FolderContentsTest, ComicInfoIsFoundInAnyCase) {
  EXPECT_EQ(Of({"1.jpg", "comicinfo.XML"}).info.name, "comicinfo.XML");
  EXPECT_EQ(Of({"1.jpg", "COMICINFO.xml", "ComicInfo.xml", "comicinfo.xml"}).info.name,
            "ComicInfo.xml");
  EXPECT_EQ(Of({"1.jpg", "ComicInfo.xml/"}).info.name, "");
  EXPECT_EQ(Of({"1.jpg", "ComicInfo.xml.bak"}).info.name, "");
}

TEST(FolderContentsTest, EntriesKeepTheirNamesWhereAnArchiveCanHaveThem) {
  EXPECT_THAT(EntryNamesOf({"1.jpg", "Größe: 2.jpg", "漫画.png"}),
              ElementsAre("1.jpg", "Größe: 2.jpg", "漫画.png"));
  EXPECT_THAT(EntryNamesOf({"a\xff.jpg", "a_.jpg", "a\t.jpg", "b\\c.jpg", "\xc2\x85.jpg"}),
              ElementsAre("a_~2.jpg", "a_.jpg", "a_~3.jpg", "b_c.jpg", "_.jpg"));
  const std::string name(251, 'x');
  const std::string one = name.substr(1) + "\x01.jpg";
  const std::string two = name.substr(1) + "\x02.jpg";
  const auto entries = EntryNamesOf({one, two});
  EXPECT_EQ(entries[0], name.substr(1) + "_.jpg");
  EXPECT_EQ(entries[1], name.substr(2) + "~2.jpg");
  EXPECT_EQ(entries[1].size(), 255u);
}

}  // namespace
}  // namespace cbzfs
