#include "fs/fuse/dir_buffer.h"

#include <algorithm>

#define FUSE_USE_VERSION 312
#include <fuse3/fuse_lowlevel.h>

namespace cbzfs {
namespace {

// The inode number of ".." is known to the kernel better than to us; libfuse's own directories say
// this one. Never 0: some programs take such an entry for a deleted one.
constexpr uint64_t kUnknownIno = 0xffffffff;

// One line of the directory, dots included.
struct Line {
  const char* name = nullptr;
  uint64_t ino = 0;
  mode_t type = 0;
  const DirEntry* entry = nullptr;  // null for the dots
};

Line LineAt(uint64_t ino, const Listing& listing, uint64_t index) {
  if (index == 0) return {".", ino, S_IFDIR, nullptr};
  if (index == 1) return {"..", kUnknownIno, S_IFDIR, nullptr};
  const DirEntry& entry = listing.entries[index - 2];
  return {entry.name.c_str(), entry.ino, entry.type, &entry};
}

// More than a line takes beside its name: FUSE_NAME_OFFSET_DIRENTPLUS of the kernel's fuse.h, and
// what rounds it up to 8.
constexpr size_t kLineBytes = 152 + 8;

// At least what the rest of the listing takes, or `size`. A folder's entries seldom fill the 128
// KiB and more that the kernel asks for, and the rest need not be written with zeros.
size_t RoomFor(const Listing& listing, uint64_t offset, size_t size) {
  size_t room = 2 * (kLineBytes + sizeof(".."));
  for (uint64_t i = offset < 2 ? 0 : offset - 2; i < listing.entries.size() && room < size; ++i) {
    room += kLineBytes + listing.entries[i].name.size();
  }
  return std::min(room, size);
}

// `add(line, out, room, next_offset)` writes one line if it fits and returns what it needs.
template <typename Add>
DirBuffer Pack(uint64_t ino, const Listing& listing, uint64_t offset, size_t wanted, Add add) {
  DirBuffer buffer;
  const size_t size = RoomFor(listing, offset, wanted);
  buffer.bytes.resize(size);
  size_t used = 0;
  for (uint64_t index = offset; index < listing.entries.size() + 2; ++index) {
    const Line line = LineAt(ino, listing, index);
    const size_t needed = add(line, buffer.bytes.data() + used, size - used, index + 1, &buffer);
    if (needed > size - used) {
      buffer.too_small = used == 0;
      break;
    }
    used += needed;
  }
  buffer.bytes.resize(used);
  return buffer;
}

struct stat Brief(const Line& line) {
  struct stat attr = {};
  attr.st_ino = line.ino;
  attr.st_mode = line.type;
  return attr;
}

}  // namespace

DirBuffer PackEntries(uint64_t ino, const Listing& listing, uint64_t offset, size_t size) {
  const auto add = [](const Line& line, char* out, size_t room, uint64_t next, DirBuffer*) {
    const struct stat attr = Brief(line);
    return fuse_add_direntry(nullptr, out, room, line.name, &attr, static_cast<off_t>(next));
  };
  return Pack(ino, listing, offset, size, add);
}

DirBuffer PackEntriesPlus(uint64_t ino, const Listing& listing, uint64_t offset, size_t size,
                          absl::Duration ttl) {
  const double timeout = absl::ToDoubleSeconds(ttl);
  const auto add = [timeout](const Line& line, char* out, size_t room, uint64_t next,
                             DirBuffer* buffer) {
    fuse_entry_param param = {};
    param.attr = Brief(line);
    const bool whole = line.entry != nullptr && line.entry->node != nullptr;
    if (whole) {
      param.ino = line.entry->node->ino();
      param.attr = line.entry->attr;
      param.attr_timeout = timeout;
      param.entry_timeout = timeout;
    }
    const size_t needed =
        fuse_add_direntry_plus(nullptr, out, room, line.name, &param, static_cast<off_t>(next));
    if (whole && needed <= room) buffer->referenced.push_back(line.entry);
    return needed;
  };
  return Pack(ino, listing, offset, size, add);
}

}  // namespace cbzfs
