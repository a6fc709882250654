#include "codecs/document/format_names.h"

#include "gtest/gtest.h"

namespace cbzfs {
namespace {

TEST(FormatNamesTest, ImagesInAnyCase) {
  for (const char* name : {"a.jpg", "a.JPEG", "dir/b.Png", "x.y.gif", "a.webp", "a.bmp", "a.tif",
                           "a.TIFF", "a.jp2", "a.j2k", "a.avif", "a.jxl"}) {
    EXPECT_TRUE(HasImageExtension(name)) << name;
  }
  for (const char* name : {"", "jpg", ".jpg", "a.jpgx", "a.", "a.pdf", "a.jpg.txt", "a.cbz"}) {
    EXPECT_FALSE(HasImageExtension(name)) << name;
  }
}

TEST(FormatNamesTest, ComicsInAnyCase) {
  EXPECT_EQ(FormatOfName("a.b.PDF"), SourceFormat::kPdf);
  EXPECT_EQ(FormatOfName("folder.x/a.Cbz"), SourceFormat::kArchive);
  EXPECT_EQ(FormatOfName("a.zip"), SourceFormat::kArchive);
  for (const char* name : {"a.cbr", "a.RAR", "a.Cb7", "a.7z", "a.cbt", "a.tar"}) {
    EXPECT_EQ(FormatOfName(name), SourceFormat::kPacked) << name;
  }
  for (const char* name : {"pdf", ".pdf", "folder.pdf/.cbz", "a.pdf/", ".cbr", "a.tar.gz", "a."}) {
    EXPECT_FALSE(FormatOfName(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace cbzfs
