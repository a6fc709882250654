#include "fs/core/source_folder.h"

#include <errno.h>
#include <limits.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "fs/core/comic_node.h"
#include "fs/core/errno_status.h"

namespace cbzfs {
namespace {

constexpr int kAttempts = 3;

// Each holds a file open, and a folder may have more PDFs than a process may have descriptors.
constexpr size_t kProbesAtOnce = 64;

// A folder changed this shortly before it was read may change again within the same tick of the
// file system's clock, and its mtime would not tell.
constexpr absl::Duration kClockTick = absl::Milliseconds(50);

}  // namespace

// Asks about every PDF that is not known yet, then puts the listing together.
class SourceFolder::Lister : public std::enable_shared_from_this<SourceFolder::Lister> {
 public:
  Lister(std::shared_ptr<SourceFolder> folder, std::shared_ptr<const Names> names, bool plus,
         ListDone done)
      : folder_(std::move(folder)), names_(std::move(names)), plus_(plus), done_(std::move(done)) {}

  void Start() {
    Documents& documents = *folder_->services().documents;
    for (const NameMap::Entry& entry : names_->map.entries()) {
      if (!entry.candidate()) continue;
      auto comic = folder_->ComicCandidate(entry);
      if (comic.ok() && !documents.Find(comic->path, folder_->view().RefOf(*comic)).has_value()) {
        probes_.push_back(*std::move(comic));
      }
    }
    Pump();
  }

 private:
  // Keeps some probes under way. An answer may come from inside, so whoever pumps goes on in a loop
  // and nobody pumps inside it: a folder of any size takes the same stack.
  void Pump() {
    mu_.Lock();
    if (pumping_) {
      mu_.Unlock();
      return;
    }
    pumping_ = true;
    while (next_ < probes_.size() && under_way_ < kProbesAtOnce) {
      const SourceEntry& comic = probes_[next_++];
      ++under_way_;
      mu_.Unlock();
      // The answer is remembered by Documents, where Finish() finds it.
      folder_->services().documents->Probe(
          comic.path, folder_->view().RefOf(comic), Priority::kListing,
          [self = shared_from_this()](const absl::Status&) { self->Answered(); });
      mu_.Lock();
    }
    pumping_ = false;
    const bool last = next_ == probes_.size() && under_way_ == 0 && !finished_;
    finished_ = finished_ || last;
    mu_.Unlock();
    if (last) Finish();
  }

  void Answered() {
    {
      absl::MutexLock lock(&mu_);
      --under_way_;
    }
    Pump();
  }

  void Finish() {
    auto listing = std::make_shared<Listing>();
    listing->entries.reserve(names_->map.entries().size());
    for (const NameMap::Entry& entry : names_->map.entries()) {
      if (!AddComic(entry, *listing)) AddPlain(entry.source, *listing);
    }
    {
      absl::MutexLock lock(&folder_->mu_);
      folder_->unknown_ = std::move(unknown_);
    }
    done_(std::shared_ptr<const Listing>(std::move(listing)));
  }

  // False: the entry is no comic, or one that does not open.
  bool AddComic(const NameMap::Entry& entry, Listing& listing) {
    if (!entry.candidate()) return false;
    Services& services = folder_->services();
    auto comic = folder_->ComicCandidate(entry);
    if (!comic.ok()) return false;
    const auto known = services.documents->Find(comic->path, folder_->view().RefOf(*comic));
    if (known.has_value() && !known->ok()) return false;
    const Documents::Pointer table = known.has_value() ? **known : nullptr;
    bool wants_table = false;
    for (const NameMap::Shown& shown : entry.shown) {
      const ComicVersion version = VersionOf(&folder_->view(), *comic, shown.shape);
      DirEntry listed{
          .name = shown.name,
          .ino = version.ino,
          .type = shown.shape == Shape::kFolder ? static_cast<mode_t>(S_IFDIR) : S_IFREG};
      auto attr = ComicAttr(services, version, comic->st, table);
      // A comic that its shape cannot be made of: a page of 4 GiB, say.
      if (attr.has_value() && !attr->ok()) continue;
      wants_table = wants_table || !attr.has_value();
      if (attr.has_value() && plus_) {
        listed.node = MakeComicNode(folder_->shared_services(), version, comic->path);
        listed.attr = **attr;
      }
      listing.entries.push_back(std::move(listed));
    }
    if (wants_table) unknown_.push_back(*std::move(comic));
    return true;
  }

