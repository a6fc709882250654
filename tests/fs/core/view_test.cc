// What each view makes of which kind of file, and under which names.

#include "fs/core/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "fs/core/options.h"

namespace cbzfs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// Names that end in '/' are folders.
std::vector<SourceName> Sources(const std::vector<std::string>& names) {
  std::vector<SourceName> sources;
  for (const std::string& name : names) {
    const bool folder = name.ends_with('/');
    sources.push_back({folder ? name.substr(0, name.size() - 1) : name,
                       folder ? mode_t{S_IFDIR} : mode_t{S_IFREG}});
  }
  return sources;
}

NameMap MapOf(const ViewName& name, std::vector<SourceName> sources) {
  const View view(name, 0);
  return NameMap(
      std::move(sources), [&](SourceFormat format) { return view.WishesFor(format); }, false);
}

// What each candidate shows as, folders with a '/'; the others are left out.
std::map<std::string, std::vector<std::string>> Shown(const ViewName& view,
                                                      const std::vector<std::string>& names) {
  std::map<std::string, std::vector<std::string>> out;
  const NameMap map = MapOf(view, Sources(names));
  for (const NameMap::Entry& entry : map.entries()) {
    for (const NameMap::Shown& shown : entry.shown) {
      out[entry.source.name].push_back(shown.name + (shown.shape == Shape::kFolder ? "/" : ""));
    }
  }
  return out;
}

TEST(ViewNamesTest, TheCbzViewIsOfPdfsAlone) {
  EXPECT_THAT(Shown(kCbzView, {"Foo.pdf", "Bar.cbz", "c.zip", "d.png", "e.txt", "dir.pdf/"}),
              UnorderedElementsAre(Pair("Foo.pdf", ElementsAre("Foo.cbz"))));
}

TEST(ViewNamesTest, RepackedArchivesAreInTheCbzViewToo) {
  const std::vector<std::string> names = {"a.cbr", "b.cb7", "c.cbz", "d.zip", "e.pdf", "e.cbt"};
  const View view(kCbzView, 0, /*config=*/nullptr, /*repack=*/true);
  const NameMap map(
      Sources(names), [&](SourceFormat format) { return view.WishesFor(format); }, false);
  std::map<std::string, std::string> shown;
  for (const NameMap::Entry& entry : map.entries()) {
    shown[entry.source.name] = entry.shown.at(0).name;
  }
  EXPECT_THAT(shown, UnorderedElementsAre(Pair("a.cbr", "a.cbz"), Pair("b.cb7", "b.cbz"),
                                          Pair("c.cbz", "c.cbz"), Pair("d.zip", "d.zip"),
                                          Pair("e.cbt", "e.cbz"), Pair("e.pdf", "e.pdf.cbz")));
  EXPECT_EQ(view.RefOf({.format = SourceFormat::kArchive}).format, SourceFormat::kMisnamed);
  EXPECT_EQ(view.RefOf({.format = SourceFormat::kPacked}).format, SourceFormat::kPacked);
  EXPECT_EQ(view.RenditionOf(Shape::kBook, SourceFormat::kPacked), Rendition::kRepacked);
  EXPECT_EQ(view.RenditionOf(Shape::kBook, SourceFormat::kPdf), Rendition::kPlain);
  const View pages(kPagesView, 0, /*config=*/nullptr, /*repack=*/true);
  EXPECT_EQ(pages.RefOf({.format = SourceFormat::kArchive}).format, SourceFormat::kArchive);
  EXPECT_EQ(pages.RenditionOf(Shape::kFolder, SourceFormat::kPacked), Rendition::kPlain);
  EXPECT_THAT(Shown(kCbzView, names), UnorderedElementsAre(Pair("e.pdf", ElementsAre("e.cbz"))));
}

