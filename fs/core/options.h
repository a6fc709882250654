// The options of a mount, as plain values with their defaults, and how `-o` lists become them.
//
// A plain value; parsed once at start-up. man/cbzfs.1 documents each; a test compares the two.

#ifndef CBZFS_FS_CORE_OPTIONS_H_
#define CBZFS_FS_CORE_OPTIONS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "codecs/document/document.h"
#include "codecs/zip/layout.h"
#include "fs/core/on_error.h"
#include "fs/core/reader_config.h"
#include "fs/core/view_names.h"

namespace cbzfs {

struct Options {
  // The views there are: names of view_names.h in the order there, never empty.
  // Then those of the config file, in its order.
  std::vector<std::string> views = AllViewNames();
  bool views_given = false;  // else the next `views=` replaces all of them
  std::string view;          // empty: each view is a folder in the root; else this one is the root

  AnalyseOptions analyse;       // all but `enhanced`, which follows from the view
  LayoutOptions layout;         // guard, names
  bool repack = false;          // the cbz view shows archives that are no ZIPs as CBZs
  bool repack_given = false;    // else `convert` does it with what it is given by name
  bool show_hidden = false;     // names that begin with '.' or '_'
  bool folders = false;         // folders of images are books beside themselves, too
  uint32_t thumb_size = 100;    // pixels; the square that the thumbnail of a page fits into
  uint32_t cover_height = 300;  // pixels; of a cover

  uint32_t workers = 0;                  // 0: one a core
  uint64_t cache_bytes = 256ull << 20;   // finished pages
  bool cache_given = false;              // else it is at most half of the memory
  uint64_t memory_bytes = 512ull << 20;  // daemon and workers together: admission
  uint64_t memory_warn = 0;              // all processes; 0: see MonitorOptionsOf()
  uint64_t memory_trim = 0;              // the same
  bool report_memory = false;            // MONITOR=true
  bool trace_memory = false;             // DEBUG=true
  std::string index;                     // file; empty: the user's cache folder; "none": no file
  std::string passwords;                 // file; empty: none
  std::string config;                    // file with views; empty: none
  ReaderConfig::Pointer reader_config;   // what is in it, set by LoadConfig()
  std::string store;                     // "dir:PATH", "redis://..." (store_setup.h); empty: none
  uint64_t store_bytes = 20ull << 30;    // of pages in a folder
  bool store_size_given = false;
  absl::Duration ttl = absl::Seconds(1);
  int64_t watch = -1;       // folders watched for changes; 0: none, -1: DefaultWatchLimit()
  int32_t read_ahead = -1;  // pages; -1: two a worker
  absl::Duration draw_timeout = absl::Seconds(20);
  absl::Duration analyse_timeout = absl::Seconds(10);
  OnError on_error = OnError::kAuto;
  std::string log = "auto";  // see logging.h
  std::string log_level = "info";
  bool sandbox = true;  // workers give up files, network and processes before they look at a file

  // For files on disk that are as long as they come out (fs/command), by no `-o`: pages have all
  // the room they want, and exactly the asked quality. A layout then says more than is written.
  bool tight = false;
  // The times of files are those of their sources, whatever options were used before.
  bool source_times = false;

  // Passed on to the kernel as they are (nosuid, allow_other, fsname=...), in order.
  std::vector<std::string> kernel;
  bool allow_other = false;
};

// One line of `--help`: the option as typed and what it does.
struct OptionHelp {
  std::string option;
  std::string_view text;
};

// Every mount option that ParseMountOption() takes, in the order of `--help`.
const std::vector<OptionHelp>& MountOptionHelp();

// Applies one comma-separated list as given to `-o`. A comma inside a value is written "\,"; only
// "views=a,b" does without, since no option is called like a view: items that follow it and are
// the name of a view belong to it.
// Views of a config file may be named in a list that has config=FILE, wherever in it, and in later
// ones; whether they are there is for LoadConfig() to say.
// kInvalidArgument with a message that names the option and what it takes.
absl::Status ParseMountOptions(std::string_view list, Options* options);

// Reads the file that `config=` names, if any, and takes its views: all of them, or those that
// `views=` asked for. Call after the last list, before CheckOptions(). kInvalidArgument with a
// message for the user.
absl::Status LoadConfig(Options* options);

// What only the whole set can tell (a cache larger than the memory, a root that is not among the
// views). Call after the last list.
absl::Status CheckOptions(const Options& options);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_OPTIONS_H_