  void AddPlain(const SourceName& source, Listing& listing) {
    auto found = folder_->FindPlain(source);
    if (!found.ok()) return;  // it went away meanwhile
    DirEntry shown;
    shown.name = source.name;
    shown.ino = found->attr.st_ino;
    shown.type = found->attr.st_mode & S_IFMT;
    shown.node = std::move(found->node);
    shown.attr = found->attr;
    listing.entries.push_back(std::move(shown));
  }

  const std::shared_ptr<SourceFolder> folder_;
  const std::shared_ptr<const Names> names_;
  const bool plus_;
  ListDone done_;
  std::vector<SourceEntry> probes_;  // filled before the first Pump()
  std::deque<SourceEntry> unknown_;  // filled by Finish()
  absl::Mutex mu_;
  size_t next_ ABSL_GUARDED_BY(mu_) = 0;
  size_t under_way_ ABSL_GUARDED_BY(mu_) = 0;
  bool pumping_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
};

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

absl::StatusOr<struct stat> SourceFolder::StatWatched(const std::string& path) const {
  auto st = services().library->Stat(path);
  if (!st.ok() || !S_ISDIR(st->st_mode) || services().watch == nullptr) return st;
  if (!services().watch->Watch(path, *st)) return st;
  // What changed before there was a watch was told to nobody.
  return services().library->Stat(path);
}

void SourceFolder::GetAttr(AttrDone done) {
  auto st = StatWatched(path());
  if (!st.ok()) return done(st.status());
  if (!S_ISDIR(st->st_mode)) return done(ErrnoStatus(ESTALE, path()));
  done(ShownAttr(view().since_ns(), *st, ino(), static_cast<uint64_t>(st->st_size)));
}

absl::StatusOr<std::shared_ptr<const SourceFolder::Names>> SourceFolder::ReadNames() {
  auto st = StatWatched(path());
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
  auto names = std::make_shared<const Names>(
      Names{KeyOf(folder->st), now,
            NameMap(
                std::move(folder->names),
                [this](SourceFormat format) { return view().WishesFor(format); },
                services().options.show_hidden)});
  absl::MutexLock lock(&mu_);
  names_ = names;
  return names;
}

absl::StatusOr<SourceEntry> SourceFolder::ComicCandidate(const NameMap::Entry& named) {
  const SourceName& source = named.source;
  SourceEntry entry{.path = Join(source.name), .format = named.format};
  auto st = S_ISLNK(source.type) ? services().library->StatFile(entry.path)
                                 : services().library->Stat(entry.path);
  if (!st.ok()) return st.status();
  if (!S_ISREG(st->st_mode)) return ErrnoStatus(EINVAL, entry.path);
  entry.st = *st;
  // Two names of one file make two different books, as the title may come from the name.
  entry.shares_inode = S_ISLNK(source.type) || st->st_nlink > 1;
  return entry;
}

absl::StatusOr<Found> SourceFolder::FindPlain(const SourceName& source) {
  const std::string path = Join(source.name);
  auto st = StatWatched(path);
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
  auto names = ReadNames();
  if (!names.ok()) return done(names.status());
  if (const auto match = (*names)->map.FindShown(name)) {
    return LookupShown(*match, std::move(done));
  }
  const NameMap::Entry* entry = (*names)->map.FindSource(name);
  if (entry == nullptr) return done(ErrnoStatus(ENOENT, Join(name)));
  if (!entry->candidate()) return done(FindPlain(entry->source));
  LookupCandidateItself(*entry, std::move(done));
}

void SourceFolder::LookupShown(const NameMap::Match& match, LookupDone done) {
  auto comic = ComicCandidate(*match.entry);
  Wanted wanted{match.entry->source, *match.shown};
  if (comic.ok()) {
    if (wanted.shown.shape != Shape::kFolder) AnalyseNext(comic->path);
    return LookupComic(wanted, *std::move(comic), kAttempts, std::move(done));
  }
  if (wanted.shown.name == wanted.source.name) return done(FindPlain(wanted.source));
  done(ErrnoStatus(ENOENT, Join(wanted.shown.name)));
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

void SourceFolder::LookupCandidateItself(const NameMap::Entry& entry, LookupDone done) {
  auto comic = ComicCandidate(entry);
  if (!comic.ok()) return done(FindPlain(entry.source));
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

void SourceFolder::List(bool plus, ListDone done) {
  auto names = ReadNames();
  if (!names.ok()) return done(names.status());
  auto self = shared_from_this();
  std::make_shared<Lister>(std::move(self), *std::move(names), plus, std::move(done))->Start();
}

}  // namespace cbzfs