TEST(ViewNamesTest, FoldersAreBooksWhereThereAreBooks) {
  for (const ViewName& name : kViewNames) {
    EXPECT_FALSE(View(name, 0).WishForFolder().has_value()) << name.name;
    const View view(name, 0, /*config=*/nullptr, /*repack=*/false, /*folders=*/true);
    EXPECT_EQ(view.WishForFolder().has_value(), name.id != kPagesView.id) << name.name;
  }
  const View covers(kThumbnailsView, 0, nullptr, false, true);
  EXPECT_EQ(covers.WishForFolder()->ending, ".jpg");
  EXPECT_EQ(covers.RenditionOf(covers.WishForFolder()->shape, SourceFormat::kFolder),
            Rendition::kCover);
  const View cbz(kCbzView, 0, nullptr, /*repack=*/true, true);
  EXPECT_EQ(cbz.RenditionOf(cbz.WishForFolder()->shape, SourceFormat::kFolder), Rendition::kPlain);
}

TEST(ViewNamesTest, OtherArchivesAreAsZipsAre) {
  EXPECT_THAT(Shown(kEnhancedView, {"a.cbr", "b.tar"}),
              UnorderedElementsAre(Pair("a.cbr", ElementsAre("a.cbz")),
                                   Pair("b.tar", ElementsAre("b.cbz"))));
  EXPECT_THAT(Shown(kThumbnailsView, {"a.cbr"}),
              UnorderedElementsAre(Pair("a.cbr", ElementsAre("a.jpg", "a/"))));
  EXPECT_THAT(Shown(kPagesView, {"a.7z"}), UnorderedElementsAre(Pair("a.7z", ElementsAre("a/"))));
}

TEST(ViewNamesTest, EnhancedArchivesKeepTheirOwnNames) {
  EXPECT_THAT(
      Shown(kEnhancedView, {"a.cbz", "b.zip", "C.CBZ", "d.pdf", "E.ZIP"}),
      UnorderedElementsAre(Pair("a.cbz", ElementsAre("a.cbz")), Pair("b.zip", ElementsAre("b.zip")),
                           Pair("C.CBZ", ElementsAre("C.CBZ")), Pair("E.ZIP", ElementsAre("E.ZIP")),
                           Pair("d.pdf", ElementsAre("d.cbz"))));
  EXPECT_THAT(Shown(kEnhancedView, {"Foo.cbz", "Foo.pdf"}),
              UnorderedElementsAre(Pair("Foo.cbz", ElementsAre("Foo.cbz")),
                                   Pair("Foo.pdf", ElementsAre("Foo.pdf.cbz"))));
}

TEST(ViewNamesTest, EnhancedImagesAreJpegs) {
  EXPECT_THAT(Shown(kEnhancedView, {"foo.jpg", "foo.png", "foo.gif"}),
              UnorderedElementsAre(Pair("foo.jpg", ElementsAre("foo.jpg")),
                                   Pair("foo.png", ElementsAre("foo.png.jpg")),
                                   Pair("foo.gif", ElementsAre("foo.gif.jpg"))));
  EXPECT_THAT(Shown(kEnhancedView, {"foo.PNG", "foo.tiff", "BAR.JPEG", "x.webp"}),
              UnorderedElementsAre(Pair("foo.tiff", ElementsAre("foo.jpg")),
                                   Pair("foo.PNG", ElementsAre("foo.PNG.jpg")),
                                   Pair("BAR.JPEG", ElementsAre("BAR.jpg")),
                                   Pair("x.webp", ElementsAre("x.jpg"))));
}

TEST(ViewNamesTest, ThumbnailsOfABookAreACoverAndAFolder) {
  EXPECT_THAT(Shown(kThumbnailsView, {"Foo.pdf", "Bar.cbz", "c.jpg", "D.Png", "e.txt"}),
              UnorderedElementsAre(Pair("Foo.pdf", ElementsAre("Foo.jpg", "Foo/")),
                                   Pair("Bar.cbz", ElementsAre("Bar.jpg", "Bar/")),
                                   Pair("c.jpg", ElementsAre("c.jpg")),
                                   Pair("D.Png", ElementsAre("D.jpg"))));
}

