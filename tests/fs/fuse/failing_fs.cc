// A folder as a FUSE file system that hangs or fails when a test says so: what a network share does
// whose server is gone.
//
//   cbzfs-failing-fs FOLDER MOUNTPOINT FLAGS
//
// Stays in the foreground. While the file FLAGS/hang exists, each request for a path that begins
// with what stands in it waits; while FLAGS/fail exists ("ERRNO PATH"), such a request fails so.
// FLAGS/waiting/ has one file for each request that waits. Nothing is cached beyond a request.

#define FUSE_USE_VERSION 312

#include <dirent.h>
#include <fcntl.h>
#include <fuse.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace {

// FUSE's high-level operations get no object of ours but this way.
struct State {
  std::string folder;
  std::string flags;
  std::atomic<int> number = 0;
};

State& Of() { return *static_cast<State*>(fuse_get_context()->private_data); }

bool IsFor(const std::string& prefix, const char* path) {
  return std::string(path).rfind(prefix, 0) == 0;
}

// Waits while it is to hang; 0, or what it is to fail with.
int Check(const char* path) {
  State& state = Of();
  std::string mark;
  for (std::string prefix;; prefix.clear()) {
    std::ifstream hang(state.flags + "/hang");
    if (!std::getline(hang, prefix) || !IsFor(prefix, path)) break;
    if (mark.empty()) {
      mark = state.flags + "/waiting/" + std::to_string(++state.number);
      std::ofstream(mark) << path;
    }
    // A process that is killed need not wait, as with NFS: without this the kernel has it wait for
    // us.
    if (fuse_interrupted() != 0) {
      unlink(mark.c_str());
      return -EINTR;
    }
    usleep(10'000);
  }
  if (!mark.empty()) unlink(mark.c_str());
  std::ifstream fail(state.flags + "/fail");
  int error = 0;
  std::string prefix;
  if (fail >> error >> prefix && IsFor(prefix, path)) return -error;
  return 0;
}

std::string Real(const char* path) { return Of().folder + path; }

int GetAttr(const char* path, struct stat* attr, fuse_file_info*) {
  if (const int error = Check(path); error != 0) return error;
  return lstat(Real(path).c_str(), attr) == 0 ? 0 : -errno;
}

int ReadLink(const char* path, char* target, size_t size) {
  if (const int error = Check(path); error != 0) return error;
  const ssize_t got = readlink(Real(path).c_str(), target, size - 1);
  if (got < 0) return -errno;
  target[got] = '\0';
  return 0;
}

int ReadDir(const char* path, void* buffer, fuse_fill_dir_t fill, off_t, fuse_file_info*,
            fuse_readdir_flags) {
  if (const int error = Check(path); error != 0) return error;
  DIR* const folder = opendir(Real(path).c_str());
  if (folder == nullptr) return -errno;
  while (const dirent* entry = readdir(folder)) {
    struct stat attr = {};
    attr.st_ino = entry->d_ino;
    attr.st_mode = static_cast<mode_t>(DTTOIF(entry->d_type));
    fill(buffer, entry->d_name, &attr, 0, static_cast<fuse_fill_dir_flags>(0));
  }
  closedir(folder);
  return 0;
}

int Open(const char* path, fuse_file_info* file) {
  if (const int error = Check(path); error != 0) return error;
  const int descriptor = open(Real(path).c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return -errno;
  file->fh = static_cast<uint64_t>(descriptor);
  return 0;
}

int Read(const char* path, char* out, size_t size, off_t offset, fuse_file_info* file) {
  if (const int error = Check(path); error != 0) return error;
  const ssize_t got = pread(static_cast<int>(file->fh), out, size, offset);
  return got < 0 ? -errno : static_cast<int>(got);
}

int Release(const char*, fuse_file_info* file) {
  close(static_cast<int>(file->fh));
  return 0;
}

void* Init(fuse_conn_info*, fuse_config* config) {
  config->use_ino = 1;
  config->attr_timeout = config->entry_timeout = 0;
  config->nullpath_ok = 0;
  config->intr = 1;
  config->intr_signal = SIGUSR1;
  return &Of();
}

int Serve(State* state, const char* mountpoint) {
  fuse_operations operations = {};
  operations.init = Init;
  operations.getattr = GetAttr;
  operations.readlink = ReadLink;
  operations.readdir = ReadDir;
  operations.open = Open;
  operations.read = Read;
  operations.release = Release;
  fuse_args arguments = FUSE_ARGS_INIT(0, nullptr);
  fuse_opt_add_arg(&arguments, "cbzfs-failing-fs");
  fuse* const mounted = fuse_new(&arguments, &operations, sizeof(operations), state);
  if (mounted == nullptr || fuse_mount(mounted, mountpoint) != 0) return 1;
  fuse_loop_config* const config = fuse_loop_cfg_create();
  fuse_loop_cfg_set_max_threads(config, 500);  // requests that wait hold one each
  const int code = fuse_loop_mt(mounted, config);
  fuse_loop_cfg_destroy(config);
  fuse_unmount(mounted);
  fuse_destroy(mounted);
  fuse_opt_free_args(&arguments);
  return code == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s FOLDER MOUNTPOINT FLAGS\n", argv[0]);
    return 2;
  }
  struct sigaction interrupted = {};
  interrupted.sa_handler = [](int) {};  // libfuse 3.14 sends the signal, and installs no handler
  sigaction(SIGUSR1, &interrupted, nullptr);
  State state;
  state.folder = argv[1];
  state.flags = argv[3];
  mkdir((state.flags + "/waiting").c_str(), 0700);
  return Serve(&state, argv[2]);
}
