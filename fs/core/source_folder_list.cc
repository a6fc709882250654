// The listing of a folder of the library.

#include <algorithm>
#include <optional>
#include <utility>

#include "fs/core/comic_node.h"
#include "fs/core/folder_book.h"
#include "fs/core/source_folder.h"

namespace cbzfs {
namespace {

// Each holds a file open, and a folder may have more PDFs than a process may have descriptors.
constexpr size_t kProbesAtOnce = 64;

}  // namespace

// Asks about every PDF that is not known yet, then puts the listing together.
class SourceFolder::Lister : public std::enable_shared_from_this<SourceFolder::Lister> {
 public:
  Lister(std::shared_ptr<SourceFolder> folder, std::shared_ptr<const Names> names, bool plus,
         ListDone done)
      : folder_(std::move(folder)), names_(std::move(names)), plus_(plus), done_(std::move(done)) {}

  void Start(const HeldFolder& here) {
    Look(here);
    for (const Looked& looked : looked_) {
      if (looked.comic.has_value() && !looked.known.has_value()) probes_.push_back(*looked.comic);
    }
    if (probes_.empty()) return Finish(here);  // nothing has happened since
    looked_.clear();
    Pump();
  }

 private:
  // An entry of the folder as it is now.
  struct Looked {
    std::optional<SourceEntry> comic;                         // of a candidate whose file is there
    std::optional<absl::StatusOr<Documents::Pointer>> known;  // as Documents::Find()
  };

  // At all entries.
  void Look(const HeldFolder& here) {
    Documents& documents = *folder_->services().documents;
    const auto finding = documents.FindMany();
    looked_.clear();
    looked_.reserve(names_->map.entries().size());
    for (const NameMap::Entry& entry : names_->map.entries()) {
      Looked& looked = looked_.emplace_back();
      if (!entry.candidate()) continue;
      auto comic = folder_->ComicCandidate(here, entry);
      if (!comic.ok()) continue;
      looked.comic = *std::move(comic);
      looked.known = documents.Find(looked.comic->path, folder_->view().RefOf(*looked.comic));
    }
  }

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
    if (last) LookAgain();
  }

  void Answered() {
    {
      absl::MutexLock lock(&mu_);
      --under_way_;
    }
    Pump();
  }

  // The answers took their time, and files may have changed meanwhile.
  void LookAgain() {
    auto here = folder_->services().library->Hold(folder_->path());
    if (!here.ok()) return done_(here.status());
    Look(*here);
    Finish(*here);
  }

  void Finish(const HeldFolder& here) {
    auto listing = std::make_shared<Listing>();
    listing->entries.reserve(names_->map.entries().size());
    for (size_t i = 0; i < looked_.size(); ++i) {
      const NameMap::Entry& entry = names_->map.entries()[i];
      if (!AddComic(entry, looked_[i], *listing)) AddPlain(here, entry.source, *listing);
      if (entry.book.has_value()) AddFolderBook(here, entry, *listing);
    }
    {
      absl::MutexLock lock(&folder_->mu_);
      folder_->unknown_ = std::move(unknown_);
    }
    done_(std::shared_ptr<const Listing>(std::move(listing)));
  }

  // False: the entry is no comic, or one that does not open.
  bool AddComic(const NameMap::Entry& entry, const Looked& looked, Listing& listing) {
    if (!looked.comic.has_value()) return false;
    Services& services = folder_->services();
    const auto& [comic, known] = looked;
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
    if (wants_table) unknown_.push_back(*comic);
    return true;
  }

  void AddPlain(const HeldFolder& here, const SourceName& source, Listing& listing) {
    auto found = folder_->FindPlain(here, source);
    if (!found.ok()) return;  // it went away meanwhile
    DirEntry shown;
    shown.name = source.name;
    shown.ino = found->attr.st_ino;
    shown.type = found->attr.st_mode & S_IFMT;
    shown.node = std::move(found->node);
    shown.attr = found->attr;
    listing.entries.push_back(std::move(shown));
  }

  void AddFolderBook(const HeldFolder& here, const NameMap::Entry& entry, Listing& listing) {
    const View* const view = &folder_->view();
    auto folder = folder_->ReadFolderWatched(here, entry.source.name);
    if (!folder.ok()) return;
    auto found = FindFolderBook(folder_->shared_services(), view, entry.book->shape, *folder);
    if (found.has_value() && !found->ok()) return;
    DirEntry shown{.name = entry.book->name,
                   .ino = InoOfFolderBook(*view, entry.book->shape, **folder),
                   .type = S_IFREG};
    if (found.has_value() && plus_) {
      shown.node = std::move((*found)->node);
      shown.attr = (*found)->attr;
    }
    listing.entries.push_back(std::move(shown));
  }

  const std::shared_ptr<SourceFolder> folder_;
  const std::shared_ptr<const Names> names_;
  const bool plus_;
  ListDone done_;
  std::vector<Looked> looked_;       // beside the names' entries
  std::vector<SourceEntry> probes_;  // filled before the first Pump()
  std::deque<SourceEntry> unknown_;  // filled by Finish()
  absl::Mutex mu_;
  size_t next_ ABSL_GUARDED_BY(mu_) = 0;
  size_t under_way_ ABSL_GUARDED_BY(mu_) = 0;
  bool pumping_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
};

void SourceFolder::List(bool plus, ListDone done) {
  auto here = services().library->Hold(path());
  if (!here.ok()) return done(here.status());
  auto names = ReadNames(*here);
  if (!names.ok()) return done(names.status());
  const auto lister =
      std::make_shared<Lister>(shared_from_this(), *std::move(names), plus, std::move(done));
  lister->Start(*here);
}

}  // namespace cbzfs
