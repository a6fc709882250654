// The bare FUSE filesystem that the benchmark compares with: a folder of plain files, read as
// they are, and nothing else done. What a mount costs when the filesystem itself costs nothing.
//
//   cbzfs-bench-passthrough FOLDER MOUNTPOINT [--splice] [libfuse options]
//
// Low-level API, libfuse's multi-threaded loop, its default options, keep_cache, attributes valid
// for a second, as cbzfs. A read is one pread into a buffer of the thread and one reply; with
// --splice it is handed to libfuse as a descriptor, for it to move as it likes.

#define FUSE_USE_VERSION 312

#include <dirent.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

constexpr double kTimeout = 1.0;

// Nodes are numbered as they are looked up; 1 is the folder. Never forgotten: a benchmark's folders
// hold a few ten thousand names.
struct Bare {
  int folder = -1;
  bool splice = false;
  std::mutex mutex;
  std::deque<std::string> paths;  // of node 2, 3, ..., from the folder on
  std::unordered_map<std::string, fuse_ino_t> numbers;

  fuse_ino_t Number(const std::string& path) {
    const std::lock_guard<std::mutex> lock(mutex);
    const auto [at, added] = numbers.try_emplace(path, paths.size() + 2);
    if (added) paths.push_back(path);
    return at->second;
  }

  std::string Path(fuse_ino_t node) {
    if (node == FUSE_ROOT_ID) return ".";
    const std::lock_guard<std::mutex> lock(mutex);
    return node - 2 < paths.size() ? paths[node - 2] : "";
  }

  // What a lookup of `name` in `parent` answers; false when there is none.
  bool Find(const std::string& parent, const char* name, fuse_entry_param* entry) {
    const std::string path = parent + "/" + name;
    if (fstatat(folder, path.c_str(), &entry->attr, AT_SYMLINK_NOFOLLOW) != 0) return false;
    entry->ino = Number(path);
    entry->attr_timeout = entry->entry_timeout = kTimeout;
    return true;
  }
};

// An open folder, read on from where the last answer ended.
struct Listing {
  DIR* entries = nullptr;
  std::string path;
  const dirent* next = nullptr;  // read, but not yet handed out
  off_t offset = 0;              // where `next` lies
};

Listing* ListingOf(const fuse_file_info* file) {
  return reinterpret_cast<Listing*>(file->fh);  // NOLINT(performance-no-int-to-ptr)
}

Bare* Self(fuse_req_t request) { return static_cast<Bare*>(fuse_req_userdata(request)); }

void Lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  Bare* bare = Self(request);
  fuse_entry_param entry = {};
  if (!bare->Find(bare->Path(parent), name, &entry)) {
    fuse_reply_err(request, ENOENT);
    return;
  }
  fuse_reply_entry(request, &entry);
}

void GetAttr(fuse_req_t request, fuse_ino_t node, fuse_file_info*) {
  Bare* bare = Self(request);
  struct stat attributes;
  if (fstatat(bare->folder, bare->Path(node).c_str(), &attributes, AT_SYMLINK_NOFOLLOW) != 0) {
    fuse_reply_err(request, errno);
    return;
  }
  fuse_reply_attr(request, &attributes, kTimeout);
}

void Open(fuse_req_t request, fuse_ino_t node, fuse_file_info* file) {
  Bare* bare = Self(request);
  const int descriptor = openat(bare->folder, bare->Path(node).c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    fuse_reply_err(request, errno);
    return;
  }
  file->fh = static_cast<uint64_t>(descriptor);
  file->keep_cache = 1;
  fuse_reply_open(request, file);
}

void Release(fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
  close(static_cast<int>(file->fh));
  fuse_reply_err(request, 0);
}

void Read(fuse_req_t request, fuse_ino_t, size_t size, off_t offset, fuse_file_info* file) {
  const int descriptor = static_cast<int>(file->fh);
  if (Self(request)->splice) {
    fuse_bufvec data = {};
    data.count = 1;
    data.buf[0].size = size;
    data.buf[0].flags = static_cast<fuse_buf_flags>(FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK);
    data.buf[0].fd = descriptor;
    data.buf[0].pos = offset;
    fuse_reply_data(request, &data, FUSE_BUF_SPLICE_MOVE);
    return;
  }
  thread_local std::vector<char> buffer;
  if (buffer.size() < size) buffer.resize(size);
  const ssize_t got = pread(descriptor, buffer.data(), size, offset);
  if (got < 0) {
    fuse_reply_err(request, errno);
  } else {
    fuse_reply_buf(request, buffer.data(), static_cast<size_t>(got));
  }
}

