// Converts one source of a plan: the tree that a mount would show, written to disk.
//
// Files are converted several at a time, each in order; the pages of each are drawn in parallel and
// ahead (ReadAhead, or TightRequest::ahead). What is there already is left: the time is the
// source's, and the bytes are proved to be of this source and these options, by the directory of
// the archive, whose CRCs follow from both, or by the mark of a tight file.
//
// One converter a source; Run() once, from the main thread. Stop() from any.

#ifndef CBZFS_FS_COMMAND_CONVERTER_H_
#define CBZFS_FS_COMMAND_CONVERTER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "fs/command/convert_plan.h"
#include "fs/command/progress.h"
#include "fs/core/filesystem.h"
#include "fs/core/options.h"

namespace cbzfs {

struct ConvertSettings {
  Options mount;     // `view` says what is made
  bool copy = true;  // files that are shown as they are, too
  bool force = false;
  bool quiet = false;
};

// Of all sources together.
struct ConvertTotals {
  std::atomic<uint64_t> converted = 0;
  std::atomic<uint64_t> copied = 0;
  std::atomic<uint64_t> up_to_date = 0;
  std::atomic<uint64_t> left_out = 0;
  std::atomic<uint64_t> failed = 0;
  std::atomic<uint64_t> pages = 0;
  std::atomic<uint64_t> made = 0;   // pages that workers made
  std::atomic<uint64_t> bytes = 0;  // written
};

class Converter {
 public:
  // `plan` and `totals` outlive it.
  Converter(const ConvertSettings& settings, const ConvertPlan* plan, ConvertTotals* totals)
      : settings_(settings), plan_(plan), totals_(totals) {}

  // An exit status: kExitOk also where files failed, which `totals` tells. Others when nothing more
  // can be done (no workers, no room on the disk).
  int Run(const ConvertSource& source, const std::string& worker_program);

  // Ends Run() soon; what is being written is dropped.
  void Stop();

 private:
  // A file or link of the tree.
  struct Item {
    std::shared_ptr<Node> folder;
    std::string name;    // in the folder
    std::string where;   // in the tree, for messages
    std::string target;  // the folder on disk
    std::string target_name;
  };
  class Share;

  absl::Status FindFiles(const ConvertSource& source, std::shared_ptr<Node> root);
  void Walk(const std::shared_ptr<Node>& folder, const std::string& where,
            const std::string& target);
  void ReportErrors(const Services& services);
  void ConvertOne(const Item& item);
  absl::Status Convert(const Item& item, Share* share);
  absl::Status Write(const Item& item, const Found& found, Share* share);
  absl::Status CopyLink(const Item& item, Node& link);
  absl::Status CheckTarget(const Item& item) const;
  bool IsUpToDate(const Item& item, const Found& found, OpenFile* file) const;
  void Fail(const std::string& where, const absl::Status& failure);

  const ConvertSettings settings_;
  const ConvertPlan* const plan_;
  ConvertTotals* const totals_;
  Progress* progress_ = nullptr;  // during Run()
  std::vector<Item> items_;
  std::atomic<uint64_t> total_ = 0;  // items_, when all have been found
  std::atomic<uint64_t> done_ = 0;
  std::atomic<uint64_t> share_ = 0;  // of all items, each being kWhole
  std::atomic<bool> stop_ = false;
  std::atomic<bool> no_room_ = false;
  absl::Mutex mu_;
  std::unique_ptr<Filesystem> filesystem_ ABSL_GUARDED_BY(mu_);
  Filesystem* fs_ = nullptr;  // the same, while Run() holds it
};

}  // namespace cbzfs

#endif  // CBZFS_FS_COMMAND_CONVERTER_H_
