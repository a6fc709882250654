#include "fs/core/folder_book.h"

#include <errno.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "fs/core/book_file.h"
#include "fs/core/errno_status.h"
#include "fs/core/folder_archive.h"
#include "fs/core/read_ahead.h"

namespace cbzfs {
namespace {

BookPart PartOf(Shape shape) {
  return {.kind = shape == Shape::kBook ? BookPart::Kind::kWhole : BookPart::Kind::kPage};
}

bool IsAsItIs(const View& view, Shape shape) {
  return view.RenditionOf(shape, SourceFormat::kFolder) == Rendition::kPlain;
}

Book::Identity IdentityOf(const View& view, Shape shape, const FolderVersion& folder) {
  return {.source = {.key = folder.key,
                     .format = SourceFormat::kFolder,
                     .enhanced = view.WantsSlots(),
                     .sidecar = nullptr},
          .stem = folder.name,
          .rendition = view.RenditionOf(shape, SourceFormat::kFolder),
          .profile = view.ProfileFor(folder.path)};
}

struct stat AttrOf(const View& view, Shape shape, const FolderVersion& folder, uint64_t bytes) {
  return ShownAttr(view.since_ns(), folder.st, InoOfFolderBook(view, shape, folder), bytes);
}

// ESTALE for a name that is gone: the kernel looks it up again.
absl::Status Gone(const absl::Status& failure, const std::string& path) {
  if (absl::IsCancelled(failure) || absl::IsUnavailable(failure)) return failure;
  return ErrnoStatus(ESTALE, path);
}

}  // namespace

absl::StatusOr<FolderVersion::Pointer> ReadFolder(Services& services, const View& view,
                                                  const std::string& path) {
  return services.folders->reader().Read(
      path, [&view](std::string_view file) { return view.Hides(file); });
}

uint64_t InoOfFolderBook(const View& view, Shape shape, const FolderVersion& folder) {
  return InoOf(view.id(), shape == Shape::kBook ? "book of folder" : "cover of folder", folder.st);
}

FolderBook::FolderBook(std::shared_ptr<Services> services, const View* view, Shape shape,
                       const FolderVersion& folder)
    : SourceNode(std::move(services), view,
                 InoOf(view->id(),
                       absl::StrCat("version ", HashOf(folder.key), " of book ",
                                    InoOfFolderBook(*view, shape, folder)),
                       folder.st),
                 folder.path),
      shape_(shape),
      part_(PartOf(shape)),
      key_(folder.key),
      stat_ino_(InoOfFolderBook(*view, shape, folder)) {}

std::optional<absl::StatusOr<Found>> FindFolderBook(const std::shared_ptr<Services>& services,
                                                    const View* view, Shape shape,
                                                    const FolderVersion::Pointer& folder) {
  absl::StatusOr<uint64_t> bytes = 0;
  if (IsAsItIs(*view, shape)) {
    bytes = services->folders->BytesOf(*folder);
  } else {
    auto known = services->folders->Find(*folder, view->WantsSlots());
    if (known == nullptr) return std::nullopt;
    bytes = services->books->BytesOf(IdentityOf(*view, shape, *folder), PartOf(shape),
                                     std::move(known));
  }
  if (!bytes.ok()) return bytes.status();
  return Found{.node = std::make_shared<FolderBook>(services, view, shape, *folder),
               .attr = AttrOf(*view, shape, *folder, *bytes)};
}

void GetFolderBook(const std::shared_ptr<Services>& services, const View* view, Shape shape,
                   const FolderVersion::Pointer& folder, Node::LookupDone done) {
  if (auto found = FindFolderBook(services, view, shape, folder)) return done(*std::move(found));
  services->folders->Get(
      folder, view->WantsSlots(), Priority::kStat,
      [services, view, shape, folder,
       done = std::move(done)](absl::StatusOr<FolderComics::Pointer> known) mutable {
        if (!known.ok()) return done(known.status());
        auto bytes = services->books->BytesOf(IdentityOf(*view, shape, *folder), PartOf(shape),
                                              *std::move(known));
        if (!bytes.ok()) return done(bytes.status());
        done(Found{.node = std::make_shared<FolderBook>(services, view, shape, *folder),
                   .attr = AttrOf(*view, shape, *folder, *bytes)});
      });
}

void FolderBook::GetAttr(AttrDone done) {
  const std::string where = path();
  auto folder = ReadFolder(services(), view(), where);
  if (!folder.ok()) return done(latest_.AttrOfGone(folder.status(), where));
  if ((*folder)->key != key_) return done(latest_.AttrOfGone((*folder)->st, where));
  GetFolderBook(shared_services(), &view(), shape_, *folder,
                [where, done = std::move(done)](absl::StatusOr<Found> found) mutable {
                  if (!found.ok()) return done(Gone(found.status(), where));
                  done(found->attr);
                });
}

void FolderBook::Open(OpenDone done) {
  const std::string where = path();
  auto folder = ReadFolder(services(), view(), where);
  if (!folder.ok()) return done(OpenFailed(services(), where, folder.status()));
  if ((*folder)->key != key_) return done(ErrnoStatus(ESTALE, where));
  if (IsAsItIs(view(), shape_)) return done(OpenAsItIs(*folder));
  services().folders->Get(
      *folder, view().WantsSlots(), Priority::kStat,
      [self = shared_from_this(), folder = *folder, where,
       done = std::move(done)](absl::StatusOr<FolderComics::Pointer> known) mutable {
        if (!known.ok()) return done(Gone(known.status(), where));
        done(self->OpenMade(folder, *std::move(known)));
      });
}

absl::StatusOr<std::shared_ptr<OpenFile>> FolderBook::OpenAsItIs(
    const FolderVersion::Pointer& folder) {
  auto open = FolderArchive::Create(services().folders->FilesOf(folder, /*as_they_are=*/true),
                                    services().crcs.get(), shared_services());
  if (!open.ok()) return open.status();
  latest_.Set(*open, AttrOf(view(), shape_, *folder, (*open)->size()));
  return open;
}

absl::StatusOr<std::shared_ptr<OpenFile>> FolderBook::OpenMade(
    const FolderVersion::Pointer& folder, std::shared_ptr<const KnownDocument> known) {
  auto book = services().books->Make(IdentityOf(view(), shape_, *folder), std::move(known));
  if (!book.ok()) return book.status();
  PageStore* const pages = services().pages.get();
  const bool keep = pages->MayBeKept(**book);
  // Whoever reads a cover wants no other page.
  const uint32_t pages_ahead = shape_ == Shape::kBook ? services().read_ahead : 0;
  const Extent extent = (*book)->ExtentOf(part_);
  auto open = std::make_shared<BookFile>(
      HoldOpen(services().folders->FilesOf(folder, /*as_they_are=*/false), *book), extent, pages,
      std::make_shared<ReadAhead>(pages, pages_ahead), shared_services());
  // What the kernel has cached of this node is of this version.
  open->keep_cache = keep;
  latest_.Set(open, AttrOf(view(), shape_, *folder, extent.bytes));
  return open;
}

}  // namespace cbzfs
