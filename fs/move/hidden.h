// What a move has in the destination's folders before it is whole, under hidden names: files while
// they are copied, and for each tree a folder, its journal.
//
// Both are known again by their names, their owner and a lock (flock) that whoever works on them
// holds; so what a killed run has left can be told from what another run is at.
//
// One thread for each object.

#ifndef CBZFS_FS_MOVE_HIDDEN_H_
#define CBZFS_FS_MOVE_HIDDEN_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "codecs/worker/unique_fd.h"
#include "fs/move/entry.h"

namespace cbzfs {

// A name that no file has, of the form that RemoveLeftovers() knows.
std::string MakeHiddenName();

// Takes away the files, links and empty journals that killed runs have left in a folder; returns
// how many. It knows those of `cbzfs convert` as well.
int RemoveLeftovers(int folder);

// A file that gets its name when it is whole.
class HiddenFile {
 public:
  HiddenFile() = default;
  ~HiddenFile();  // unless it was placed, nothing is left of it
  HiddenFile(const HiddenFile&) = delete;
  HiddenFile& operator=(const HiddenFile&) = delete;

  // An empty one, mode 0600, in the folder of `to`.
  absl::Status Create(const Entry& to);
  int fd() const { return fd_.get(); }
  // As `to`. Without `replace` kAlreadyExists where something is there.
  absl::Status Place(bool replace);

 private:
  Entry to_;
  Entry hidden_;
  UniqueFd fd_;
};

// The hidden folder beside `to` in which a tree is copied, and which stays until its source is
// gone. Its name follows from the source and `to`, so a second run finds it and knows how far the
// first one came: with a tree in it, the copy goes on; without, the tree is in place and only the
// source is left to be removed.
class Journal {
 public:
  static constexpr char kTree[] = "tree";

  static std::string NameFor(const Entry& from, const Entry& to);
  // Whether a run that ended early has put the tree in place.
  static bool IsPlaced(const Entry& from, const Entry& to);
  // Takes away that of a run that ended early, if there is one and nobody is at it.
  static void RemoveFor(const Entry& from, const Entry& to);

  // Makes it, or takes over what a killed run has left. kUnavailable: another run is at it.
  absl::Status Open(const Entry& from, const Entry& to);
  Entry tree() const { return self_.Child(fd_.get(), kTree); }
  const std::string& path() const { return self_.path; }
  void Remove();
  // Where there is nothing in it to go on with; whether that is so.
  bool RemoveUnused();

 private:
  Entry self_;
  UniqueFd fd_;
};

// A file, or a folder with all that is in it; for what is in a journal.
absl::Status RemoveAll(const Entry& entry);

}  // namespace cbzfs

#endif  // CBZFS_FS_MOVE_HIDDEN_H_
