// Views of the administrator's own: the file that -o config= names, a TOML file (man/cbzfs.5).
//
//   [views.kobo-libra]         # a folder at the top, called kobo-libra
//   width = 1264
//   ...
//   [[rules]]                  # for files below a folder: other settings, or none at all
//   path = "Manga"
//   split = "right-first"
//
// Immutable once read: any thread. Shared by the options and the views of the mount.

#ifndef CBZFS_FS_CORE_READER_CONFIG_H_
#define CBZFS_FS_CORE_READER_CONFIG_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "codecs/document/reader_profile.h"
#include "fs/core/view_names.h"

namespace cbzfs {

// Of a view in the file.
struct NamedView {
  std::string name;
  // As of ViewName: from the name, and never one of kViewNames.
  uint64_t id = 0;
  ReaderProfile profile;
};

class ReaderConfig {
 public:
  using Pointer = std::shared_ptr<const ReaderConfig>;

  // kInvalidArgument with a message that names the file, line and column, and what is wrong.
  static absl::StatusOr<Pointer> Read(const std::string& path);
  // The same of a text; `path` is for messages.
  static absl::StatusOr<Pointer> Parse(std::string_view text, const std::string& path);

  // In the order of the file.
  const std::vector<NamedView>& views() const { return views_; }
  const NamedView* Find(std::string_view name) const;

  // How the view shows the file at `path` in the library: what rules that fit say, the last one
  // first.
  ReaderProfile ProfileFor(const NamedView& view, std::string_view path) const;

  // Whether the view, any one, is without the file or folder.
  bool Hides(std::string_view view, std::string_view path) const;

  // Of all in the file that decides what the view shows; 0: nothing does.
  uint64_t HashFor(std::string_view view) const;

 private:
  friend class ConfigParser;

  // What a rule changes of a profile: `take` copies one setting.
  using Take = void (*)(const ReaderProfile& from, ReaderProfile* to);
  struct Rule {
    std::string pattern;
    std::vector<std::string> views;  // empty: all of the file
    bool hidden = false;
    ReaderProfile values;
    std::vector<Take> taken;
  };

  bool Applies(const Rule& rule, std::string_view view) const;

  std::vector<NamedView> views_;
  std::vector<Rule> rules_;
};

// Whether a view may be called so: a name of a folder that no view of kViewNames has, not hidden,
// without what an option list or a path gives a meaning.
bool IsNameForView(std::string_view name);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_READER_CONFIG_H_