TEST(ViewNamesTest, ArchivesComeBeforePdfsAndThoseBeforeImages) {
  EXPECT_THAT(Shown(kThumbnailsView, {"Foo.cbz", "Foo.pdf", "Foo.png"}),
              UnorderedElementsAre(Pair("Foo.cbz", ElementsAre("Foo.jpg", "Foo/")),
                                   Pair("Foo.pdf", ElementsAre("Foo.pdf.jpg", "Foo.pdf/")),
                                   Pair("Foo.png", ElementsAre("Foo.png.jpg"))));
  // A real Foo.jpg keeps its name before any of them.
  EXPECT_THAT(Shown(kThumbnailsView, {"Foo.cbz", "Foo.pdf", "Foo.jpg"}),
              UnorderedElementsAre(Pair("Foo.cbz", ElementsAre("Foo.cbz.jpg", "Foo/")),
                                   Pair("Foo.pdf", ElementsAre("Foo.pdf.jpg", "Foo.pdf/")),
                                   Pair("Foo.jpg", ElementsAre("Foo.jpg"))));
}

TEST(ViewNamesTest, RankGoesBeforeTheOrderOfBytes) {
  EXPECT_THAT(Shown(kPagesView, {"Foo.ZIP", "Foo.pdf"}),
              UnorderedElementsAre(Pair("Foo.ZIP", ElementsAre("Foo/")),
                                   Pair("Foo.pdf", ElementsAre("Foo.pdf/"))));
  EXPECT_THAT(Shown(kPagesView, {"Foo.zip", "Foo.pdf"}),
              UnorderedElementsAre(Pair("Foo.zip", ElementsAre("Foo/")),
                                   Pair("Foo.pdf", ElementsAre("Foo.pdf/"))));
  EXPECT_THAT(Shown(kThumbnailsView, {"Foo.bmp", "Foo.PDF"}),
              UnorderedElementsAre(Pair("Foo.PDF", ElementsAre("Foo.jpg", "Foo/")),
                                   Pair("Foo.bmp", ElementsAre("Foo.bmp.jpg"))));
}

TEST(ViewNamesTest, ARealFolderKeepsItsName) {
  EXPECT_THAT(Shown(kPagesView, {"Foo/", "Foo.pdf"}),
              UnorderedElementsAre(Pair("Foo.pdf", ElementsAre("Foo.pdf/"))));
  EXPECT_THAT(Shown(kThumbnailsView, {"Foo/", "Foo.pdf"}),
              UnorderedElementsAre(Pair("Foo.pdf", ElementsAre("Foo.jpg", "Foo.pdf/"))));
  EXPECT_THAT(Shown(kThumbnailsView, {"Foo.jpg/", "Foo.pdf"}),
              UnorderedElementsAre(Pair("Foo.pdf", ElementsAre("Foo.pdf.jpg", "Foo/"))));
}

TEST(ViewNamesTest, PagesAreFoldersOfBooks) {
  EXPECT_THAT(Shown(kPagesView, {"Foo.cbz", "Foo.zip", "Foo.pdf", "Foo.PDF", "i.png"}),
              UnorderedElementsAre(Pair("Foo.cbz", ElementsAre("Foo/")),
                                   Pair("Foo.zip", ElementsAre("Foo.zip/")),
                                   Pair("Foo.pdf", ElementsAre("Foo.pdf/")),
                                   Pair("Foo.PDF", ElementsAre("Foo.PDF/"))));
}

TEST(ViewNamesTest, WhereEvenTheFullNameIsTakenANumberIsAdded) {
  EXPECT_THAT(Shown(kThumbnailsView, {"a.pdf", "a.jpg", "a.pdf.jpg", "a.pdf~2.jpg/"}),
              UnorderedElementsAre(Pair("a.pdf", ElementsAre("a.pdf~3.jpg", "a/")),
                                   Pair("a.jpg", ElementsAre("a.jpg")),
                                   Pair("a.pdf.jpg", ElementsAre("a.pdf.jpg"))));
}

