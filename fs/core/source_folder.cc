#include "fs/core/source_folder.h"

#include <errno.h>
#include <limits.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "fs/core/comic_node.h"
#include "fs/core/errno_status.h"
#include "fs/core/folder_book.h"

namespace cbzfs {
namespace {

constexpr int kAttempts = 3;

// A folder changed this shortly before it was read may change again within the same tick of the
// file system's clock, and its mtime would not tell.
constexpr absl::Duration kClockTick = absl::Milliseconds(50);

}  // namespace

std::string SourceFolder::Join(std::string_view name) const {
  std::string joined = path();
  if (!joined.empty()) joined += '/';
  joined += name;
  return joined;
}

void SourceFolder::SourceChanged() {
  absl::MutexLock lock(&mu_);
  names_ = nullptr;
}

absl::StatusOr<struct stat> SourceFolder::StatWatched(const HeldFolder& here) const {
  auto st = here.Stat();
  if (!st.ok() || services().watch == nullptr || !services().watch->Watch(path(), *st)) return st;
  // What changed before there was a watch was told to nobody.
  return here.Stat();
}

absl::StatusOr<struct stat> SourceFolder::StatEntryWatched(const HeldFolder& here,
                                                           const std::string& name) const {
  auto st = here.StatEntry(name);
  if (!st.ok() || !S_ISDIR(st->st_mode) || services().watch == nullptr) return st;
  if (!services().watch->Watch(Join(name), *st)) return st;
  return here.StatEntry(name);
}

void SourceFolder::GetAttr(AttrDone done) {
  auto here = services().library->Hold(path());
  if (!here.ok()) {
    const bool no_folder = ErrnoOf(here.status()) == ENOTDIR || ErrnoOf(here.status()) == ELOOP;
    return done(no_folder ? ErrnoStatus(ESTALE, path()) : here.status());
  }
  auto st = StatWatched(*here);
  if (!st.ok()) return done(st.status());
  done(ShownAttr(view().since_ns(), *st, ino(), static_cast<uint64_t>(st->st_size)));
}

absl::StatusOr<std::shared_ptr<const SourceFolder::Names>> SourceFolder::ReadNames(
    const HeldFolder& here) {
  auto st = StatWatched(here);
  if (!st.ok()) return st.status();
  {
    absl::MutexLock lock(&mu_);
    if (names_ != nullptr && names_->key == KeyOf(*st)) {
      const auto changed = absl::TimeFromTimespec(st->st_mtim);
      if (names_->read_at - changed > kClockTick || absl::Now() - names_->read_at < kClockTick) {
        return names_;
      }
    }
  }
  const absl::Time now = absl::Now();
  auto folder = services().library->List(path());
  if (!folder.ok()) return folder.status();
  std::erase_if(folder->names,
                [this](const SourceName& name) { return view().Hides(Join(name.name)); });
  auto names = std::make_shared<const Names>(
      Names{KeyOf(folder->st), now,
            NameMap(
                std::move(folder->names),
                [this](SourceFormat format) { return view().WishesFor(format); },
                services().options.show_hidden, view().WishForFolder())});
  absl::MutexLock lock(&mu_);
  names_ = names;
  return names;
}

absl::StatusOr<SourceEntry> SourceFolder::ComicCandidate(const HeldFolder& here,
                                                         const NameMap::Entry& named) {
  const SourceName& source = named.source;
  SourceEntry entry{.path = Join(source.name), .format = named.format};
  auto st =
      S_ISLNK(source.type) ? services().library->StatFile(entry.path) : here.StatEntry(source.name);
  if (!st.ok()) return st.status();
  if (!S_ISREG(st->st_mode)) return ErrnoStatus(EINVAL, entry.path);
  entry.st = *st;
  // Two names of one file make two different books, as the title may come from the name.
  entry.shares_inode = S_ISLNK(source.type) || st->st_nlink > 1;
  entry.sidecar = FindSidecar(*services().library, entry.path, named.sidecar);
  return entry;
}

absl::StatusOr<Found> SourceFolder::FindPlain(const SourceName& source) {
  auto here = services().library->Hold(path());
  if (!here.ok()) return here.status();
  return FindPlain(*here, source);
}

absl::StatusOr<Found> SourceFolder::FindPlain(const HeldFolder& here, const SourceName& source) {
  const std::string path = Join(source.name);
  auto st = StatEntryWatched(here, source.name);
  if (!st.ok()) return st.status();
  if (!view().ShowsAsItIs(st->st_mode)) return ErrnoStatus(ENOENT, path);
  const View* const shown_in = &view();
  Found found;
  uint64_t ino = 0;
  if (S_ISDIR(st->st_mode)) {
    ino = InoOf(view().id(), kFolderIno, *st);
    found.node = std::make_shared<SourceFolder>(shared_services(), shown_in, ino, path);
  } else if (S_ISLNK(st->st_mode)) {
    ino = InoOf(view().id(), "link", *st);
    found.node = std::make_shared<PlainLink>(shared_services(), shown_in, ino, path);
  } else if (S_ISREG(st->st_mode)) {
    auto file = std::make_shared<PlainFile>(shared_services(), shown_in, *st, path);
    ino = file->stat_ino();
    found.node = std::move(file);
  } else {
    return ErrnoStatus(ENOENT, path);
  }
  found.attr = ShownAttr(view().since_ns(), *st, ino, static_cast<uint64_t>(st->st_size));
  return found;
}

void SourceFolder::Lookup(std::string_view name, LookupDone done) {
  if (name.size() > NAME_MAX) return done(ErrnoStatus(ENAMETOOLONG, path()));
  auto here = services().library->Hold(path());
  if (!here.ok()) return done(here.status());
  auto names = ReadNames(*here);
  if (!names.ok()) return done(names.status());
  if (const auto match = (*names)->map.FindShown(name)) {
    return LookupShown(*here, *match, std::move(done));
  }
  if (const NameMap::Entry* const folder = (*names)->map.FindFolderBook(name)) {
    return LookupFolderBook(*folder, kAttempts, std::move(done));
  }
  const NameMap::Entry* entry = (*names)->map.FindSource(name);
  if (entry == nullptr) return done(ErrnoStatus(ENOENT, Join(name)));
  if (!entry->candidate()) return done(FindPlain(*here, entry->source));
  LookupCandidateItself(*here, *entry, std::move(done));
}

void SourceFolder::LookupShown(const HeldFolder& here, const NameMap::Match& match,
                               LookupDone done) {
  auto comic = ComicCandidate(here, *match.entry);
  Wanted wanted{match.entry->source, *match.shown};
  if (comic.ok()) {
    if (wanted.shown.shape != Shape::kFolder) AnalyseNext(comic->path);
    return LookupComic(wanted, *std::move(comic), kAttempts, std::move(done));
  }
  if (wanted.shown.name == wanted.source.name) return done(FindPlain(here, wanted.source));
  done(ErrnoStatus(ENOENT, Join(wanted.shown.name)));
}

absl::StatusOr<FolderVersion::Pointer> SourceFolder::ReadFolderWatched(const HeldFolder& here,
                                                                       const std::string& name) {
  const std::string folder = Join(name);
  if (services().watch != nullptr) {
    auto parent = here.Stat();
    auto st = StatEntryWatched(here, name);
    if (parent.ok() && st.ok()) services().watch->TellParent(*st, *parent, name);
  }
  return ReadFolder(services(), view(), folder);
}

void SourceFolder::LookupFolderBook(const NameMap::Entry& entry, int attempts, LookupDone done) {
  const std::string shown = Join(entry.book->name);
  auto here = services().library->Hold(path());
  if (!here.ok()) return done(here.status());
  auto folder = ReadFolderWatched(*here, entry.source.name);
  if (!folder.ok()) return done(ErrnoStatus(ENOENT, shown));
  GetFolderBook(shared_services(), &view(), entry.book->shape, *folder,
                [self = shared_from_this(), entry, attempts, shown,
                 done = std::move(done)](absl::StatusOr<Found> found) mutable {
                  if (absl::IsAborted(found.status()) && attempts > 1) {
                    return self->LookupFolderBook(entry, attempts - 1, std::move(done));
                  }
                  if (found.ok() || absl::IsCancelled(found.status())) {
                    return done(std::move(found));
                  }
                  // It cannot be made: no image in it is one, say.
                  done(ErrnoStatus(ENOENT, shown));
                });
}

void SourceFolder::LookupComic(const Wanted& wanted, SourceEntry comic, int attempts,
                               LookupDone done) {
  const ComicVersion version = VersionOf(&view(), comic, wanted.shown.shape);
  // A folder is there when the file opens; the size of a file wants its table.
  const bool opens_is_enough = wanted.shown.shape == Shape::kFolder;
  auto answer = [self = shared_from_this(), wanted, version, attempts, comic,
                 done = std::move(done)](const absl::Status& failure,
                                         const Documents::Pointer& known) mutable {
    if (absl::IsAborted(failure) && attempts > 1) {
      const std::string path = comic.path;
      auto st = self->services().library->StatFile(path);
      if (!st.ok()) return done(st.status());
      comic.st = *st;
      return self->LookupComic(wanted, std::move(comic), attempts - 1, std::move(done));
    }
    if (absl::IsCancelled(failure)) return done(failure);
    if (!failure.ok()) {
      // It shows under its own name instead, which may be the very one.
      if (wanted.shown.name == wanted.source.name) return done(self->FindPlain(wanted.source));
      return done(ErrnoStatus(ENOENT, comic.path));
    }
    auto attr = ComicAttr(self->services(), version, comic.st, known);
    if (!attr.has_value()) return done(ErrnoStatus(EIO, comic.path));
    if (!attr->ok()) return done(attr->status());
    done(Found{MakeComicNode(self->shared_services(), version, comic.path), **attr});
  };
  const DocumentRef ref = version.book.source;
  if (opens_is_enough) {
    services().documents->Probe(comic.path, ref, Priority::kStat,
                                [answer = std::move(answer)](const absl::Status& opens) mutable {
                                  answer(opens, nullptr);
                                });
    return;
  }
  services().documents->Get(
      comic.path, ref, Priority::kStat,
      [answer = std::move(answer)](absl::StatusOr<Documents::Pointer> known) mutable {
        answer(known.status(), known.ok() ? *known : nullptr);
      });
}

void SourceFolder::LookupCandidateItself(const HeldFolder& here, const NameMap::Entry& entry,
                                         LookupDone done) {
  auto comic = ComicCandidate(here, entry);
  if (!comic.ok()) return done(FindPlain(here, entry.source));
  services().documents->Probe(comic->path, view().RefOf(*comic), Priority::kStat,
                              [self = shared_from_this(), source = entry.source,
                               done = std::move(done)](const absl::Status& opens) mutable {
                                if (absl::IsCancelled(opens)) return done(opens);
                                if (opens.ok())
                                  return done(ErrnoStatus(ENOENT, self->Join(source.name)));
                                done(self->FindPlain(source));
                              });
}

void SourceFolder::AnalyseNext(const std::string& path) {
  const size_t workers = std::max<size_t>(1, services().pool->stats().alive);
  std::vector<SourceEntry> next;
  {
    absl::MutexLock lock(&mu_);
    if (unknown_.empty()) return;
    size_t take = 1;
    auto here = std::find_if(unknown_.begin(), unknown_.end(),
                             [&](const SourceEntry& entry) { return entry.path == path; });
    if (here != unknown_.end()) {
      unknown_.erase(unknown_.begin(), std::next(here));
      take = 2 * workers;
    }
    for (; take > 0 && !unknown_.empty(); --take) {
      next.push_back(std::move(unknown_.front()));
      unknown_.pop_front();
    }
  }
  for (const SourceEntry& entry : next) {
    services().documents->Get(entry.path, view().RefOf(entry), Priority::kListing,
                              [](const absl::StatusOr<Documents::Pointer>&) {});
  }
}

}  // namespace cbzfs
