#include "fs/move/copy_file.h"

#include <fcntl.h>
#include <sys/xattr.h>

#include "fs/move/compare.h"
#include "fs/move/copy_data.h"
#include "tests/fs/move/move_fixture.h"

namespace cbzfs {
namespace {

constexpr uint64_t kMiB = 1 << 20;

class CopyFileTest : public MoveFixture {
 protected:
  // 3 MiB: bytes, a hole, bytes, a hole.
  void PutSparse(const std::string& name) {
    Put(name, std::string(kMiB / 2, 'a'));
    ASSERT_EQ(truncate(Path(name).c_str(), 2 * kMiB), 0);
    std::ofstream(Path(name), std::ios::binary | std::ios::app) << std::string(kMiB / 2, 'b');
    ASSERT_EQ(truncate(Path(name).c_str(), 3 * kMiB), 0);
  }
  UniqueFd Open(const std::string& name, int flags = O_RDONLY) {
    UniqueFd fd(open(Path(name).c_str(), flags | O_CLOEXEC, 0600));
    EXPECT_TRUE(fd.valid()) << name;
    return fd;
  }
};

using CopyDataTest = CopyFileTest;
using CompareTest = CopyFileTest;

TEST_F(CopyDataTest, HolesStayHoles) {
  PutSparse("a");
  const UniqueFd from = Open("a");
  const UniqueFd to = Open("b", O_RDWR | O_CREAT);
  ASSERT_TRUE(CopyData({from.get(), "a"}, {to.get(), "b"}, 3 * kMiB, &work_).ok());
  EXPECT_EQ(Get("b"), Get("a"));
  EXPECT_EQ(Stat("b").st_blocks, Stat("a").st_blocks);
  EXPECT_LT(Stat("b").st_blocks * 512, static_cast<blkcnt_t>(2 * kMiB));
  EXPECT_EQ(work_.counts.bytes, kMiB) << "holes are no content";
  EXPECT_EQ(work_.counts.read, 3 * kMiB) << "and are progress";
}

TEST_F(CopyDataTest, WhereDataIs) {
  PutSparse("a");
  const auto extents = DataOf(Open("a").get(), 3 * kMiB);
  ASSERT_EQ(extents.size(), 2u);
  EXPECT_EQ(extents[0].offset, 0u);
  EXPECT_EQ(extents[0].length, kMiB / 2);
  EXPECT_EQ(extents[1].offset, 2 * kMiB);
  EXPECT_TRUE(DataOf(Open("a").get(), 0).empty());
}

TEST_F(CopyDataTest, StopsWhenItIsTold) {
  Put("a", std::string(kMiB, 'a'));
  work_.stop = true;
  const UniqueFd from = Open("a");
  const UniqueFd to = Open("b", O_RDWR | O_CREAT);
  const auto copied = CopyData({from.get(), "a"}, {to.get(), "b"}, kMiB, &work_);
  EXPECT_TRUE(copied.ok() ? *copied == CopyMethod::kShared : absl::IsCancelled(copied.status()));
}

TEST_F(CompareTest, FindsOneByte) {
  std::string bytes(2 * kMiB + 3, 'x');
  Put("a", bytes);
  Put("b", bytes);
  const UniqueFd a = Open("a");
  UniqueFd b = Open("b");
  auto same = HaveSameBytes({a.get(), "a"}, {b.get(), "b"}, bytes.size(), &work_);
  ASSERT_TRUE(same.ok());
  EXPECT_TRUE(*same);
  for (const size_t at : {size_t{0}, size_t{kMiB}, bytes.size() - 1}) {
    std::string other = bytes;
    other[at] = 'y';
    Put("b", other);
    b = Open("b");
    same = HaveSameBytes({a.get(), "a"}, {b.get(), "b"}, bytes.size(), &work_);
    ASSERT_TRUE(same.ok());
    EXPECT_FALSE(*same) << at;
  }
  // As if both had been longer when they were looked at.
  EXPECT_FALSE(HaveSameBytes({a.get(), "a"}, {a.get(), "a"}, bytes.size() + 9000, &work_).value());
}

TEST_F(CompareTest, AHoleEqualsZerosAndNothingElse) {
  Put("a", "");
  ASSERT_EQ(truncate(Path("a").c_str(), 2 * kMiB), 0);
  Put("b", std::string(2 * kMiB, '\0'));
  const UniqueFd a = Open("a");
  UniqueFd b = Open("b");
  EXPECT_TRUE(HaveSameBytes({a.get(), "a"}, {b.get(), "b"}, 2 * kMiB, &work_).value());
  Put("b", std::string(2 * kMiB - 1, '\0') + "x");
  b = Open("b");
  EXPECT_FALSE(HaveSameBytes({a.get(), "a"}, {b.get(), "b"}, 2 * kMiB, &work_).value());
}

TEST_F(CopyFileTest, KeepsAllThatBelongsToIt) {
  Put("a", "bytes");
  ASSERT_EQ(chmod(Path("a").c_str(), 0641), 0);
  ASSERT_EQ(setxattr(Path("a").c_str(), "user.series", "Harbour", 7, 0), 0);
  const timespec times[2] = {{.tv_sec = 1'000'000, .tv_nsec = 123}, {.tv_sec = 7, .tv_nsec = 456}};
  ASSERT_EQ(utimensat(AT_FDCWD, Path("a").c_str(), times, 0), 0);
  ASSERT_TRUE(CopyFile(At("a"), At("b"), false, &work_).ok());
  const struct stat st = Stat("b");  // before it is read
  EXPECT_EQ(Get("b"), "bytes");
  EXPECT_EQ(st.st_mode & 07777, 0641u);
  EXPECT_EQ(st.st_mtim.tv_sec, 7);
  EXPECT_EQ(st.st_mtim.tv_nsec, 456);
  EXPECT_EQ(st.st_atim.tv_nsec, 123);
  char value[8] = {};
  EXPECT_EQ(getxattr(Path("b").c_str(), "user.series", value, sizeof value), 7);
  EXPECT_STREQ(value, "Harbour");
  EXPECT_EQ(work_.counts.lost_attributes + work_.counts.lost_modes + work_.counts.lost_times, 0u);
  EXPECT_EQ(Names(), (std::set<std::string>{"a", "b"}));
}

TEST_F(CopyFileTest, ReplacesOnlyWhenItIsTold) {
  Put("a", "new");
  Put("b", "old");
  EXPECT_TRUE(absl::IsAlreadyExists(CopyFile(At("a"), At("b"), false, &work_).status()));
  EXPECT_EQ(Get("b"), "old");
  EXPECT_EQ(Names(), (std::set<std::string>{"a", "b"})) << "nothing hidden stays";
  EXPECT_TRUE(CopyFile(At("a"), At("b"), true, &work_).ok());
  EXPECT_EQ(Get("b"), "new");
}

TEST_F(CopyFileTest, ASourceThatIsNotWhatWasCopiedIsNotRemoved) {
  Put("a", "one");
  const auto copied = CopyFile(At("a"), At("b"), false, &work_);
  ASSERT_TRUE(copied.ok());
  Put("a", "two");
  EXPECT_TRUE(absl::IsAborted(RemoveSource(At("a"), *copied)));
  EXPECT_EQ(Get("a"), "two");
  EXPECT_TRUE(RemoveSource(At("a"), Stat("a")).ok());
  EXPECT_FALSE(Exists("a"));
  EXPECT_TRUE(RemoveSource(At("a"), *copied).ok()) << "gone is gone";
}

TEST_F(CopyFileTest, LinksKeepTheirTargetAndTime) {
  ASSERT_EQ(symlink("no/where", Path("a").c_str()), 0);
  const timespec times[2] = {{.tv_sec = 5, .tv_nsec = 6}, {.tv_sec = 7, .tv_nsec = 8}};
  ASSERT_EQ(utimensat(AT_FDCWD, Path("a").c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
  ASSERT_TRUE(CopyLink(At("a"), At("b"), false, &work_).ok());
  EXPECT_EQ(std::filesystem::read_symlink(Path("b")), "no/where");
  EXPECT_EQ(Stat("b").st_mtim.tv_nsec, 8);
  EXPECT_TRUE(IsEqual(At("a"), Stat("a"), At("b"), Stat("b"), &work_).value());
}

}  // namespace
}  // namespace cbzfs
