#include "fs/core/node_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fs/core/names.h"

namespace cbzfs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class Thing : public Node {
 public:
  explicit Thing(uint64_t ino) : Node(ino) {}
  void GetAttr(AttrDone) override {}
};

std::shared_ptr<Node> Make(uint64_t ino) { return std::make_shared<Thing>(ino); }

std::vector<std::string> NamesIn(const std::vector<NodeTable::Name>& names) {
  std::vector<std::string> list;
  for (const NodeTable::Name& name : names) list.push_back(name.name);
  return list;
}

class NodeTableTest : public ::testing::Test {
 protected:
  NodeTableTest() {
    table_.HoldRoot(Make(1));
    table_.Hold(1, "folder", Make(10));
  }
  NodeTable table_;
};

TEST_F(NodeTableTest, ANodeLivesUntilItsReferencesAreGivenBack) {
  table_.Hold(1, "a", Make(20));
  table_.Hold(1, "a", Make(20));
  table_.Forget(20, 1);
  EXPECT_NE(table_.Find(20), nullptr);
  table_.Forget(20, 1);
  EXPECT_EQ(table_.Find(20), nullptr);
  table_.Forget(20, 5);
  table_.Forget(1, 1000);
  EXPECT_NE(table_.Find(1), nullptr) << "the root stays";
}

TEST_F(NodeTableTest, NamesGoWithTheNodeThatHadThem) {
  table_.Hold(10, "a", Make(20));
  table_.Hold(10, "b", Make(21));
  table_.Forget(20, 1);
  EXPECT_THAT(NamesIn(table_.TakeUnder(10)), ElementsAre("b"));
}

TEST_F(NodeTableTest, WhatIsTakenIsTakenOnce) {
  table_.Hold(10, "a", Make(20));
  EXPECT_THAT(NamesIn(table_.TakeUnder(10)), ElementsAre("a"));
  EXPECT_THAT(table_.TakeUnder(10), IsEmpty());
  table_.Forget(20, 1);
  table_.Hold(10, "a", Make(20));
  EXPECT_THAT(NamesIn(table_.TakeNamesOf(20)), ElementsAre("a"));
  EXPECT_THAT(table_.TakeUnder(10), IsEmpty());
}

TEST_F(NodeTableTest, ANameThatIsAnotherNodesByNowIsThatOnes) {
  table_.Hold(10, "a", Make(20));
  table_.Hold(10, "a", Make(21));
  table_.Forget(20, 1);
  const auto taken = table_.TakeUnder(10);
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].child, 21u);
}

TEST_F(NodeTableTest, RelatedAreTheNamesThatOneSourceAndItsNamesakesMayHave) {
  uint64_t ino = 20;
  for (const char* name : {"Foo", "Foo.cbz", "Foo.pdf.cbz", "Foo.pdf~2.cbz", "Foo.jpg",
                           "Foobar.cbz", "Fo", "foo.cbz", "Bar.cbz"}) {
    table_.Hold(10, name, Make(ino++));
  }
  table_.Hold(1, "Foo.txt", Make(ino));
  EXPECT_THAT(NamesIn(table_.TakeRelated(10, "Foo.pdf")),
              UnorderedElementsAre("Foo", "Foo.cbz", "Foo.pdf.cbz", "Foo.pdf~2.cbz", "Foo.jpg"));
  EXPECT_THAT(NamesIn(table_.TakeUnder(10)),
              UnorderedElementsAre("Foobar.cbz", "Fo", "foo.cbz", "Bar.cbz"));
}

TEST_F(NodeTableTest, AllAreTakenFromAllFolders) {
  table_.Hold(10, "a", Make(20));
  EXPECT_THAT(NamesIn(table_.TakeAll()), UnorderedElementsAre("folder", "a"));
  EXPECT_THAT(table_.TakeAll(), IsEmpty());
  table_.Forget(20, 1);
  EXPECT_THAT(table_.Inos(), UnorderedElementsAre(1u, 10u));
}

