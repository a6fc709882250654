#include "fs/move/hidden.h"

#include <sys/file.h>

#include "tests/fs/move/move_fixture.h"

namespace cbzfs {
namespace {

using HiddenFileTest = MoveFixture;
using JournalTest = MoveFixture;
using LeftoversTest = MoveFixture;
using Files = std::set<std::string>;

TEST_F(HiddenFileTest, NothingIsLeftOfOneThatIsGivenUp) {
  {
    HiddenFile file;
    ASSERT_TRUE(file.Create(At("a")).ok());
    EXPECT_EQ(Names().size(), 1u);
    EXPECT_EQ(Names().begin()->substr(0, 7), ".cbzfs-");
  }
  EXPECT_EQ(Names(), Files());
}

TEST_F(LeftoversTest, OnlyOnesThatNobodyIsAt) {
  HiddenFile under_way;
  ASSERT_TRUE(under_way.Create(At("a")).ok());
  const Files kept = Names();
  Put(".cbzfs-1-2-m3.part", "half");
  Put(".cbzfs-1.other", "of somebody");
  Put("x.part", "of a browser");
  ASSERT_EQ(symlink("there", Path(".cbzfs-999999999-1-m0.part").c_str()), 0);
  const std::string of_ours = ".cbzfs-" + std::to_string(getpid()) + "-1-m0.part";
  ASSERT_EQ(symlink("there", Path(of_ours).c_str()), 0);
  EXPECT_EQ(RemoveLeftovers(root_fd_.get()), 2);
  Files expected = kept;
  expected.insert({".cbzfs-1.other", "x.part", of_ours});
  EXPECT_EQ(Names(), expected);
}

TEST_F(LeftoversTest, NotThoseOfOtherUsers) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  Put(".cbzfs-1-2-m3.part", "half");
  ASSERT_EQ(chown(Path(".cbzfs-1-2-m3.part").c_str(), 12345, 12345), 0);
  EXPECT_EQ(RemoveLeftovers(root_fd_.get()), 0);
}

TEST_F(JournalTest, TellsHowFarARunCame) {
  Put("source/a", "a");
  const Entry from = At("source");
  const Entry to = At("dest");
  EXPECT_FALSE(Journal::IsPlaced(from, to)) << "there was no run";
  {
    Journal journal;
    ASSERT_TRUE(journal.Open(from, to).ok());
    const Entry tree = journal.tree();
    ASSERT_EQ(mkdirat(tree.folder, tree.name.c_str(), 0700), 0);
    EXPECT_FALSE(Journal::IsPlaced(from, to)) << "that run is at it";
    Journal second;
    EXPECT_TRUE(absl::IsUnavailable(second.Open(from, to)));
  }
  EXPECT_FALSE(Journal::IsPlaced(from, to)) << "the tree is in it";
  {
    Journal journal;
    ASSERT_TRUE(journal.Open(from, to).ok()) << "a killed run's is taken over";
    ASSERT_EQ(Rename(journal.tree(), to, false), 0);
  }
  EXPECT_TRUE(Journal::IsPlaced(from, to));
  EXPECT_FALSE(Journal::IsPlaced(from, At("other")));
  EXPECT_FALSE(Journal::IsPlaced(At("other"), to));
  Journal::RemoveFor(from, to);
  EXPECT_EQ(Names(), Files({"source", "dest"}));
}

TEST_F(JournalTest, IsRemovedWithWhatIsInIt) {
  Journal journal;
  ASSERT_TRUE(journal.Open(At("a"), At("b")).ok());
  const std::string name = *Names().begin();
  Put(name + "/tree/x/y", "y");
  ASSERT_EQ(chmod(Path(name + "/tree/x").c_str(), 0500), 0);
  journal.Remove();
  EXPECT_EQ(Names(), Files());
}

}  // namespace
}  // namespace cbzfs