TEST(ViewNamesTest, HiddenComicsHaveNoNameButBlockOne) {
  EXPECT_THAT(Shown(kPagesView, {"_a.pdf", ".b.cbz", "c.pdf"}),
              UnorderedElementsAre(Pair("c.pdf", ElementsAre("c/"))));
}

TEST(ViewNamesTest, AMatchTellsEntryAndShape) {
  const NameMap map = MapOf(kThumbnailsView, Sources({"Foo.pdf", "Foo.cbz"}));
  const auto cover = map.FindShown("Foo.pdf.jpg");
  const auto folder = map.FindShown("Foo");
  ASSERT_TRUE(cover.has_value() && folder.has_value());
  EXPECT_EQ(cover->entry->source.name, "Foo.pdf");
  EXPECT_EQ(cover->entry->format, SourceFormat::kPdf);
  EXPECT_EQ(cover->shown->shape, Shape::kPicture);
  EXPECT_EQ(folder->entry->source.name, "Foo.cbz");
  EXPECT_EQ(folder->entry->format, SourceFormat::kArchive);
  EXPECT_EQ(folder->shown->shape, Shape::kFolder);
  EXPECT_FALSE(map.FindShown("foo").has_value());
}

// Of any folder: no two things have one name, a real entry that is no candidate keeps its own, and
// nothing depends on the order of reading.
TEST(ViewNamesTest, NamesAreUniqueWhateverTheFolder) {
  std::mt19937 random(1);
  const std::vector<std::string> endings = {".pdf", ".PDF", ".cbz",   ".zip",  ".jpg", ".png",
                                            "/",    ".txt", "~2.jpg", ".jpg/", ".cbz/"};
  for (int round = 0; round < 300; ++round) {
    std::set<std::string> names;
    for (int i = 0; i < 12; ++i) {
      std::string name = random() % 4 == 0 ? "b" : "a";
      if (random() % 3 == 0) name += endings[random() % 6];
      names.insert(name + endings[random() % endings.size()]);
    }
    std::map<std::string, SourceName> by_name;  // a folder and a file cannot share one
    for (const SourceName& source : Sources({names.begin(), names.end()})) {
      by_name.emplace(source.name, source);
    }
    std::vector<SourceName> sources;
    for (const auto& [name, source] : by_name) sources.push_back(source);
    for (const ViewName& view : kViewNames) {
      const NameMap map = MapOf(view, sources);
      std::shuffle(sources.begin(), sources.end(), random);
      const NameMap other = MapOf(view, sources);
      std::set<std::string> seen;
      ASSERT_EQ(map.entries().size(), other.entries().size());
      for (size_t i = 0; i < map.entries().size(); ++i) {
        const NameMap::Entry& entry = map.entries()[i];
        EXPECT_TRUE(entry.candidate() || seen.insert(entry.source.name).second);
        for (size_t k = 0; k < entry.shown.size(); ++k) {
          const std::string& name = entry.shown[k].name;
          EXPECT_TRUE(seen.insert(name).second) << name;
          EXPECT_TRUE(name == entry.source.name || !by_name.contains(name)) << name;
          EXPECT_EQ(map.FindShown(name)->shown, &entry.shown[k]);
          EXPECT_EQ(name, other.entries()[i].shown[k].name);
        }
      }
    }
  }
}