TEST_F(NodeTableTest, AnAnswerReadBeforeAChangeIsKnownToBeOld) {
  const uint64_t before = table_.Sequence();
  EXPECT_FALSE(table_.ChangedSince(10, before));
  table_.MarkChanged(10);
  EXPECT_TRUE(table_.ChangedSince(10, before));
  EXPECT_FALSE(table_.ChangedSince(10, table_.Sequence()));
  EXPECT_FALSE(table_.ChangedSince(1, before)) << "another folder";
  table_.MarkAllChanged();
  EXPECT_TRUE(table_.ChangedSince(1, before));
}

TEST_F(NodeTableTest, ThatIsKnownOfFoldersOnTheirWayToTheKernelToo) {
  const uint64_t before = table_.Sequence();
  table_.MarkChanged(30);
  EXPECT_TRUE(table_.ChangedSince(30, before));
  table_.Hold(1, "new", Make(30));
  EXPECT_TRUE(table_.ChangedSince(30, before));
  EXPECT_FALSE(table_.ChangedSince(30, table_.Sequence()));
  for (uint64_t ino = 1000; ino < 10'000; ++ino) table_.MarkChanged(ino);
  EXPECT_TRUE(table_.ChangedSince(1000, before)) << "what is forgotten counts as changed";
}

TEST(RootOfName, IsWhatTheNamesOfRelativesBeginWith) {
  EXPECT_EQ(RootOfName("Foo.pdf"), "Foo");
  EXPECT_EQ(RootOfName("Foo"), "Foo");
  EXPECT_EQ(RootOfName("Foo.pdf~2.cbz"), "Foo");
  EXPECT_EQ(RootOfName(".hidden.pdf"), ".hidden");
  EXPECT_EQ(RootOfName(""), "");
  EXPECT_EQ(RootOfName("."), ".");
  EXPECT_EQ(RootOfName(std::string(255, 'x')).size(), 200u);
}

// Any two entries of which one can take a name from the other have one root.
TEST(RootOfName, IsTheSameForAllThatNameMapsSetAgainstEachOther) {
  const std::string longest(251, 'x');
  const std::vector<std::string> all = {
      "Foo",           "Foo.pdf",     "Foo.PDF",   "Foo.cbz", "Foo.pdf.cbz",    "Foo.pdf~2.cbz",
      "Foo.jpg",       "Foo.pdf.jpg", "Foo.a.pdf", "Foo.a",   longest + ".pdf", longest + ".PDF",
      longest + ".cbz"};
  const auto wishes = [](SourceFormat) {
    return std::vector<Wish>{{.shape = Shape::kBook, .ending = ".cbz"},
                             {.shape = Shape::kPicture, .ending = ".jpg"},
                             {.shape = Shape::kFolder, .ending = ""}};
  };
  const auto names_of = [&](const std::vector<std::string>& entries) {
    std::vector<SourceName> sources;
    for (const std::string& entry : entries) sources.push_back({entry, S_IFREG});
    std::map<std::string, std::vector<std::string>> shown;
    const NameMap names(std::move(sources), wishes, false);
    for (const NameMap::Entry& entry : names.entries()) {
      for (const NameMap::Shown& one : entry.shown) shown[entry.source.name].push_back(one.name);
    }
    return shown;
  };
  const auto with_all = names_of(all);
  for (const std::string& gone : all) {
    std::vector<std::string> rest = all;
    std::erase(rest, gone);
    for (const auto& [source, shown] : names_of(rest)) {
      for (size_t i = 0; i < shown.size(); ++i) {
        if (shown[i] == with_all.at(source)[i]) continue;
        EXPECT_EQ(RootOfName(shown[i]), RootOfName(gone)) << source << " without " << gone;
        EXPECT_EQ(RootOfName(with_all.at(source)[i]), RootOfName(gone));
      }
    }
  }
}

}  // namespace
}  // namespace cbzfs
