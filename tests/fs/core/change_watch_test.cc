#include "fs/core/change_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "fs/core/filesystem.h"
#include "tests/fs/core/core_fixture.h"

namespace cbzfs {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

class FakeKernel : public KernelCache {
 public:
  void DropName(uint64_t parent, const std::string& name) override {
    absl::MutexLock lock(&mu_);
    names_.insert(std::to_string(parent) + " " + name);
    ++calls_;
  }
  void DropAttributes(uint64_t ino) override {
    absl::MutexLock lock(&mu_);
    inos_.insert(ino);
    ++calls_;
  }
  std::set<std::string> names() const {
    absl::MutexLock lock(&mu_);
    return names_;
  }
  std::set<uint64_t> inos() const {
    absl::MutexLock lock(&mu_);
    return inos_;
  }
  int calls() const {
    absl::MutexLock lock(&mu_);
    return calls_;
  }
  void WaitForIno(uint64_t ino) {
    absl::MutexLock lock(&mu_);
    const auto there = [this, ino]()
                           ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return inos_.contains(ino); };
    EXPECT_TRUE(mu_.AwaitWithTimeout(absl::Condition(&there), absl::Seconds(30))) << ino;
  }

 private:
  mutable absl::Mutex mu_;
  std::set<std::string> names_ ABSL_GUARDED_BY(mu_);
  std::set<uint64_t> inos_ ABSL_GUARDED_BY(mu_);
  int calls_ ABSL_GUARDED_BY(mu_) = 0;
};

// Holds a node whose folder was changed under it, and counts how often that is said.
class Folder : public Node {
 public:
  explicit Folder(uint64_t ino) : Node(ino) {}
  void GetAttr(AttrDone) override {}
  void SourceChanged() override { ++changed; }
  std::atomic<int> changed = 0;
};

// A watch over the fixture's library; what the kernel holds is said by hand.
class ChangeWatchTest : public CoreFixture {
 protected:
  void SetUp() override {
    CoreFixture::SetUp();
    id_ = {7, 99};
    for (const View* view : {&*services_->views[0], &*services_->views[1]}) {
      struct stat st = {};
      st.st_dev = id_.dev;
      st.st_ino = id_.ino;
      inos_.push_back(InoOf(view->id(), kFolderIno, st));
    }
    watch_ = Make(false);
  }
  void TearDown() override {
    watch_.reset();
    CoreFixture::TearDown();
  }
  std::unique_ptr<ChangeWatch> Make(bool view_is_root, int64_t limit = 10) {
    FolderWatcherOptions options;
    options.limit = limit;
    return std::make_unique<ChangeWatch>(
        services_->library.get(), &nodes_,
        std::vector<uint64_t>{services_->views[0]->id(), services_->views[1]->id()}, view_is_root,
        std::move(options));
  }
  std::string In(size_t view, const std::string& name) {
    return std::to_string(inos_[view]) + " " + name;
  }
  void HoldBoth() {
    for (const uint64_t ino : inos_) nodes_.Hold(1, "folder", std::make_shared<Folder>(ino));
  }

  FolderId id_;
  std::vector<uint64_t> inos_;  // of the folder `id_` in the first two views
  NodeTable nodes_;
  FakeKernel kernel_;
  std::unique_ptr<ChangeWatch> watch_;
};

TEST_F(ChangeWatchTest, AnEntryIsDroppedUnderAllItsNamesInAllViews) {
  HoldBoth();
  nodes_.Hold(inos_[0], "Foo.cbz", std::make_shared<Folder>(50));
  nodes_.Hold(inos_[1], "Foo.jpg", std::make_shared<Folder>(51));
  nodes_.Hold(inos_[1], "Foo", std::make_shared<Folder>(52));
  nodes_.Hold(inos_[1], "Other.jpg", std::make_shared<Folder>(53));
  watch_->EntryChanged(id_, "Foo.pdf");
  watch_->Start(&kernel_);
  for (const uint64_t ino : {inos_[0], inos_[1], uint64_t{50}, uint64_t{51}, uint64_t{52}}) {
    kernel_.WaitForIno(ino);
  }
  EXPECT_EQ(kernel_.names(),
            (std::set<std::string>{In(0, "Foo.cbz"), In(1, "Foo.jpg"), In(1, "Foo")}));
  EXPECT_THAT(kernel_.inos(), Not(Contains(53)));
  EXPECT_EQ(watch_->stats().names, 3u);
}