TEST(ViewTest, RenditionsAndTables) {
  EXPECT_EQ(View(kCbzView, 0).RenditionOf(Shape::kBook, SourceFormat::kPdf), Rendition::kPlain);
  EXPECT_EQ(View(kEnhancedView, 0).RenditionOf(Shape::kBook, SourceFormat::kPdf),
            Rendition::kEnhanced);
  EXPECT_EQ(View(kEnhancedView, 0).RenditionOf(Shape::kPicture, SourceFormat::kPdf),
            Rendition::kEnhanced);
  EXPECT_EQ(View(kThumbnailsView, 0).RenditionOf(Shape::kPicture, SourceFormat::kPdf),
            Rendition::kCover);
  EXPECT_EQ(View(kThumbnailsView, 0).RenditionOf(Shape::kFolder, SourceFormat::kPdf),
            Rendition::kThumbnails);
  EXPECT_EQ(View(kPagesView, 0).RenditionOf(Shape::kFolder, SourceFormat::kPdf), Rendition::kPlain);
  SourceEntry entry{.path = "a.cbz", .format = SourceFormat::kArchive};
  entry.st.st_ino = 9;
  for (const ViewName& name : kViewNames) {
    const DocumentRef ref = View(name, 0).RefOf(entry);
    EXPECT_EQ(ref.enhanced, name.id == kEnhancedView.id);
    EXPECT_EQ(ref.format, SourceFormat::kArchive);
    EXPECT_EQ(ref.key.ino, 9u);
  }
}

TEST(ViewTest, OnlyThumbnailsLeaveOutWhatIsNoComic) {
  for (const ViewName& name : kViewNames) {
    const View view(name, 0);
    EXPECT_TRUE(view.ShowsAsItIs(S_IFDIR));
    EXPECT_EQ(view.ShowsAsItIs(S_IFREG), name.id != kThumbnailsView.id);
    EXPECT_EQ(view.ShowsAsItIs(S_IFLNK), name.id != kThumbnailsView.id);
  }
}

// The views whose files read otherwise under `changed`.
std::vector<std::string> ViewsThatChange(const Options& changed) {
  std::vector<std::string> names;
  for (const ViewName& view : kViewNames) {
    if (HashOfView(view, changed) != HashOfView(view, Options())) names.emplace_back(view.name);
  }
  return names;
}

TEST(ViewTest, OptionsOfOneViewDoNotMoveTheOthers) {
  Options options;
  options.analyse.enhance.gamma = 0.8;
  EXPECT_THAT(ViewsThatChange(options), ElementsAre("enhanced"));
  options = {};
  options.analyse.enhance.on = false;
  EXPECT_THAT(ViewsThatChange(options), ElementsAre("enhanced"));
  options = {};
  options.thumb_size = 64;
  EXPECT_THAT(ViewsThatChange(options), ElementsAre("thumbnails"));
  options = {};
  options.cover_height = 200;
  EXPECT_THAT(ViewsThatChange(options), ElementsAre("thumbnails"));
  options = {};
  options.layout.guard = 0;
  EXPECT_THAT(ViewsThatChange(options), ElementsAre("cbz", "enhanced", "pages"));
  options = {};
  options.layout.names = PageNames::kSeed;
  EXPECT_THAT(ViewsThatChange(options), ElementsAre("cbz", "enhanced", "pages"));
  options = {};
  options.analyse.quality = 70;
  EXPECT_THAT(ViewsThatChange(options), ElementsAre("cbz", "enhanced", "thumbnails", "pages"));
  options = {};
  options.repack = true;
  EXPECT_THAT(ViewsThatChange(options), ElementsAre("cbz"));
  options = {};
  options.workers = 9;
  options.cache_bytes = 1;
  options.read_ahead = 3;
  EXPECT_THAT(ViewsThatChange(options), IsEmpty());
}

TEST(ViewTest, EveryOptionOfTheEnhancementCounts) {
  const Options plain;
  std::vector<Options> all(6);
  all[0].analyse.enhance.curve = 0.5;
  all[1].analyse.enhance.gamma = 1;
  all[2].analyse.enhance.brightness = 1;
  all[3].analyse.enhance.contrast = 1;
  all[4].analyse.enhance.cutoff = 2;
  all[5].analyse.enhance.on = false;
  std::set<uint64_t> hashes = {HashOfView(kEnhancedView, plain)};
  for (const Options& options : all) hashes.insert(HashOfView(kEnhancedView, options));
  EXPECT_EQ(hashes.size(), 7u);
}

}  // namespace
}  // namespace cbzfs
