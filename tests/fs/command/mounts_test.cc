#include "fs/command/mounts.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace cbzfs {
namespace {

TEST(MountsTest, OnlyOurs) {
  const auto mounts = MountsIn(
      "22 1 0:20 / / rw - ext4 /dev/sda rw\n"
      "40 22 0:41 / /mnt/a\\040b rw,nosuid - fuse.cbzfs /lib rw,user_id=0\n"
      "41 22 0:42 / /mnt/c rw shared:7 master:3 - fuse.sshfs h: rw\n"
      "42 22 0:43 / /mnt/d\\134e\\999 rw shared:7 - fuse.cbzfs / rw\n"
      "43 - fuse.cbzfs\n"
      "no line at all\n");
  ASSERT_EQ(mounts.size(), 2u);
  EXPECT_EQ(mounts[0].id, 40u);
  EXPECT_EQ(mounts[0].point, "/mnt/a b");
  EXPECT_EQ(mounts[1].id, 42u);
  EXPECT_EQ(mounts[1].point, "/mnt/d\\e\\999");
}

TEST(MountsTest, PathsNeedNotExist) {
  const std::string here = std::filesystem::current_path().string();
  EXPECT_EQ(AbsolutePath("none"), here + "/none");
  EXPECT_EQ(AbsolutePath("none/"), here + "/none");
  EXPECT_EQ(AbsolutePath("./x/../none/."), here + "/none");
  EXPECT_EQ(AbsolutePath("/"), "/");
}

TEST(MountsTest, NothingIsMountedHere) {
  EXPECT_FALSE(FindMountAt("/proc").has_value());
  EXPECT_FALSE(FindMountAbove("/proc/self").has_value());
}

}  // namespace
}  // namespace cbzfs