void OpenDir(fuse_req_t request, fuse_ino_t node, fuse_file_info* file) {
  Bare* bare = Self(request);
  auto listing = std::make_unique<Listing>();
  listing->path = bare->Path(node);
  const int copy = openat(bare->folder, listing->path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  listing->entries = copy < 0 ? nullptr : fdopendir(copy);
  if (listing->entries == nullptr) {
    fuse_reply_err(request, errno);
    return;
  }
  file->fh = reinterpret_cast<uint64_t>(listing.release());
  fuse_reply_open(request, file);
}

void ReleaseDir(fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
  const std::unique_ptr<Listing> listing(ListingOf(file));
  closedir(listing->entries);
  fuse_reply_err(request, 0);
}

// Kernel and libfuse never read one open folder twice at once.
void Fill(fuse_req_t request, size_t size, off_t offset, fuse_file_info* file, bool plus) {
  Bare* bare = Self(request);
  Listing* listing = ListingOf(file);
  if (offset != listing->offset) {
    seekdir(listing->entries, offset);
    listing->next = nullptr;
    listing->offset = offset;
  }
  std::vector<char> buffer(size);
  size_t used = 0;
  while (true) {
    if (listing->next == nullptr) listing->next = readdir(listing->entries);
    const dirent* entry = listing->next;
    if (entry == nullptr) break;
    char* at = buffer.data() + used;
    fuse_entry_param found = {};
    found.attr.st_ino = entry->d_ino;
    found.attr.st_mode = static_cast<mode_t>(entry->d_type) << 12;
    const bool dots = std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0;
    size_t needed = 0;
    if (plus) {
      if (!dots) bare->Find(listing->path, entry->d_name, &found);
      needed =
          fuse_add_direntry_plus(request, at, size - used, entry->d_name, &found, entry->d_off);
    } else {
      needed =
          fuse_add_direntry(request, at, size - used, entry->d_name, &found.attr, entry->d_off);
    }
    if (needed > size - used) break;
    used += needed;
    listing->offset = entry->d_off;
    listing->next = nullptr;
  }
  fuse_reply_buf(request, buffer.data(), used);
}

void ReadDir(fuse_req_t request, fuse_ino_t, size_t size, off_t offset, fuse_file_info* file) {
  Fill(request, size, offset, file, false);
}

void ReadDirPlus(fuse_req_t request, fuse_ino_t, size_t size, off_t offset, fuse_file_info* file) {
  Fill(request, size, offset, file, true);
}

void Init(void* self, fuse_conn_info* connection) {
  if (static_cast<Bare*>(self)->splice) {
    connection->want |=
        connection->capable & (FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE | FUSE_CAP_SPLICE_READ);
  }
}

int Serve(fuse_args* arguments, Bare* bare) {
  fuse_cmdline_opts options;
  if (fuse_parse_cmdline(arguments, &options) != 0 || options.mountpoint == nullptr) return 2;
  fuse_lowlevel_ops operations = {};
  operations.init = Init;
  operations.lookup = Lookup;
  operations.getattr = GetAttr;
  operations.open = Open;
  operations.release = Release;
  operations.read = Read;
  operations.opendir = OpenDir;
  operations.releasedir = ReleaseDir;
  operations.readdir = ReadDir;
  operations.readdirplus = ReadDirPlus;
  fuse_session* session = fuse_session_new(arguments, &operations, sizeof(operations), bare);
  if (session == nullptr) return 1;
  int code = 1;
  if (fuse_set_signal_handlers(session) == 0 &&
      fuse_session_mount(session, options.mountpoint) == 0) {
    fuse_daemonize(options.foreground);
    fuse_loop_config* config = fuse_loop_cfg_create();
    code = fuse_session_loop_mt(session, config);
    fuse_loop_cfg_destroy(config);
    fuse_session_unmount(session);
  }
  fuse_remove_signal_handlers(session);
  fuse_session_destroy(session);
  free(options.mountpoint);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s FOLDER MOUNTPOINT [--splice] [libfuse options]\n", argv[0]);
    return 2;
  }
  Bare bare;
  bare.folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (bare.folder < 0) {
    std::perror(argv[1]);
    return 1;
  }
  fuse_args arguments = FUSE_ARGS_INIT(0, nullptr);
  fuse_opt_add_arg(&arguments, argv[0]);
  for (int i = 2; i < argc; ++i) {
    if (std::strcmp(argv[i], "--splice") == 0) {
      bare.splice = true;
    } else {
      fuse_opt_add_arg(&arguments, argv[i]);
    }
  }
  const int code = Serve(&arguments, &bare);
  fuse_opt_free_args(&arguments);
  return code;
}
