// A view: one way to show the library.
//
// The folder tree, the names, the passthrough of all that is no comic, broken files under their own
// names: that is the same for every view and lives in SourceFolder (source_folder.h); what a
// comic's virtual files are lives in comic_node.h. A view only says what is made of which kind of
// file:
//
//   | view       | PDF                       | CBZ, ZIP             | image file       | all else |
//   |------------|---------------------------|----------------------|------------------|----------|
//   | cbz        | Foo.cbz                   | as it is             | as it is         | as it is |
//   | enhanced   | Foo.cbz, enhanced         | Foo.cbz, enhanced    | foo.jpg enhanced | as it is |
//   | thumbnails | Foo.jpg cover, Foo/ pages | Foo.jpg, Foo/        | foo.jpg small    | not there|
//   | pages      | Foo/ of the CBZ's entries | Foo/ of its entries  | as it is         | as it is |
//   | of config= | Foo.cbz, made for it  | Foo.cbz, made for it | as it is         | as it is |
//
// An archive that is no ZIP (CBR, CB7, CBT) is as a CBZ is, but for the cbz view with -o
// repack=yes: there it is Foo.cbz, repacked; so is one that is called .cbz or .zip in spite of what
// it is.
//
// With -o folders=yes a folder of images (folder_contents.h) is also a book beside itself: Foo.cbz
// in cbz, enhanced and the views of config=, its cover Foo.jpg in thumbnails.
//
// Immutable: any thread. Owned by Services for the life of the mount.

#ifndef CBZFS_FS_CORE_VIEW_H_
#define CBZFS_FS_CORE_VIEW_H_

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fs/core/book.h"
#include "fs/core/names.h"
#include "fs/core/reader_config.h"
#include "fs/core/view_names.h"

namespace cbzfs {

// A comic of the library: where it is, and what stat said of it when it was found.
struct SourceEntry {
  std::string path;  // relative to the library
  struct stat st = {};
  SourceFormat format = SourceFormat::kPdf;
  // The source has further names (hard links, or this one is a symbolic link): the inode must
  // follow from the name as well.
  bool shares_inode = false;
  SidecarPointer sidecar;
};

class View {
 public:
  // `name` is one of kViewNames, or of a view of `config`. `since_ns`: nanoseconds since the epoch
  // when options or the engine last changed what the view's files read as, 0: never. No time the
  // user sees in it is older. `config`: the file that the view is from, or that has rules for it;
  // null: none. `repack`, `folders`: see above.
  View(const ViewName& name, int64_t since_ns, ReaderConfig::Pointer config = nullptr,
       bool repack = false, bool folders = false)
      : name_(name),
        since_ns_(since_ns),
        config_(std::move(config)),
        named_(config_ == nullptr ? nullptr : config_->Find(name.name)),
        repack_(repack && name.id == kCbzView.id),
        folders_(folders) {}

  // Its folder at the top, and the value of `-o view=`.
  std::string_view name() const { return name_.name; }
  // Keeps the inodes of one view apart from those of another.
  uint64_t id() const { return name_.id; }
  int64_t since_ns() const { return since_ns_; }

  // What it makes of a file of the format; empty: nothing, the file is no candidate here.
  std::vector<Wish> WishesFor(SourceFormat format) const;

  // What it makes of a folder that is a book, beside that; nothing: no such thing.
  std::optional<Wish> WishForFolder() const;

  // Whether it shows an entry of this type that it makes nothing of, or that does not open.
  bool ShowsAsItIs(mode_t type) const { return id() != kThumbnailsView.id || S_ISDIR(type); }

  Rendition RenditionOf(Shape shape, SourceFormat format) const;

  // Of a view of the config file: how it shows the file at `path` in the library.
  ReaderProfile ProfileFor(std::string_view path) const {
    return named_ == nullptr ? ReaderProfile() : config_->ProfileFor(*named_, path);
  }

  // Whether it is without the file or folder of the library, and all below that.
  bool Hides(std::string_view path) const {
    return config_ != nullptr && config_->Hides(name_.name, path);
  }

  // The slots of enhanced pages say how much is on each.
  bool WantsSlots() const { return named_ != nullptr || id() == kEnhancedView.id; }

  // What the library has to know of a comic before the view can say how large its files are.
  DocumentRef RefOf(const SourceEntry& source) const;

 private:
  const ViewName name_;
  const int64_t since_ns_;
  const ReaderConfig::Pointer config_;
  const NamedView* const named_;  // in the config; null: one of kViewNames
  const bool repack_;
  const bool folders_;
};

// The hash of what decides the bytes of a view's files, beside the sources.
uint64_t HashOfView(const ViewName& view, const Options& options);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_VIEW_H_
