// A library in a temporary folder, and the rooms of a mount over it with a FakeWorkerPool: what the
// user sees, without a kernel.

#ifndef CBZFS_TESTS_FS_CORE_CORE_FIXTURE_H_
#define CBZFS_TESTS_FS_CORE_CORE_FIXTURE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fs/core/control.h"
#include "fs/core/services.h"
#include "tests/fs/core/fake_worker_pool.h"

namespace cbzfs {

// A page table of `pages` small drawn pages.
inline Document DrawnDocument(uint32_t pages) {
  Document document;
  Page page;
  page.width = 100;
  page.height = 150;
  page.dpi = 150;
  page.payload_bytes = 10'000;
  document.pages.assign(pages, page);
  return document;
}

inline Drawn SomeDrawing(uint32_t page) {
  Drawn drawn;
  drawn.payload = std::string(5'000, static_cast<char>('a' + page % 26));
  drawn.quality = 85;
  return drawn;
}

// What the quick pool answers: a letter that says which page it is and what was made of it.
inline Drawn SomeAnswer(const DrawRequest& request) {
  Drawn drawn = SomeDrawing(request.page);
  if (request.finish == Finish::kEntry) {
    drawn.payload = std::string(request.entry_bytes, static_cast<char>('a' + request.page % 26));
    drawn.quality = 0;
  } else if (request.finish != Finish::kPage) {
    const char first = request.finish == Finish::kEnhanced ? 'A' : '0';
    drawn.payload.assign(std::min<uint64_t>(request.max_payload, 5'000),
                         static_cast<char>(first + request.page % 10));
  }
  return drawn;
}

class CoreFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "core_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    library_ = pattern;
    Remount();
  }
  void TearDown() override {
    Unmount();
    std::filesystem::remove_all(library_);
  }

  // Fresh rooms with nothing in memory. The index is kept where `keep_index`.
  void Remount(bool keep_index = false) {
    Unmount();
    services_ = std::make_shared<Services>();
    services_->options = options_;
    services_->read_ahead = read_ahead_;
    services_->library = *Library::Open(library_.string());
    if (!keep_index || index_ == nullptr) index_ = Index::OpenInMemory({});
    services_->index = std::move(index_);
    auto pool = std::make_unique<FakeWorkerPool>();
    pool_ = pool.get();
    services_->pool = std::move(pool);
    services_->documents =
        std::make_unique<Documents>(services_->library.get(), services_->index.get(), pool_,
                                    &services_->errors, options_.analyse);
    services_->pages = std::make_unique<PageStore>(pool_, &services_->errors, options_.analyse,
                                                   options_.cache_bytes, options_.on_error);
    services_->books = std::make_unique<Books>(services_->documents.get(), options_);
    for (const std::string& name : options_.views) {
      services_->views.push_back(std::make_unique<View>(*FindViewName(name), since_ns_));
    }
    root_ = MakeRoot(services_);
    pool_->probe = [](const SourceFile&) { return ProbeResult{3}; };
    pool_->analyse = [](const SourceFile&) { return DrawnDocument(3); };
    pool_->draw = [](const DrawRequest& request) { return SomeAnswer(request); };
  }

  void Unmount() {
    if (services_ == nullptr) return;
    services_->pages->Stop();
    pool_->Stop();
    index_ = std::move(services_->index);
    root_.reset();
    services_.reset();
  }

  void Write(const std::string& name, const std::string& bytes) {
    std::filesystem::create_directories((library_ / name).parent_path());
    std::ofstream(library_ / name, std::ios::binary) << bytes;
  }
  void WritePdf(const std::string& name, const std::string& more = "") {
    Write(name, "%PDF-1.4\n" + more + std::string(100, ' '));
  }

  absl::StatusOr<Found> Lookup(const std::shared_ptr<Node>& folder, const std::string& name) {
    std::optional<absl::StatusOr<Found>> result;
    folder->Lookup(name, [&](absl::StatusOr<Found> found) { result = std::move(found); });
    return result.has_value() ? *result : absl::StatusOr<Found>(absl::UnknownError("no answer"));
  }

  // "cbz/a/b.cbz"
  absl::StatusOr<Found> Walk(const std::string& path) {
    absl::StatusOr<Found> found = Found{root_, {}};
    for (const auto& part : std::filesystem::path(path)) {
      found = Lookup(found->node, part.string());
      if (!found.ok()) return found;
    }
    return found;
  }

  std::shared_ptr<const Listing> ListOf(const std::string& path, bool plus = true) {
    std::shared_ptr<const Listing> listing;
    auto folder = Walk(path);
    EXPECT_TRUE(folder.ok()) << folder.status();
    if (!folder.ok()) return nullptr;
    folder->node->List(plus, [&](absl::StatusOr<std::shared_ptr<const Listing>> result) {
      EXPECT_TRUE(result.ok()) << result.status();
      if (result.ok()) listing = *result;
    });
    return listing;
  }

  std::vector<std::string> NamesOf(const std::string& path) {
    std::vector<std::string> names;
    if (auto listing = ListOf(path)) {
      for (const DirEntry& entry : listing->entries) names.push_back(entry.name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  absl::StatusOr<std::shared_ptr<OpenFile>> Open(const std::string& path) {
    auto found = Walk(path);
    if (!found.ok()) return found.status();
    std::optional<absl::StatusOr<std::shared_ptr<OpenFile>>> result;
    found->node->Open([&](absl::StatusOr<std::shared_ptr<OpenFile>> file) { result = file; });
    return result.has_value() ? *result : absl::UnknownError("no answer");
  }

  static absl::StatusOr<std::string> Bytes(absl::StatusOr<ReadResult> result) {
    if (!result.ok()) return result.status();
    std::string bytes;
    for (const auto& slice : result->slices) bytes.append(slice.data, slice.size);
    return bytes;
  }

  absl::StatusOr<std::string> Read(OpenFile& file, uint64_t offset, size_t size) {
    std::optional<absl::StatusOr<std::string>> bytes;
    file.Read(offset, size,
              [&](absl::StatusOr<ReadResult> result) { bytes = Bytes(std::move(result)); });
    return bytes.has_value() ? *bytes : absl::UnknownError("no answer");
  }

  std::filesystem::path library_;
  Options options_;
  uint32_t read_ahead_ = 0;
  int64_t since_ns_ = 0;  // of all views
  std::unique_ptr<Index> index_;
  std::shared_ptr<Services> services_;
  FakeWorkerPool* pool_ = nullptr;
  std::shared_ptr<Node> root_;
};

}  // namespace cbzfs

#endif  // CBZFS_TESTS_FS_CORE_CORE_FIXTURE_H_
