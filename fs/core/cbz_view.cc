#include "fs/core/cbz_view.h"

#include <errno.h>
#include <xxhash.h>

#include <array>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "fs/core/book_file.h"
#include "fs/core/errno_status.h"
#include "fs/core/services.h"
#include "fs/core/source_node.h"

namespace cbzfs {
namespace {

constexpr uint64_t kViewId = 1;

absl::StatusOr<std::shared_ptr<const Layout>> MakeLayout(const Services& services,
                                                         std::string_view stem,
                                                         const KnownDocument& known) {
  const BookIdentity identity{known.fingerprint, HashOf(services.options.analyse)};
  return Layout::Create(known.document, stem, identity, services.options.layout);
}

// The stem of the source's own name: unlike the shown one it does not change when a neighbour comes
// that wants the same name.
std::string_view StemOfPath(std::string_view path) {
  const size_t slash = path.rfind('/');
  return StemOf(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

absl::StatusOr<uint64_t> SizeOf(Services& services, const SourceKey& key, const std::string& path,
                                const KnownDocument& known) {
  const std::string_view stem = StemOfPath(path);
  if (auto size = services.documents->FindSize(key, stem)) return *size;
  auto layout = MakeLayout(services, stem, known);
  if (!layout.ok()) return layout.status();
  services.documents->RememberSize(key, stem, (*layout)->size());
  return (*layout)->size();
}

// One version of a virtual CBZ.
class Comic : public SourceNode, public std::enable_shared_from_this<Comic> {
 public:
  Comic(std::shared_ptr<Services> services, uint64_t node, const SourceEntry& source,
        uint64_t ino)
      : SourceNode(std::move(services), node, source.path),
        key_(KeyOf(source.st)),
        stat_ino_(ino) {}

  void GetAttr(AttrDone done) override {
    const std::string where = path();
    auto st = services().library->StatFile(where);
    if (!st.ok() || KeyOf(*st) != key_) {
      // Deleted, replaced or changed: whoever has it open still sees what they opened. For others
      // the kernel looks the name up again.
      absl::MutexLock lock(&mu_);
      if (auto file = open_.lock()) return done(open_attr_);
      return done(ErrnoStatus(st.ok() ? ESTALE : ErrnoOf(st.status()), where));
    }
    services().documents->Get(
        where, key_, Priority::kStat,
        [self = shared_from_this(), where, st = *st,
         done = std::move(done)](absl::StatusOr<Documents::Pointer> known) mutable {
          if (!known.ok()) return done(Gone(known.status()));
          auto size = SizeOf(self->services(), self->key_, where, **known);
          if (!size.ok()) return done(size.status());
          done(ShownAttr(self->services(), st, self->stat_ino_, *size));
        });
  }

  void Open(OpenDone done) override {
    const std::string where = path();
    SourceKey key;
    auto file = services().library->OpenFile(where, &key);
    if (!file.ok()) return done(file.status());
    if (key != key_) return done(ErrnoStatus(ESTALE, where));
    services().documents->Get(
        where, key, Priority::kStat,
        [self = shared_from_this(), where, file = *std::move(file),
         done = std::move(done)](absl::StatusOr<Documents::Pointer> known) mutable {
          if (!known.ok()) return done(Gone(known.status()));
          done(self->MakeFile(where, std::move(file), **known));
        });
  }

 private:
  absl::StatusOr<std::shared_ptr<OpenFile>> MakeFile(const std::string& where,
                                                     std::shared_ptr<const SourceFile> file,
                                                     const KnownDocument& known) {
    const std::string_view stem = StemOfPath(where);
    auto layout = MakeLayout(services(), stem, known);
    if (!layout.ok()) return layout.status();
    struct stat st;
    if (fstat(file->fd(), &st) != 0) return ErrnoStatus(errno, where);
    auto book = std::make_shared<OpenBook>();
    book->path = where;
    book->key = key_;
    book->file = std::move(file);
    book->layout = *std::move(layout);
    const std::array<uint64_t, 2> words = {book->file->key(),
                                           XXH3_64bits(stem.data(), stem.size())};
    book->id = XXH3_64bits(words.data(), sizeof(words));
    const uint64_t size = book->layout->size();
    auto open = std::make_shared<BookFile>(std::move(book), services().pages.get(),
                                           services().read_ahead, shared_services());
    // What the kernel has cached of this node is of this version.
    open->keep_cache = true;
    absl::MutexLock lock(&mu_);
    open_ = open;
    open_attr_ = ShownAttr(services(), st, stat_ino_, size);
    return open;
  }

  // The file no longer opens as a PDF, so this name is gone: it shows under its own one.
  static absl::Status Gone(const absl::Status& failure) {
    if (absl::IsCancelled(failure)) return failure;
    return ErrnoStatus(ESTALE, std::string(failure.message()));
  }

  const SourceKey key_;
  const uint64_t stat_ino_;
  absl::Mutex mu_;
  // The latest handle, and what it looked like: for fstat() of a file deleted while open.
  std::weak_ptr<OpenFile> open_ ABSL_GUARDED_BY(mu_);
  struct stat open_attr_ ABSL_GUARDED_BY(mu_) = {};
};

class CbzView : public View {
 public:
  std::string_view name() const override { return "cbz"; }
  uint64_t id() const override { return kViewId; }
  std::string_view comic_extension() const override { return ".cbz"; }

  uint64_t ComicIno(const SourceEntry& source) const override {
    return InoOf(kViewId, source.shares_inode ? "comic " + source.name : "comic", source.st);
  }

  std::shared_ptr<Node> MakeComic(const std::shared_ptr<Services>& services,
                                  const SourceEntry& source) const override {
    const uint64_t ino = ComicIno(source);
    const std::string version =
        absl::StrCat("version ", HashOf(KeyOf(source.st)), " of comic ", ino);
    return std::make_shared<Comic>(services, InoOf(kViewId, version, source.st), source, ino);
  }

  absl::StatusOr<struct stat> ComicAttr(Services& services, const SourceEntry& source,
                                        const KnownDocument& known) const override {
    auto size = SizeOf(services, KeyOf(source.st), source.path, known);
    if (!size.ok()) return size.status();
    return ShownAttr(services, source.st, ComicIno(source), *size);
  }
};

}  // namespace

std::unique_ptr<View> MakeCbzView() { return std::make_unique<CbzView>(); }

}  // namespace cbzfs
