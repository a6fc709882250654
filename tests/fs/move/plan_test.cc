#include "fs/move/plan.h"

#include "fs/move/hidden.h"
#include "tests/fs/move/move_fixture.h"

namespace cbzfs {
namespace {

class PlanTest : public MoveFixture {
 protected:
  void SetUp() override {
    MoveFixture::SetUp();
    Put("file", "f");
    Put("folder/x", "x");
    Put("dest/there", "t");
  }
  // Where each SRC goes, below the root; or the failure's code.
  std::string Plan(std::vector<std::string> names) {
    for (std::string& name : names) name = Path(name);
    const auto plan = PlanMove(names);
    if (!plan.ok()) return absl::StatusCodeToString(plan.status().code());
    std::string text;
    for (const PlannedMove& move : plan->moves) {
      text += (text.empty() ? "" : " ") + move.to.path.substr(root_.size() + 1) +
              (move.done ? "(done)" : "") + (move.copies ? "(copy)" : "");
    }
    return text;
  }
};

TEST_F(PlanTest, DestIsAFolderOrANewName) {
  EXPECT_EQ(Plan({"file", "dest"}), "dest/file");
  EXPECT_EQ(Plan({"file", "dest/"}), "dest/file");
  EXPECT_EQ(Plan({"file", "folder/", "dest"}), "dest/file dest/folder");
  EXPECT_EQ(Plan({"file", "dest/new"}), "dest/new");
  EXPECT_EQ(Plan({"folder", "new/"}), "new");
  EXPECT_EQ(Plan({"file", "dest/there"}), "dest/there");
}

TEST_F(PlanTest, WhatMakesNoSense) {
  EXPECT_EQ(Plan({"file", "folder", "new"}), "INVALID_ARGUMENT");
  EXPECT_EQ(Plan({"file", "folder", "dest/there"}), "INVALID_ARGUMENT");
  EXPECT_EQ(Plan({"file", "file"}), "INVALID_ARGUMENT");
  EXPECT_EQ(Plan({"file", "."}), "INVALID_ARGUMENT") << "it is there";
  EXPECT_EQ(Plan({"folder/.", "dest"}), "INVALID_ARGUMENT");
  EXPECT_EQ(Plan({"folder/..", "dest"}), "INVALID_ARGUMENT");
  EXPECT_EQ(Plan({"file", "folder/../file", "dest"}), "INVALID_ARGUMENT");
  ASSERT_EQ(link(Path("file").c_str(), Path("dest/file").c_str()), 0);
  EXPECT_EQ(Plan({"file", "dest"}), "INVALID_ARGUMENT") << "two names";
  EXPECT_EQ(PlanMove({"/", root_}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(PlanTest, WhatIsNotThere) {
  EXPECT_EQ(Plan({"none", "dest"}), "NOT_FOUND");
  EXPECT_EQ(Plan({"none/none", "dest"}), "NOT_FOUND");
  EXPECT_EQ(Plan({"file", "none/new"}), "NOT_FOUND");
  EXPECT_EQ(Plan({"file", "none/"}), "NOT_FOUND") << "a file is no folder";
}

TEST_F(PlanTest, IntoItself) {
  std::filesystem::create_directories(Path("folder/in/it"));
  std::filesystem::create_directories(Path("folder2"));
  std::filesystem::create_directory_symlink(Path("folder/in"), Path("way"));
  EXPECT_EQ(Plan({"folder", "folder"}), "INVALID_ARGUMENT");
  EXPECT_EQ(Plan({"folder", "folder/in/it"}), "INVALID_ARGUMENT");
  EXPECT_EQ(Plan({"folder", "folder/in/new"}), "INVALID_ARGUMENT");
  EXPECT_EQ(Plan({"folder", "way"}), "INVALID_ARGUMENT");
  EXPECT_EQ(Plan({"folder", "folder2"}), "folder2/folder") << "only the beginning is the same";
  EXPECT_EQ(Plan({"way/", "dest"}), "INVALID_ARGUMENT") << "a link with a slash";
  EXPECT_EQ(Plan({"way", "dest"}), "dest/way");
}

TEST_F(PlanTest, WhatAnEarlierRunHasDone) {
  EXPECT_EQ(Plan({"there", "dest"}), "dest/there(done)");
  // As a run leaves it that was killed when the folder had its new name.
  Put("new/x", "x");
  EXPECT_EQ(Plan({"folder", "new"}), "new/folder");
  {
    Journal journal;
    ASSERT_TRUE(journal.Open(At("folder"), At("new")).ok());
  }
  EXPECT_EQ(Plan({"folder", "new"}), "new");
  EXPECT_EQ(Plan({"file", "new"}), "new/file");
  std::filesystem::remove_all(Path("folder"));
  EXPECT_EQ(Plan({"folder", "new"}), "new(done)");
}

}  // namespace
}  // namespace cbzfs
