#include "fs/core/comic_node.h"

#include <errno.h>
#include <limits.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "fs/core/book_file.h"
#include "fs/core/entry_file.h"
#include "fs/core/errno_status.h"
#include "fs/core/services.h"

namespace cbzfs {
namespace {

// What `stat` calls the things of a comic; part of their inode numbers.
std::string_view NameOf(Shape shape) {
  switch (shape) {
    case Shape::kBook:
      return "comic";
    case Shape::kFolder:
      return "comic folder";
    case Shape::kPicture:
      return "comic picture";
  }
  return "";
}

// The part of a book that is the whole of a file in a shape.
BookPart PartOf(Shape shape) {
  return {.kind = shape == Shape::kBook ? BookPart::Kind::kWhole : BookPart::Kind::kPage};
}

struct stat AsOnDisk(const SourceKey& key) {
  struct stat st = {};
  st.st_dev = key.dev;
  st.st_ino = key.ino;
  return st;
}

// What the kernel knows a node of this version by.
uint64_t NodeOf(const ComicVersion& version, uint64_t stat_ino) {
  std::string what =
      absl::StrCat("version ", HashOf(version.book.source.key), " of comic ", stat_ino);
  if (const SidecarPointer& sidecar = version.book.source.sidecar; sidecar != nullptr) {
    absl::StrAppend(&what, " with ", HashOf(sidecar));
  }
  return InoOf(version.view->id(), what, AsOnDisk(version.book.source.key));
}

uint64_t InoInside(const ComicVersion& version, const std::string& what) {
  return InoOf(version.view->id(), absl::StrCat(what, " of comic ", version.ino),
               AsOnDisk(version.book.source.key));
}

std::string NameOf(const BookPart& part) {
  return part.kind == BookPart::Kind::kInfo ? "info" : absl::StrCat("page ", part.page);
}

struct stat FolderAttr(const View& view, const struct stat& source, uint64_t ino) {
  // Whoever may read the comic may enter the folder made of it.
  struct stat st = source;
  const mode_t readable = source.st_mode & (S_IRUSR | S_IRGRP | S_IROTH);
  st.st_mode = S_IFDIR | readable | (readable >> 2);
  return ShownAttr(view.since_ns(), st, ino, 4096);
}

// What stat says of the comic's file, with the times of the sidecar. ESTALE when either is another
// version by now.
absl::StatusOr<struct stat> StatVersion(const Library& library, const std::string& where,
                                        const ComicVersion& version) {
  auto st = library.StatFile(where);
  if (!st.ok()) return st;
  const DocumentRef& source = version.book.source;
  if (KeyOf(*st) != source.key || !IsCurrent(library, where, source.sidecar)) {
    return ErrnoStatus(ESTALE, where);
  }
  return WithTimesOf(*st, source.sidecar);
}

// The file no longer opens as a comic, so this name is gone: it shows under its own one.
absl::Status Gone(const absl::Status& failure) {
  if (absl::IsCancelled(failure)) return failure;
  return ErrnoStatus(ESTALE, std::string(failure.message()));
}

}  // namespace

ComicVersion VersionOf(const View* view, const SourceEntry& source, Shape shape) {
  ComicVersion version{.view = view, .shape = shape};
  version.book = {.source = view->RefOf(source),
                  .stem = std::string(StemOfPath(source.path)),
                  .rendition = view->RenditionOf(shape, source.format),
                  .profile = view->ProfileFor(source.path)};
  std::string what(NameOf(shape));
  if (source.shares_inode) absl::StrAppend(&what, " ", source.path);
  version.ino = InoOf(view->id(), what, source.st);
  return version;
}

std::shared_ptr<Node> MakeComicNode(const std::shared_ptr<Services>& services,
                                    const ComicVersion& version, const std::string& path) {
  const uint64_t node = NodeOf(version, version.ino);
  if (version.shape == Shape::kFolder) {
    return std::make_shared<ComicFolder>(services, node, version.ino, version, "", path);
  }
  return std::make_shared<ComicFile>(services, node, version.ino, version, PartOf(version.shape),
                                     path);
}

std::optional<absl::StatusOr<struct stat>> ComicAttr(
    Services& services, const ComicVersion& version, const struct stat& source,
    const std::shared_ptr<const KnownDocument>& known) {
  const struct stat changed = WithTimesOf(source, version.book.source.sidecar);
  if (version.shape == Shape::kFolder) return FolderAttr(*version.view, changed, version.ino);
  if (known == nullptr) return std::nullopt;
  auto bytes = services.books->BytesOf(version.book, PartOf(version.shape), known);
  if (!bytes.ok()) return bytes.status();
  return ShownAttr(version.view->since_ns(), changed, version.ino, *bytes);
}

void ComicFile::GetAttr(AttrDone done) {
  const std::string where = path();
  auto st = StatVersion(*services().library, where, version_);
  if (!st.ok()) return done(latest_.AttrOfGone(st, where));
  services().books->GetBytes(
      where, version_.book, part_, Priority::kStat,
      [self = shared_from_this(), st = *st,
       done = std::move(done)](absl::StatusOr<uint64_t> bytes) mutable {
        if (!bytes.ok()) return done(Gone(bytes.status()));
        done(ShownAttr(self->view().since_ns(), st, self->stat_ino_, *bytes));
      });
}

void ComicFile::Open(OpenDone done) {
  const std::string where = path();
  SourceKey key;
  auto file = services().library->OpenFile(where, &key, version_.book.source.format);
  if (!file.ok()) return done(OpenFailed(services(), where, file.status()));
  const DocumentRef& source = version_.book.source;
  if (key != source.key || !IsCurrent(*services().library, where, source.sidecar)) {
    return done(ErrnoStatus(ESTALE, where));
  }
  services().books->Get(where, version_.book, Priority::kStat,
                        [self = shared_from_this(), where, file = *std::move(file),
                         done = std::move(done)](absl::StatusOr<Books::Pointer> book) mutable {
                          if (!book.ok()) return done(Gone(book.status()));
                          done(self->MakeFile(where, std::move(file), *std::move(book)));
                        });
}

absl::StatusOr<std::shared_ptr<OpenFile>> ComicFile::MakeFile(
    const std::string& where, std::shared_ptr<const SourceFile> file,
    std::shared_ptr<const Book> book) {
  struct stat st;
  if (fstat(file->fd(), &st) != 0) return ErrnoStatus(errno, where);
  st = WithTimesOf(st, version_.book.source.sidecar);
  const uint64_t bytes = book->BytesOf(part_);
  PageStore* const pages = services().pages.get();
  const bool keep = pages->MayBeKept(*book);
  std::shared_ptr<OpenFile> open;
  if (book->layout() == nullptr) {
    open = std::make_shared<EntryFile>(HoldOpen(where, std::move(file), std::move(book)),
                                       part_.page, pages, shared_services());
  } else {
    const Extent extent = book->ExtentOf(part_);
    // Whoever reads a picture by itself wants no other.
    const uint32_t pages_ahead = part_.kind == BookPart::Kind::kWhole ? services().read_ahead : 0;
    auto ahead = ahead_ != nullptr ? ahead_ : std::make_shared<ReadAhead>(pages, pages_ahead);
    open = std::make_shared<BookFile>(HoldOpen(where, std::move(file), std::move(book)), extent,
                                      pages, std::move(ahead), shared_services());
  }
  // What the kernel has cached of this node is of this version.
  open->keep_cache = keep;
  latest_.Set(open, ShownAttr(view().since_ns(), st, stat_ino_, bytes));
  return open;
}

ComicFolder::ComicFolder(std::shared_ptr<Services> services, uint64_t node, uint64_t stat_ino,
                         const ComicVersion& version, std::string inside, std::string path)
    : SourceNode(services, version.view, node, std::move(path)),
      version_(version),
      inside_(std::move(inside)),
      stat_ino_(stat_ino),
      ahead_(std::make_shared<ReadAhead>(services->pages.get(), services->read_ahead)) {}

void ComicFolder::GetAttr(AttrDone done) {
  const std::string where = path();
  auto st = StatVersion(*services().library, where, version_);
  if (!st.ok()) return done(st.status());
  done(FolderAttr(view(), *st, stat_ino_));
}

void ComicFolder::WithBook(Priority priority, Ready ready,
                           absl::AnyInvocable<void(absl::Status)> failed) {
  const std::string where = path();
  auto st = StatVersion(*services().library, where, version_);
  if (!st.ok()) return failed(st.status());
  services().books->Get(where, version_.book, priority,
                        [self = shared_from_this(), st = *st, ready = std::move(ready),
                         failed = std::move(failed)](absl::StatusOr<Books::Pointer> book) mutable {
                          if (!book.ok()) return failed(Gone(book.status()));
                          ready(st, *std::move(book));
                        });
}

Found ComicFolder::FoundOf(const BookTree::Child& child, const struct stat& source,
                           const Book& book) {
  Found found;
  if (child.is_folder) {
    std::string inside = inside_.empty() ? child.name : absl::StrCat(inside_, "/", child.name);
    const uint64_t ino = InoInside(version_, absl::StrCat("folder ", inside));
    found.attr = FolderAttr(view(), source, ino);
    found.node = std::make_shared<ComicFolder>(shared_services(), NodeOf(version_, ino), ino,
                                               version_, std::move(inside), path());
    return found;
  }
  const uint64_t ino = InoInside(version_, NameOf(child.part));
  found.attr = ShownAttr(view().since_ns(), source, ino, book.BytesOf(child.part));
  found.node = std::make_shared<ComicFile>(shared_services(), NodeOf(version_, ino), ino, version_,
                                           child.part, path(), ahead_);
  return found;
}

void ComicFolder::Lookup(std::string_view name, LookupDone done) {
  if (name.size() > NAME_MAX) return done(ErrnoStatus(ENAMETOOLONG, path()));
  auto shared = std::make_shared<LookupDone>(std::move(done));
  WithBook(
      Priority::kStat,
      [this, shared, name = std::string(name)](const struct stat& source,
                                               const Books::Pointer& book) {
        const Books::Tree tree = services().books->TreeOf(book);
        const BookTree::Child* const child = tree->Find(inside_, name);
        if (child == nullptr)
          return (*shared)(ErrnoStatus(ENOENT, absl::StrCat(path(), "/", name)));
        (*shared)(FoundOf(*child, source, *book));
      },
      [shared](const absl::Status& failure) { (*shared)(failure); });
}

void ComicFolder::List(bool plus, ListDone done) {
  auto shared = std::make_shared<ListDone>(std::move(done));
  WithBook(
      Priority::kStat,
      [this, shared, plus](const struct stat& source, const Books::Pointer& book) {
        auto listing = std::make_shared<Listing>();
        const Books::Tree tree = services().books->TreeOf(book);
        const std::vector<BookTree::Child>* const children = tree->List(inside_);
        if (children == nullptr) return (*shared)(ErrnoStatus(ESTALE, path()));
        listing->entries.reserve(children->size());
        for (const BookTree::Child& child : *children) {
          Found found = FoundOf(child, source, *book);
          DirEntry entry{.name = child.name,
                         .ino = found.attr.st_ino,
                         .type = child.is_folder ? static_cast<mode_t>(S_IFDIR) : S_IFREG};
          if (plus) {
            entry.node = std::move(found.node);
            entry.attr = found.attr;
          }
          listing->entries.push_back(std::move(entry));
        }
        (*shared)(std::shared_ptr<const Listing>(std::move(listing)));
      },
      [shared](const absl::Status& failure) { (*shared)(failure); });
}

}  // namespace cbzfs
