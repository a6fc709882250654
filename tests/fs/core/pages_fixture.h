// Books over files of a library in a temporary folder, and readers of their pages who wait: what
// flows through PageStore, without nodes.

#ifndef CBZFS_TESTS_FS_CORE_PAGES_FIXTURE_H_
#define CBZFS_TESTS_FS_CORE_PAGES_FIXTURE_H_

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "tests/fs/core/core_fixture.h"
#include "tests/fs/core/sample_documents.h"

namespace cbzfs {

class PagesFixture : public CoreFixture {
 protected:
  void SetUp() override {
    CoreFixture::SetUp();
    PrepareSamples();
  }

  // The pool finds the samples in the library's files, and draws when it is told to.
  void PrepareSamples() {
    pool_->analyse_for = [](const SourceFile& file, const AnalyseOptions& options) {
      return SampleOf(file.format(), file.bytes(), options.enhanced);
    };
    pool_->draw = nullptr;
    WritePdf("Foo.pdf", std::string(20'000, 'f'));
    Write("Foo.cbz", std::string(20'000, 'z'));
    Write("Foo.png", std::string(20'000, 'i'));
    Write("Foo.cbr", std::string("Rar!\x1A\7\1\0", 8) + std::string(19'992, 'r'));
  }

  static std::string FileOf(SourceFormat format) {
    return format == SourceFormat::kPdf       ? "Foo.pdf"
           : format == SourceFormat::kArchive ? "Foo.cbz"
           : format == SourceFormat::kPacked  ? "Foo.cbr"
                                              : "Foo.png";
  }

  // A sample's book held open.
  std::shared_ptr<const OpenBook> Hold(SourceFormat format, Rendition rendition) {
    const std::string path = FileOf(format);
    SourceKey key;
    auto file = *services_->library->OpenFile(path, &key, format);
    Book::Identity identity = IdentityOf(format, rendition);
    identity.source.key = key;
    std::shared_ptr<const Book> book;
    services_->books->Get(path, identity, Priority::kStat,
                          [&](absl::StatusOr<Books::Pointer> made) { book = *made; });
    return HoldOpen(path, std::move(file), std::move(book));
  }
  std::shared_ptr<const OpenBook> HoldPdf(Rendition rendition) {
    return Hold(SourceFormat::kPdf, rendition);
  }

  // Somebody who waits for a page, and what they were given, on whatever thread.
  class Reader {
   public:
    using Page = absl::StatusOr<PageStore::Pointer>;

    std::shared_ptr<PageStore::Wait> wait;

    bool answered() const { return page().has_value(); }
    absl::Status status() const {
      const std::optional<Page> got = page();
      return got.has_value() ? got->status() : absl::UnknownError("");
    }
    // Null where there is none.
    PageStore::Pointer body() const {
      const std::optional<Page> got = page();
      return got.has_value() && got->ok() ? **got : nullptr;
    }
    std::string payload() const {
      const PageStore::Pointer got = body();
      return got != nullptr ? got->payload() : "(none)";
    }
    absl::AnyInvocable<void(Page)> Done() const {
      return [got = got_](Page page) {
        absl::MutexLock lock(&got->mu);
        got->page = std::move(page);
      };
    }

   private:
    struct Got {
      absl::Mutex mu;
      std::optional<Page> page ABSL_GUARDED_BY(mu);
    };
    std::optional<Page> page() const {
      absl::MutexLock lock(&got_->mu);
      return got_->page;
    }
    std::shared_ptr<Got> got_ = std::make_shared<Got>();
  };
  Reader Want(const std::shared_ptr<const OpenBook>& book, uint32_t page,
              Priority priority = Priority::kReader) {
    Reader reader;
    reader.wait = services_->pages->Get(book, page, priority, reader.Done());
    return reader;
  }

  // Answers the one request for `page`.
  void Answer(uint32_t page, Finish finish, const std::string& payload) {
    const auto id = pool_->FindDraw(page, finish);
    ASSERT_NE(id, 0u) << "nobody asked for it";
    pool_->AnswerDraw(id, Drawn{.payload = payload, .quality = 85});
  }

  // The file's time of modification is another.
  void Touch(const std::string& name) {
    const timespec times[2] = {{0, UTIME_OMIT}, {1, 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, (library_ / name).c_str(), times, 0), 0);
  }

  static std::string BytesOf(const SourceFile& file) {
    std::string bytes(file.bytes(), '\0');
    const ssize_t got = pread(file.fd(), bytes.data(), bytes.size(), 0);
    return got == static_cast<ssize_t>(bytes.size()) ? bytes : "(unreadable)";
  }
};

}  // namespace cbzfs

#endif  // CBZFS_TESTS_FS_CORE_PAGES_FIXTURE_H_
