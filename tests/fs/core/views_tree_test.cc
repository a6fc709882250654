// The four views of one mixed library as the user sees them: names, types, sizes, inodes.

#include <errno.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fs/core/errno_status.h"
#include "tests/fs/core/pages_fixture.h"

namespace cbzfs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

bool IsBroken(const SourceFile& file) {
  char head[64] = {};
  const ssize_t got = pread(file.fd(), head, sizeof(head), 0);
  return std::string(head, got < 0 ? 0 : static_cast<size_t>(got)).find("broken") !=
         std::string::npos;
}

class ViewsTreeTest : public CoreFixture {
 protected:
  void SetUp() override {
    CoreFixture::SetUp();
    WritePdf("Book.pdf", std::string(20'000, 'b'));
    Write("Comic.cbz", std::string(20'000, 'c'));
    Write("art.png", std::string(20'000, 'a'));
    Write("notes.txt", "text");
    WritePdf("broken.pdf", "broken");
    Write("bad.cbz", "broken");
    Write("bad.png", "broken");
    Write("Sub/Inner.zip", std::string(20'000, 's'));
    Prepare();
  }

  void Prepare() {
    pool_->probe = [](const SourceFile& file) -> absl::StatusOr<ProbeResult> {
      if (IsBroken(file)) return absl::InvalidArgumentError("broken: shown as it is");
      return ProbeResult{5};
    };
    pool_->analyse_for = [](const SourceFile& file,
                            const AnalyseOptions& options) -> absl::StatusOr<Document> {
      if (IsBroken(file)) return absl::InvalidArgumentError("broken: shown as it is");
      return SampleOf(file.format(), file.bytes(), options.enhanced);
    };
  }

  struct Seen {
    struct stat attr;
    uint64_t node = 0;
  };
  // All there is below a folder, by path, each thing listed and looked up.
  std::map<std::string, Seen> Tree(const std::string& top) {
    std::map<std::string, Seen> seen;
    const std::function<void(const std::string&)> visit = [&](const std::string& folder) {
      const auto plain = ListOf(folder, /*plus=*/false);
      ASSERT_NE(plain, nullptr);
      for (const DirEntry& entry : plain->entries) {
        const std::string path = absl::StrCat(folder, "/", entry.name);
        const auto found = Walk(path);
        ASSERT_TRUE(found.ok()) << path << ": " << found.status();
        EXPECT_EQ(entry.ino, found->attr.st_ino) << path;
        EXPECT_EQ(entry.type, found->attr.st_mode & S_IFMT) << path;
        EXPECT_TRUE(seen.emplace(path, Seen{found->attr, found->node->ino()}).second) << path;
        if (entry.type == S_IFDIR) visit(path);
      }
      // By now all sizes are known, and the listing has them.
      const auto plus = ListOf(folder);
      ASSERT_EQ(plus->entries.size(), plain->entries.size());
      for (const DirEntry& entry : plus->entries) {
        const Seen& looked_up = seen.at(absl::StrCat(folder, "/", entry.name));
        ASSERT_NE(entry.node, nullptr) << entry.name;
        EXPECT_EQ(entry.node->ino(), looked_up.node) << entry.name;
        EXPECT_EQ(entry.attr.st_ino, looked_up.attr.st_ino) << entry.name;
        EXPECT_EQ(entry.attr.st_size, looked_up.attr.st_size) << entry.name;
        EXPECT_EQ(entry.attr.st_mode, looked_up.attr.st_mode) << entry.name;
      }
    };
    visit(top);
    return seen;
  }
  // One line each, folders with a '/', files with what they are long.
  std::vector<std::string> Lines(const std::string& top) {
    std::vector<std::string> lines;
    for (const auto& [path, seen] : Tree(top)) {
      const std::string below = path.substr(top.size() + 1);
      lines.push_back(S_ISDIR(seen.attr.st_mode) ? below + "/"
                                                 : absl::StrCat(below, " ", seen.attr.st_size));
    }
    return lines;
  }
  // What the files of the samples are long: the layouts' own arithmetic is tested elsewhere.
  static std::string Line(const std::string& name, SourceFormat format, Rendition rendition,
                          const BookPart& part, const std::string& stem) {
    const auto book =
        Book::Make(IdentityOf(format, rendition, stem),
                   Known(SampleOf(format, 20'000, rendition == Rendition::kEnhanced)), Options());
    return absl::StrCat(name, " ", (*book)->BytesOf(part));
  }
  static BookPart PageOf(uint32_t page) { return {.kind = BookPart::Kind::kPage, .page = page}; }
};

constexpr BookPart kWhole = {.kind = BookPart::Kind::kWhole};
constexpr SourceFormat kPdf = SourceFormat::kPdf;
constexpr SourceFormat kArchive = SourceFormat::kArchive;

TEST_F(ViewsTreeTest, Cbz) {
  EXPECT_THAT(Lines("cbz"),
              ElementsAre(Line("Book.cbz", kPdf, Rendition::kPlain, kWhole, "Book"),
                          "Comic.cbz 20000", "Sub/", "Sub/Inner.zip 20000", "art.png 20000",
                          "bad.cbz 6", "bad.png 6", "broken.pdf 115", "notes.txt 4"));
}

TEST_F(ViewsTreeTest, Enhanced) {
  constexpr Rendition kEnhanced = Rendition::kEnhanced;
  EXPECT_THAT(Lines("enhanced"),
              ElementsAre(Line("Book.cbz", kPdf, kEnhanced, kWhole, "Book"),
                          Line("Comic.cbz", kArchive, kEnhanced, kWhole, "Comic"), "Sub/",
                          Line("Sub/Inner.zip", kArchive, kEnhanced, kWhole, "Inner"),
                          Line("art.jpg", SourceFormat::kImage, kEnhanced, PageOf(0), "art"),
                          "bad.cbz 6", "bad.png 6", "broken.pdf 115", "notes.txt 4"));
}

TEST_F(ViewsTreeTest, Thumbnails) {
  const auto cover = [](const std::string& name, SourceFormat format) {
    return Line(name, format, Rendition::kCover, PageOf(0), "");
  };
  const auto page = [](const std::string& name, SourceFormat format, uint32_t index) {
    return Line(name, format, Rendition::kThumbnails, PageOf(index), "");
  };
  EXPECT_THAT(
      Lines("thumbnails"),
      ElementsAre("Book/", cover("Book.jpg", kPdf), page("Book/0001.jpg", kPdf, 0),
                  page("Book/0002.jpg", kPdf, 1), page("Book/0003.jpg", kPdf, 2),
                  page("Book/0004.jpg", kPdf, 3), page("Book/0005.jpg", kPdf, 4), "Comic/",
                  cover("Comic.jpg", kArchive), page("Comic/0001.jpg", kArchive, 0),
                  page("Comic/0002.jpg", kArchive, 1), page("Comic/0003.jpg", kArchive, 2), "Sub/",
                  "Sub/Inner/", cover("Sub/Inner.jpg", kArchive),
                  page("Sub/Inner/0001.jpg", kArchive, 0), page("Sub/Inner/0002.jpg", kArchive, 1),
                  page("Sub/Inner/0003.jpg", kArchive, 2), cover("art.jpg", SourceFormat::kImage)));
}

TEST_F(ViewsTreeTest, Pages) {
  const auto page = [](const std::string& name, uint32_t index) {
    return Line(name, kPdf, Rendition::kPlain, PageOf(index), "Book");
  };
  EXPECT_THAT(
      Lines("pages"),
      ElementsAre("Book/", page("Book/0001.jpg", 0), page("Book/0002.jpg", 1),
                  page("Book/0003.jpg", 2), page("Book/0004.jpg", 3), page("Book/0005.jpg", 4),
                  Line("Book/ComicInfo.xml", kPdf, Rendition::kPlain,
                       {.kind = BookPart::Kind::kInfo}, "Book"),
                  "Comic/", "Comic/A/", "Comic/A/P1.webp 800", "Comic/ComicInfo.xml 120",
                  "Comic/b/", "Comic/b/lost.jpg 5000", "Comic/b/p10.jpg 1000",
                  "Comic/b/p2.png 2000", "Sub/", "Sub/Inner/", "Sub/Inner/A/",
                  "Sub/Inner/A/P1.webp 800", "Sub/Inner/ComicInfo.xml 120", "Sub/Inner/b/",
                  "Sub/Inner/b/lost.jpg 5000", "Sub/Inner/b/p10.jpg 1000",
                  "Sub/Inner/b/p2.png 2000", "art.png 20000", "bad.cbz 6", "bad.png 6",
                  "broken.pdf 115", "notes.txt 4"));
}

TEST_F(ViewsTreeTest, InodesAreUniqueAndStable) {
  std::map<std::string, Seen> all;
  for (const ViewName& view : kViewNames) all.merge(Tree(std::string(view.name)));
  std::set<uint64_t> inodes;
  std::set<uint64_t> nodes;
  for (const auto& [path, seen] : all) {
    EXPECT_TRUE(inodes.insert(seen.attr.st_ino).second) << path;
    EXPECT_TRUE(nodes.insert(seen.node).second) << path;
    EXPECT_GE(seen.attr.st_ino, 1024u);
  }
  for (const bool keep_index : {false, true}) {
    Remount(keep_index);
    Prepare();
    for (const ViewName& view : kViewNames) {
      for (const auto& [path, seen] : Tree(std::string(view.name))) {
        EXPECT_EQ(seen.attr.st_ino, all.at(path).attr.st_ino) << path;
        EXPECT_EQ(seen.node, all.at(path).node) << path;
        EXPECT_EQ(seen.attr.st_size, all.at(path).attr.st_size) << path;
      }
    }
  }
}

TEST_F(ViewsTreeTest, EveryFileIsAsLongAsItSays) {
  pool_->draw = [](const DrawRequest& request) { return SomeAnswer(request); };
  for (const ViewName& view : kViewNames) {
    for (const auto& [path, seen] : Tree(std::string(view.name))) {
      if (S_ISDIR(seen.attr.st_mode)) continue;
      const auto file = Open(path);
      ASSERT_TRUE(file.ok()) << path << ": " << file.status();
      const auto bytes = Read(**file, 0, static_cast<size_t>(seen.attr.st_size) + 100);
      ASSERT_TRUE(bytes.ok()) << path << ": " << bytes.status();
      EXPECT_EQ(static_cast<off_t>(bytes->size()), seen.attr.st_size) << path;
      EXPECT_EQ(seen.attr.st_blocks, (seen.attr.st_size + 511) / 512) << path;
      EXPECT_EQ(seen.attr.st_nlink, 1u) << path;
    }
  }
}

TEST_F(ViewsTreeTest, APageIsTheVeryEntryOfTheCbz) {
  const auto cbz = *Open("cbz/Book.cbz");
  const std::string whole = *Read(*cbz, 0, 10 << 20);
  for (const std::string name :
       {"0001.jpg", "0002.jpg", "0003.jpg", "0004.jpg", "0005.jpg", "ComicInfo.xml"}) {
    const auto page = *Open("pages/Book/" + name);
    const std::string bytes = *Read(*page, 0, 1 << 20);
    EXPECT_THAT(whole, HasSubstr(name + bytes)) << "right behind its local header";
  }
  EXPECT_EQ(pool_->drawn, 3) << "each once for both";
}

TEST_F(ViewsTreeTest, NodesAreOfOneVersion) {
  const std::vector<std::string> paths = {"thumbnails/Book.jpg",      "thumbnails/Book",
                                          "thumbnails/Book/0001.jpg", "pages/Comic/b",
                                          "pages/Comic/b/p2.png",     "enhanced/Comic.cbz"};
  std::map<std::string, Seen> before;
  for (const std::string& path : paths) {
    const auto found = *Walk(path);
    before[path] = {found.attr, found.node->ino()};
  }
  const auto old_folder = Walk("pages/Comic/b")->node;
  const timespec times[2] = {{0, UTIME_OMIT}, {1, 0}};
  for (const char* file : {"Book.pdf", "Comic.cbz"}) {
    ASSERT_EQ(utimensat(AT_FDCWD, (library_ / file).c_str(), times, 0), 0);
  }
  for (const std::string& path : paths) {
    const auto found = *Walk(path);
    EXPECT_EQ(found.attr.st_ino, before[path].attr.st_ino) << path;
    EXPECT_NE(found.node->ino(), before[path].node) << path;
    EXPECT_EQ(found.attr.st_mtim.tv_sec, 1) << path;
  }
  old_folder->List(true, [](const auto& listing) { EXPECT_EQ(ErrnoOf(listing.status()), ESTALE); });
  EXPECT_EQ(ErrnoOf(Lookup(old_folder, "p2.png").status()), ESTALE);
  old_folder->GetAttr([](const auto& attr) { EXPECT_EQ(ErrnoOf(attr.status()), ESTALE); });
}

TEST_F(ViewsTreeTest, WhatIsBrokenShowsUnderItsOwnNameButNotAmongThumbnails) {
  for (const std::string name : {"broken.cbz", "bad.jpg"}) {
    EXPECT_EQ(ErrnoOf(Walk("enhanced/" + name).status()), ENOENT) << name;
  }
  for (const std::string name : {"broken.pdf", "bad.cbz", "bad.png"}) {
    auto file = Open("enhanced/" + name);
    ASSERT_TRUE(file.ok()) << name << file.status();
    EXPECT_THAT(*Read(**file, 0, 100), HasSubstr("broken"));
    EXPECT_TRUE(Walk("pages/" + name).ok()) << name;
  }
  for (const std::string name : {"broken.jpg", "broken", "broken.pdf", "bad.jpg", "bad", "bad.cbz",
                                 "bad.png", "notes.txt"}) {
    EXPECT_EQ(ErrnoOf(Walk("thumbnails/" + name).status()), ENOENT) << name;
  }
  EXPECT_EQ(ErrnoOf(Walk("pages/broken").status()), ENOENT);
  EXPECT_THAT(services_->errors.Text(), HasSubstr("broken.pdf\t-\tbroken"));
  EXPECT_THAT(services_->errors.Text(), HasSubstr("bad.cbz\t-\tbroken"));
}

TEST_F(ViewsTreeTest, WhatOpensDoesNotShowUnderItsOwnNameBesides) {
  for (const std::string path : {"enhanced/Book.pdf", "enhanced/art.png", "pages/Book.pdf",
                                 "pages/Comic.cbz", "thumbnails/Comic.cbz", "cbz/Book.pdf"}) {
    EXPECT_EQ(ErrnoOf(Walk(path).status()), ENOENT) << path;
  }
}

TEST_F(ViewsTreeTest, LinksAreNoThumbnails) {
  std::filesystem::create_symlink("Sub", library_ / "link");
  std::filesystem::create_symlink("Book.pdf", library_ / "Linked.pdf");
  EXPECT_THAT(NamesOf("thumbnails"), ElementsAre("Book", "Book.jpg", "Comic", "Comic.jpg", "Linked",
                                                 "Linked.jpg", "Sub", "art.jpg"));
  EXPECT_TRUE(S_ISLNK(Walk("enhanced/link")->attr.st_mode));
  EXPECT_NE(Walk("thumbnails/Linked.jpg")->attr.st_ino, Walk("thumbnails/Book.jpg")->attr.st_ino);
}

TEST_F(ViewsTreeTest, AFolderCostsAProbeAndItsPagesOneAnalysis) {
  const auto folder = Walk("pages/Book");
  ASSERT_TRUE(folder.ok());
  EXPECT_TRUE(S_ISDIR(folder->attr.st_mode));
  EXPECT_EQ(folder->attr.st_mode & 07777, 0555u);
  EXPECT_EQ(pool_->probed, 1);
  EXPECT_EQ(pool_->analysed, 0);
  const std::vector<std::string> pages = {"pages/Book/0001.jpg", "pages/Book/ComicInfo.xml",
                                          "thumbnails/Book/0005.jpg", "thumbnails/Book.jpg",
                                          "cbz/Book.cbz"};
  for (const std::string& path : pages) {
    ASSERT_TRUE(Walk(path).ok()) << path;
    EXPECT_EQ(pool_->analysed, 1) << path;
  }
  EXPECT_EQ(pool_->probed, 1);
  ASSERT_TRUE(Walk("enhanced/Book.cbz").ok());
  EXPECT_EQ(pool_->analysed, 2);
  EXPECT_EQ(ErrnoOf(Walk("pages/Book/0006.jpg").status()), ENOENT);
  EXPECT_EQ(ErrnoOf(Walk("thumbnails/Book/ComicInfo.xml").status()), ENOENT);
}

TEST_F(ViewsTreeTest, AFolderIsReadableByWhomTheComicIs) {
  ASSERT_EQ(chmod((library_ / "Book.pdf").c_str(), 0640), 0);
  EXPECT_EQ(Walk("pages/Book")->attr.st_mode, static_cast<mode_t>(S_IFDIR | 0550));
  EXPECT_EQ(Walk("pages/Book/0001.jpg")->attr.st_mode, static_cast<mode_t>(S_IFREG | 0440));
}

TEST_F(ViewsTreeTest, ListingsOfAllViewsProbeEachFileOnce) {
  for (const ViewName& view : kViewNames) NamesOf(std::string(view.name));
  EXPECT_EQ(pool_->probed, 6) << "three that open, three that do not";
  EXPECT_EQ(pool_->analysed, 0);
}

TEST_F(ViewsTreeTest, AnArchiveWithoutImagesIsAFile) {
  Write("fonts.zip", "zip");
  pool_->probe = [](const SourceFile&) { return absl::NotFoundError("without images"); };
  EXPECT_TRUE(S_ISREG(Walk("pages/fonts.zip")->attr.st_mode));
  EXPECT_EQ(*Read(**Open("enhanced/fonts.zip"), 0, 10), "zip");
  EXPECT_EQ(ErrnoOf(Walk("thumbnails/fonts").status()), ENOENT);
  EXPECT_THAT(services_->errors.Text(), Not(HasSubstr("fonts")));
}

TEST_F(ViewsTreeTest, OneViewCanBeTheRoot) {
  options_.views = {"thumbnails"};
  options_.view = "thumbnails";
  Remount();
  Prepare();
  EXPECT_THAT(NamesOf(""), ElementsAre("Book", "Book.jpg", "Comic", "Comic.jpg", "Sub", "art.jpg"));
  EXPECT_TRUE(Walk("Sub/Inner/0002.jpg").ok());
}

}  // namespace
}  // namespace cbzfs
