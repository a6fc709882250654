#include "fs/command/convert_plan.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace cbzfs {
namespace {

namespace stdfs = std::filesystem;

class ConvertPlanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "plan_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = stdfs::canonical(pattern).string();
    stdfs::create_directories(root_ + "/lib/deep");
    stdfs::create_directories(root_ + "/out");
    for (const char* name : {"/lib/a.pdf", "/lib/b.pdf", "/lib/deep/c.pdf", "/file"}) {
      std::ofstream(root_ + name) << "x";
    }
    before_ = stdfs::current_path();
    stdfs::current_path(root_);
  }
  void TearDown() override {
    stdfs::current_path(before_);
    stdfs::remove_all(root_);
  }
  bool Refused(const std::vector<std::string>& paths, bool one_file = true) {
    return !PlanConvert(paths, one_file).ok();
  }

  std::string root_;
  stdfs::path before_;
};

TEST_F(ConvertPlanTest, AFolderOrItsContents) {
  for (const auto& [typed, target] : std::vector<std::pair<std::string, std::string>>{
           {"lib", "/out/lib"}, {"lib/", "/out"}, {"lib/.", "/out"}, {"./lib/deep", "/out/deep"}}) {
    const auto plan = PlanConvert({typed, "out"}, true);
    ASSERT_TRUE(plan.ok()) << plan.status();
    ASSERT_EQ(plan->sources.size(), 1u);
    EXPECT_EQ(plan->sources[0].target, root_ + target) << typed;
    EXPECT_TRUE(plan->sources[0].files.empty());
  }
  // One that is not there yet, by a relative path.
  const auto plan = PlanConvert({"lib/", "new/er"}, true);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->sources[0].target, root_ + "/new/er");
}

TEST_F(ConvertPlanTest, FilesOfOneFolderAreOneSource) {
  const auto plan = PlanConvert({"lib/a.pdf", "lib/deep/c.pdf", "lib/b.pdf", "lib", "out"}, true);
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_EQ(plan->sources.size(), 3u);
  EXPECT_EQ(plan->sources[0].library, root_ + "/lib");
  EXPECT_EQ(plan->sources[0].files, std::vector<std::string>({"a.pdf", "b.pdf"}));
  EXPECT_EQ(plan->sources[1].files, std::vector<std::string>({"c.pdf"}));
  EXPECT_EQ(plan->sources[2].target, root_ + "/out/lib");
}

TEST_F(ConvertPlanTest, OneFileMayBeNamed) {
  const auto plan = PlanConvert({"lib/a.pdf", "lib/Other.CBZ"}, true);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->sources[0].target, root_ + "/lib");
  EXPECT_EQ(plan->sources[0].target_name, "Other.CBZ");
  EXPECT_TRUE(Refused({"lib/a.pdf", "lib/b.pdf", "x.cbz"}));
  EXPECT_TRUE(Refused({"lib", "x.cbz"}));
  EXPECT_TRUE(Refused({"lib/a.pdf", "x.cbz"}, false));
  stdfs::create_directory(root_ + "/folder.cbz");
  EXPECT_EQ(PlanConvert({"lib/a.pdf", "folder.cbz"}, true)->sources[0].target,
            root_ + "/folder.cbz");
}

TEST_F(ConvertPlanTest, ASourceIsNoDestination) {
  EXPECT_TRUE(Refused({"lib", "lib"}));
  EXPECT_TRUE(Refused({"lib", "lib/deep/new"}));
  EXPECT_TRUE(Refused({"lib", "."}));  // ./lib is lib
  EXPECT_FALSE(Refused({"lib/deep/", "lib"}));
  EXPECT_TRUE(Refused({"lib/a.pdf", "lib"}));
  EXPECT_TRUE(Refused({"lib", "file"}));
  EXPECT_TRUE(Refused({"none", "out"}));
  stdfs::create_directory_symlink(root_ + "/lib/deep", root_ + "/link");
  EXPECT_TRUE(Refused({"lib", "link"}));
  const auto plan = PlanConvert({"lib/deep/", "lib/a.pdf", "out"}, true);
  ASSERT_TRUE(plan.ok());
  EXPECT_TRUE(plan->IsInSource(root_ + "/lib/deep/not/yet"));
  EXPECT_FALSE(plan->IsInSource(root_ + "/lib"));
  stdfs::create_hard_link(root_ + "/lib/a.pdf", root_ + "/out/same");
  EXPECT_TRUE(plan->IsSourceFile(root_ + "/out/same"));
  EXPECT_FALSE(plan->IsSourceFile(root_ + "/lib/b.pdf"));
}

}  // namespace
}  // namespace cbzfs
