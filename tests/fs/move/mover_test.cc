#include "fs/move/mover.h"

#include "fs/move/hidden.h"
#include "tests/fs/move/move_fixture.h"

namespace cbzfs {
namespace {

using Files = std::set<std::string>;

class MoverTest : public MoveFixture {
 protected:
  bool Move(const std::string& from, const std::string& to) {
    return Mover(&work_).Move(At(from), At(to));
  }
};

TEST_F(MoverTest, RenamesOnOneFileSystem) {
  Put("a/x", "x");
  const ino_t inode = Stat("a").st_ino;
  EXPECT_TRUE(Move("a", "b"));
  EXPECT_EQ(Stat("b").st_ino, inode);
  EXPECT_EQ(work_.counts.renamed, 1u);
  EXPECT_EQ(work_.counts.copied, 0u);
}

TEST_F(MoverTest, AFileThatIsThereStays) {
  Put("a", "new");
  Put("b", "old");
  EXPECT_FALSE(Move("a", "b"));
  EXPECT_EQ(Get("a"), "new");
  EXPECT_EQ(Get("b"), "old");
  ASSERT_EQ(failures_.size(), 1u);
  EXPECT_NE(failures_[0].find("--force"), std::string::npos);
  work_.settings.force = true;
  EXPECT_TRUE(Move("a", "b"));
  EXPECT_EQ(Get("b"), "new");
  EXPECT_FALSE(Exists("a"));
}

TEST_F(MoverTest, AnEqualFileIsTakenAsMoved) {
  Put("a", "same");
  Put("b", "same");
  const ino_t inode = Stat("b").st_ino;
  EXPECT_TRUE(Move("a", "b"));
  EXPECT_FALSE(Exists("a"));
  EXPECT_EQ(Stat("b").st_ino, inode);
  EXPECT_EQ(work_.counts.there, 1u);
}

TEST_F(MoverTest, OneFileByTwoNamesIsRefused) {
  Put("a", "same");
  ASSERT_EQ(link(Path("a").c_str(), Path("b").c_str()), 0);
  EXPECT_FALSE(Move("a", "b"));
  EXPECT_TRUE(Exists("a"));
  EXPECT_TRUE(Exists("b"));
}

TEST_F(MoverTest, FoldersAreMerged) {
  Put("a/new", "1");
  Put("a/same", "2");
  Put("a/other", "3");
  Put("a/deep/new", "4");
  Put("a/fresh/new", "5");
  Put("b/same", "2");
  Put("b/other", "old");
  Put("b/deep/old", "6");
  EXPECT_FALSE(Move("a", "b"));
  EXPECT_EQ(Names("a"), Files({"other"})) << "what cannot be moved stays, and nothing else";
  EXPECT_EQ(Get("a/other"), "3");
  EXPECT_EQ(Names("b"), Files({"new", "same", "other", "deep", "fresh"}));
  EXPECT_EQ(Get("b/other"), "old");
  EXPECT_EQ(Names("b/deep"), Files({"new", "old"}));
  EXPECT_EQ(failures_.size(), 1u);
  work_.settings.force = true;
  EXPECT_TRUE(Move("a", "b"));
  EXPECT_EQ(Get("b/other"), "3");
  EXPECT_FALSE(Exists("a"));
}

TEST_F(MoverTest, AFolderNeverTakesThePlaceOfAFile) {
  Put("a/x", "x");
  Put("b", "b");
  work_.settings.force = true;
  EXPECT_FALSE(Move("a", "b"));
  EXPECT_FALSE(Move("b", "a"));
  EXPECT_EQ(Get("a/x"), "x");
  EXPECT_EQ(Get("b"), "b");
}

TEST_F(MoverTest, ARunThatGaveAFolderItsPlaceIsFinished) {
  Put("a/x", "x");
  Put("a/deep/y", "y");
  Put("b/x", "x");
  Put("b/deep/y", "y");
  {
    Journal journal;
    ASSERT_TRUE(journal.Open(At("a"), At("b")).ok());
  }
  const timespec times[2] = {{.tv_sec = 3, .tv_nsec = 4}, {.tv_sec = 5, .tv_nsec = 6}};
  ASSERT_EQ(utimensat(AT_FDCWD, Path("b/deep").c_str(), times, 0), 0);
  EXPECT_TRUE(Move("a", "b"));
  EXPECT_EQ(Names(), Files({"b"})) << "no source, no journal";
  EXPECT_EQ(Stat("b/deep").st_mtim.tv_nsec, 6) << "nothing was done to it";
}

TEST_F(MoverTest, DoesNothingMoreWhenItIsStopped) {
  Put("a", "a");
  work_.stop = true;
  EXPECT_FALSE(Move("a", "b"));
  EXPECT_TRUE(Exists("a"));
  EXPECT_TRUE(failures_.empty());
}

}  // namespace
}  // namespace cbzfs