TEST_F(ChangeWatchTest, WhatTheKernelDoesNotHoldIsNotSaid) {
  nodes_.Hold(1, "folder", std::make_shared<Folder>(inos_[0]));
  const uint64_t before = nodes_.Sequence();
  watch_->EntryChanged({1, 2}, "Foo.pdf");
  watch_->EntryChanged(id_, "Foo.pdf");
  watch_->Start(&kernel_);
  kernel_.WaitForIno(inos_[0]);
  EXPECT_THAT(kernel_.names(), IsEmpty());
  EXPECT_THAT(kernel_.inos(), Not(Contains(inos_[1])));
  EXPECT_TRUE(nodes_.ChangedSince(inos_[1], before)) << "it may be on its way";
}

TEST_F(ChangeWatchTest, ALostFolderIsDroppedWithItsEntriesAndItsOwnNames) {
  HoldBoth();
  nodes_.Hold(inos_[0], "a", std::make_shared<Folder>(50));
  watch_->FolderLost(id_);
  watch_->Start(&kernel_);
  kernel_.WaitForIno(50);
  kernel_.WaitForIno(inos_[1]);
  EXPECT_THAT(kernel_.names(), AllOf(Contains(In(0, "a")), Contains("1 folder")));
}

TEST_F(ChangeWatchTest, EverythingIsEverythingThatTheKernelHolds) {
  HoldBoth();
  nodes_.Hold(inos_[0], "a", std::make_shared<Folder>(50));
  watch_->EverythingChanged();
  watch_->Start(&kernel_);
  for (const uint64_t ino : {inos_[0], inos_[1], uint64_t{50}}) kernel_.WaitForIno(ino);
  EXPECT_THAT(kernel_.names(), Contains(In(0, "a")));
  EXPECT_THAT(nodes_.TakeAll(), IsEmpty());
}

TEST_F(ChangeWatchTest, TooManyAtOnceAreEverything) {
  HoldBoth();
  nodes_.Hold(inos_[0], "unrelated", std::make_shared<Folder>(50));
  for (int i = 0; i < 10'001; ++i) watch_->EntryChanged(id_, "x" + std::to_string(i));
  watch_->Start(&kernel_);
  kernel_.WaitForIno(50);
}

TEST_F(ChangeWatchTest, ABurstIsOneRound) {
  auto folder = std::make_shared<Folder>(inos_[0]);
  nodes_.Hold(1, "folder", folder);
  nodes_.Hold(inos_[0], "a", std::make_shared<Folder>(50));
  for (int i = 0; i < 1000; ++i) watch_->EntryChanged(id_, "a");
  watch_->Start(&kernel_);
  kernel_.WaitForIno(50);
  kernel_.WaitForIno(inos_[0]);
  watch_->Stop();
  EXPECT_EQ(watch_->stats().rounds, 1u);
  EXPECT_EQ(kernel_.calls(), 3) << "a name and two inodes";
  EXPECT_EQ(folder->changed, 1);
}

TEST_F(ChangeWatchTest, AfterStopTheKernelIsLeftAlone) {
  HoldBoth();
  watch_->Start(&kernel_);
  watch_->Stop();
  watch_->EntryChanged(id_, "a");
  watch_->FolderLost(id_);
  watch_->EverythingChanged();
  watch_->Stop();
  EXPECT_EQ(kernel_.calls(), 0);
}

TEST_F(ChangeWatchTest, TheLibrarysRootIsTheMountsRootWhereAViewIs) {
  auto watch = Make(/*view_is_root=*/true);
  nodes_.HoldRoot(std::make_shared<Folder>(Filesystem::kRootIno));
  const auto st = services_->library->Stat("");
  ASSERT_TRUE(st.ok());
  watch->EntryChanged({st->st_dev, st->st_ino}, "a");
  watch->Start(&kernel_);
  kernel_.WaitForIno(Filesystem::kRootIno);
}

TEST_F(ChangeWatchTest, AFolderIsWatchedWhenItIsLookedAt) {
  Write("folder/a", "x");
  const auto st = services_->library->Stat("folder");
  ASSERT_TRUE(st.ok());
  EXPECT_EQ(watch_->stats().folders.folders, 0u);
  EXPECT_TRUE(watch_->Watch("folder", *st));
  EXPECT_FALSE(watch_->Watch("folder", *st)) << "it is watched already";
  EXPECT_EQ(watch_->stats().folders.folders, 1u);
  struct stat other = *st;
  ++other.st_ino;
  EXPECT_FALSE(watch_->Watch("folder", other)) << "it is another by now";
  EXPECT_FALSE(watch_->Watch("gone", other));
}

}  // namespace
}  // namespace cbzfs
