#include "fs/core/book_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace cbzfs {
namespace {

using ::testing::ElementsAre;

BookTree TreeOf(const std::vector<std::string>& paths) {
  std::vector<std::pair<std::string, BookPart>> files;
  for (const std::string& path : paths) {
    files.push_back(
        {path, {.kind = BookPart::Kind::kPage, .page = static_cast<uint32_t>(files.size())}});
  }
  return BookTree(std::move(files));
}

std::vector<std::string> Names(const BookTree& tree, const std::string& folder) {
  std::vector<std::string> names;
  for (const BookTree::Child& child : *tree.List(folder)) {
    names.push_back(child.name + (child.is_folder ? "/" : ""));
  }
  return names;
}

TEST(BookTreeTest, FoldersAreMadeOnceAndListedByName) {
  const BookTree tree = TreeOf({"b/y.jpg", "z.jpg", "b/c/1.jpg", "a.jpg", "b/x.jpg", "b/c/0.jpg"});
  EXPECT_THAT(Names(tree, ""), ElementsAre("a.jpg", "b/", "z.jpg"));
  EXPECT_THAT(Names(tree, "b"), ElementsAre("c/", "x.jpg", "y.jpg"));
  EXPECT_THAT(Names(tree, "b/c"), ElementsAre("0.jpg", "1.jpg"));
}

TEST(BookTreeTest, FindsWhatItLists) {
  const BookTree tree = TreeOf({"b/y.jpg", "z.jpg", "b/c/1.jpg"});
  EXPECT_EQ(tree.Find("", "z.jpg")->part.page, 1u);
  EXPECT_EQ(tree.Find("b/c", "1.jpg")->part.page, 2u);
  EXPECT_TRUE(tree.Find("b", "c")->is_folder);
  EXPECT_FALSE(tree.Find("b", "y.jpg")->is_folder);
}

TEST(BookTreeTest, WhatIsNotThereIsNull) {
  const BookTree tree = TreeOf({"b/y.jpg", "bc.jpg"});
  EXPECT_EQ(tree.List("c"), nullptr);
  EXPECT_EQ(tree.List("b/"), nullptr);
  EXPECT_EQ(tree.List("b/y.jpg"), nullptr) << "a file is no folder";
  EXPECT_EQ(tree.Find("", "y.jpg"), nullptr);
  EXPECT_EQ(tree.Find("", "b/y.jpg"), nullptr);
  EXPECT_EQ(tree.Find("c", "y.jpg"), nullptr);
  EXPECT_EQ(tree.Find("b", "y.jp"), nullptr);
  EXPECT_EQ(tree.Find("b", "z"), nullptr);
  EXPECT_TRUE(TreeOf({}).List("")->empty());
}

TEST(BookTreeTest, NamesSortAsBytes) {
  const BookTree tree = TreeOf({"\xC3\xA4.jpg", "b.jpg", "B.jpg", "10.jpg", "9.jpg"});
  EXPECT_THAT(Names(tree, ""), ElementsAre("10.jpg", "9.jpg", "B.jpg", "b.jpg", "\xC3\xA4.jpg"));
  for (const std::string& name : Names(tree, "")) EXPECT_NE(tree.Find("", name), nullptr) << name;
}

}  // namespace
}  // namespace cbzfs
