// A folder of the library as a view shows it: the names, what each entry is, and where its node
// comes from.
//
// The names of comics follow from the folder's listing alone (names.h), but whether a file opens as
// a comic is its own secret: one that does not shows under its own name. So a listing first finds
// out about every candidate it does not know yet (a probe: half a millisecond each, by the
// workers), and answers when it knows. It says nothing about sizes; those cost an analysis, which a
// stat pays.
//
// Threads: any.

#ifndef CBZFS_FS_CORE_SOURCE_FOLDER_H_
#define CBZFS_FS_CORE_SOURCE_FOLDER_H_

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "fs/core/names.h"
#include "fs/core/services.h"
#include "fs/core/source_node.h"
#include "fs/core/view.h"

namespace cbzfs {

class SourceFolder : public SourceNode, public std::enable_shared_from_this<SourceFolder> {
 public:
  using SourceNode::SourceNode;

  void GetAttr(AttrDone done) override;
  void Lookup(std::string_view name, LookupDone done) override;
  void List(bool plus, ListDone done) override;
  void SourceChanged() override;

 private:
  struct Names {
    SourceKey key;  // of the folder when it was read
    absl::Time read_at;
    NameMap map;
  };
  class Lister;

  std::string Join(std::string_view name) const;
  // The attributes of this folder; from then on it is watched.
  absl::StatusOr<struct stat> StatWatched(const HeldFolder& here) const;
  // Of an entry of this folder; if it is a folder itself, it is watched from then on.
  absl::StatusOr<struct stat> StatEntryWatched(const HeldFolder& here,
                                               const std::string& name) const;
  // The folder's names, read again when the folder has changed.
  absl::StatusOr<std::shared_ptr<const Names>> ReadNames(const HeldFolder& here);

  // What the file of an entry that may be a comic is: itself if it is a regular file, or what a
  // link leads to inside the library.
  absl::StatusOr<SourceEntry> ComicCandidate(const HeldFolder& here, const NameMap::Entry& entry);

  // A name that a candidate shows as. `attempts`: a file that changes while it is looked at is
  // looked at again.
  struct Wanted {
    SourceName source;
    NameMap::Shown shown;
  };
  void LookupComic(const Wanted& wanted, SourceEntry comic, int attempts, LookupDone done);
  void LookupShown(const HeldFolder& here, const NameMap::Match& match, LookupDone done);
  // A candidate's own name: there while it is no comic.
  void LookupCandidateItself(const HeldFolder& here, const NameMap::Entry& entry, LookupDone done);
  // The book that a folder shows as beside itself.
  void LookupFolderBook(const NameMap::Entry& entry, int attempts, LookupDone done);
  // That folder as it is now, watched from then on; ENOENT where it is no book.
  absl::StatusOr<FolderVersion::Pointer> ReadFolderWatched(const HeldFolder& here,
                                                           const std::string& name);

  // An entry as it is; ENOENT where the view does not show such. The second is for later.
  absl::StatusOr<Found> FindPlain(const HeldFolder& here, const SourceName& source);
  absl::StatusOr<Found> FindPlain(const SourceName& source);

  // A stat of one unknown comic is seldom the last (ls -l, rsync): the next ones of the listing are
  // analysed meanwhile, so that all workers are busy.
  void AnalyseNext(const std::string& path);

  absl::Mutex mu_;
  std::shared_ptr<const Names> names_ ABSL_GUARDED_BY(mu_);
  std::deque<SourceEntry> unknown_ ABSL_GUARDED_BY(mu_);
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_SOURCE_FOLDER_H_
