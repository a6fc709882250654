#include "fs/move/tree_copy.h"

#include <sys/stat.h>

#include "tests/fs/move/move_fixture.h"

namespace cbzfs {
namespace {

using Files = std::set<std::string>;

class TreeCopyTest : public MoveFixture {
 protected:
  absl::StatusOr<CopiedEntry> Copy(const std::string& from, const std::string& to) {
    return TreeCopier(At(to), Stat(""), &work_).Copy(At(from));
  }
};

TEST_F(TreeCopyTest, KeepsHardLinksAndTimesOfFolders) {
  Put("a/x", "bytes");
  Put("a/deep/z", "z");
  ASSERT_EQ(link(Path("a/x").c_str(), Path("a/deep/y").c_str()), 0);
  const timespec times[2] = {{.tv_sec = 3, .tv_nsec = 4}, {.tv_sec = 5, .tv_nsec = 6}};
  ASSERT_EQ(utimensat(AT_FDCWD, Path("a/deep").c_str(), times, 0), 0);
  ASSERT_EQ(chmod(Path("a/deep").c_str(), 0750), 0);
  ASSERT_TRUE(Copy("a", "b").ok());
  EXPECT_EQ(Stat("b/x").st_ino, Stat("b/deep/y").st_ino);
  EXPECT_NE(Stat("b/x").st_ino, Stat("a/x").st_ino);
  EXPECT_EQ(Stat("b/deep").st_mtim.tv_nsec, 6);
  EXPECT_EQ(Stat("b/deep").st_mode & 07777, 0750u);
}

TEST_F(TreeCopyTest, GoesOnFromWhatIsThere) {
  Put("a/done", "done");
  Put("a/changed", "new");
  Put("a/kind/x", "x");
  Put("b/done", "done");
  Put("b/changed", "old");
  Put("b/kind", "a file");
  Put("b/gone/from/the/source", "");
  ASSERT_EQ(chmod(Path("a/done").c_str(), 0600), 0);
  const ino_t inode = Stat("b/done").st_ino;
  ASSERT_TRUE(Copy("a", "b").ok());
  EXPECT_EQ(Stat("b/done").st_ino, inode) << "not copied again";
  EXPECT_EQ(Stat("b/done").st_mode & 07777, 0600u);
  EXPECT_EQ(Get("b/changed"), "new");
  EXPECT_EQ(Get("b/kind/x"), "x");
  EXPECT_EQ(Names("b"), Files({"done", "changed", "kind"}));
  EXPECT_EQ(work_.counts.there, 1u);
}

TEST_F(TreeCopyTest, RemovesWhatWasCopiedAndNothingElse) {
  Put("a/x", "x");
  Put("a/deep/y", "y");
  Put("a/deep/z", "z");
  const auto copied = Copy("a", "b");
  ASSERT_TRUE(copied.ok());
  Put("a/deep/z", "changed");
  Put("a/deep/added", "added");
  EXPECT_TRUE(absl::IsAborted(RemoveCopied(At("a"), *copied, work_)));
  EXPECT_EQ(Names("a"), Files({"deep"}));
  EXPECT_EQ(Names("a/deep"), Files({"z", "added"}));
}

TEST_F(TreeCopyTest, RemovesHardLinksWhoseTimeOfChangeItHasChangedItself) {
  Put("a/x", "x");
  ASSERT_EQ(link(Path("a/x").c_str(), Path("a/y").c_str()), 0);
  const auto copied = Copy("a", "b");
  ASSERT_TRUE(copied.ok());
  EXPECT_TRUE(RemoveCopied(At("a"), *copied, work_).ok());
  EXPECT_FALSE(Exists("a"));
}

TEST_F(TreeCopyTest, RefusesFifosAndItself) {
  Put("a/x", "x");
  ASSERT_EQ(mkfifo(Path("a/pipe").c_str(), 0600), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(Copy("a", "b").status()));
  const auto into_itself = TreeCopier(At("b"), Stat("a"), &work_).Copy(At("a"));
  EXPECT_TRUE(absl::IsFailedPrecondition(into_itself.status()));
}

}  // namespace
}  // namespace cbzfs
