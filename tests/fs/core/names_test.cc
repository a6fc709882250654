#include "fs/core/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <map>

namespace cbzfs {
namespace {

using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// As the cbz view wishes it.
std::vector<Wish> BooksOfPdfs(SourceFormat format) {
  if (format == SourceFormat::kPdf) return {{.shape = Shape::kBook, .ending = ".cbz"}};
  return {};
}

// What each entry shows as; "" for one that is no candidate.
std::map<std::string, std::string> Shown(std::vector<std::string> names, bool show_hidden = false) {
  std::vector<SourceName> sources;
  for (auto& name : names) sources.push_back({name, S_IFREG});
  NameMap map(std::move(sources), BooksOfPdfs, show_hidden);
  std::map<std::string, std::string> out;
  for (const auto& entry : map.entries()) {
    EXPECT_LE(entry.shown.size(), 1u);
    out[entry.source.name] = entry.candidate() ? entry.shown[0].name : "";
  }
  return out;
}

TEST(NamesTest, PdfShowsAsCbzInAnyCase) {
  EXPECT_THAT(
      Shown({"a.pdf", "b.PDF", "c.Pdf", "d.txt", "pdf", ".pdf"}, true),
      UnorderedElementsAre(Pair("a.pdf", "a.cbz"), Pair("b.PDF", "b.cbz"), Pair("c.Pdf", "c.cbz"),
                           Pair("d.txt", ""), Pair("pdf", ""), Pair(".pdf", "")));
}

TEST(NamesTest, RealCbzWins) {
  EXPECT_THAT(Shown({"Foo.cbz", "Foo.pdf"}),
              UnorderedElementsAre(Pair("Foo.cbz", ""), Pair("Foo.pdf", "Foo.pdf.cbz")));
}

TEST(NamesTest, SecondOfTwoCasesGetsItsFullName) {
  EXPECT_THAT(Shown({"Foo.PDF", "Foo.pdf"}),
              UnorderedElementsAre(Pair("Foo.pdf", "Foo.cbz"), Pair("Foo.PDF", "Foo.PDF.cbz")));
}

TEST(NamesTest, NobodyTakesAnothersPlainName) {
  // Foo.pdf cannot have Foo.cbz; its full name is the plain name of Foo.pdf.pdf, which comes first.
  EXPECT_THAT(Shown({"Foo.cbz", "Foo.pdf", "Foo.pdf.pdf"}),
              UnorderedElementsAre(Pair("Foo.cbz", ""), Pair("Foo.pdf.pdf", "Foo.pdf.cbz"),
                                   Pair("Foo.pdf", "Foo.pdf~2.cbz")));
}

TEST(NamesTest, LongNamesAreCutBeforeTheExtension) {
  const std::string stem(251, 'x');
  auto shown = Shown({stem + ".pdf", stem + ".PDF"});
  EXPECT_EQ(shown[stem + ".pdf"], stem + ".cbz");
  // The full name and ".cbz" would be 259 bytes; cut to 255 it is the plain name again.
  EXPECT_EQ(shown[stem + ".PDF"], stem.substr(0, 249) + "~2.cbz");
}

TEST(NamesTest, CutNamesStayValidUtf8) {
  std::string stem;
  while (stem.size() < 249) stem += "\xc3\xa4";  // ends in the middle of nothing: 250 bytes
  auto shown = Shown({stem + ".cbz", stem + ".pdf"});
  const std::string& name = shown[stem + ".pdf"];
  EXPECT_LE(name.size(), 255u);
  EXPECT_TRUE(name.ends_with(".cbz"));
  EXPECT_NE(static_cast<unsigned char>(name[name.size() - 5]), 0xc3);
}

TEST(NamesTest, HiddenNamesAreLeftOutUnlessAsked) {
  EXPECT_THAT(Shown({".a", "_b.pdf", "c"}), UnorderedElementsAre(Pair("c", "")));
  EXPECT_THAT(Shown({".a", "_b.pdf", "c"}, true),
              UnorderedElementsAre(Pair(".a", ""), Pair("_b.pdf", "_b.cbz"), Pair("c", "")));
}

TEST(NamesTest, FoldersAreNoComics) {
  NameMap map({{"dir.pdf", S_IFDIR}}, BooksOfPdfs, false);
  EXPECT_FALSE(map.entries()[0].candidate());
  EXPECT_FALSE(map.FindShown("dir.cbz").has_value());
  EXPECT_NE(map.FindSource("dir.pdf"), nullptr);
}

TEST(NamesTest, OrderOfReadingDoesNotMatter) {
  EXPECT_EQ(Shown({"b.PDF", "b.pdf", "b.Pdf", "b.pdf.cbz"}),
            Shown({"b.pdf.cbz", "b.Pdf", "b.pdf", "b.PDF"}));
}

TEST(NamesTest, StemEndsBeforeTheLastDot) {
  EXPECT_EQ(StemOf("a.b.pdf"), "a.b");
  EXPECT_EQ(StemOf("noext"), "noext");
  EXPECT_EQ(StemOf(".hidden"), ".hidden");
}

// What each folder (a name that ends in '/') would show as beside itself.
std::map<std::string, std::string> Books(std::vector<std::string> names) {
  std::vector<SourceName> sources;
  for (auto& name : names) {
    const bool folder = name.back() == '/';
    if (folder) name.pop_back();
    sources.push_back({name, folder ? static_cast<mode_t>(S_IFDIR) : S_IFREG});
  }
  const NameMap map(std::move(sources), BooksOfPdfs, false,
                    Wish{.shape = Shape::kBook, .ending = ".cbz"});
  std::map<std::string, std::string> out;
  for (const auto& entry : map.entries()) {
    EXPECT_EQ(entry.book.has_value(), entry.source.type == S_IFDIR);
    if (!entry.book.has_value()) continue;
    EXPECT_FALSE(entry.candidate());
    out[entry.source.name] = entry.book->name;
    EXPECT_EQ(map.FindFolderBook(entry.book->name), &entry);
    EXPECT_EQ(RootOfName(entry.book->name), RootOfName(entry.source.name));
  }
  EXPECT_EQ(map.FindFolderBook("nothing"), nullptr);
  return out;
}

TEST(NamesTest, TheBookOfAFolderHasItsWholeName) {
  EXPECT_THAT(Books({"Foo/", "Vol. 1/", "c.txt"}),
              UnorderedElementsAre(Pair("Foo", "Foo.cbz"), Pair("Vol. 1", "Vol. 1.cbz")));
}

TEST(NamesTest, AFoldersBookTakesNoNameFromOthers) {
  EXPECT_THAT(Books({"Foo/", "Foo.cbz", "Bar/", "Bar.pdf", "Two/", "Two.cbz/"}),
              UnorderedElementsAre(Pair("Foo", "Foo~2.cbz"), Pair("Bar", "Bar~2.cbz"),
                                   Pair("Two", "Two~2.cbz"), Pair("Two.cbz", "Two.cbz.cbz")));
  // Not even the full name that a PDF has to take.
  EXPECT_THAT(Books({"Foo.pdf", "Foo.cbz", "Foo.pdf~2/", "Foo.pdf.cbz/"}),
              UnorderedElementsAre(Pair("Foo.pdf~2", "Foo.pdf~2~2.cbz"),
                                   Pair("Foo.pdf.cbz", "Foo.pdf.cbz.cbz")));
}

}  // namespace
}  // namespace cbzfs
