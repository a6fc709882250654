#include "codecs/worker/malloc_watch.h"

#include <cerrno>
#include <cstddef>

#include "codecs/worker/sanitized.h"

#if !CBZFS_SANITIZED && defined(__GLIBC__)
#define CBZFS_OWN_MALLOC 1
#endif

namespace cbzfs {
namespace {

// More than any worker is ever given (WorkerPoolOptions::heap_bytes): whoever asks for so much, an
// image of absurd size, say, gets it on no machine, and its failure is the page's and no accident.
constexpr size_t kNeverGiven = size_t{1} << 30;

size_t failed_bytes = 0;  // of the last allocation, when it failed
bool ended = false;

[[maybe_unused]] void* Note(void* block, size_t bytes) {
  if (bytes >= kNeverGiven) return block;
  if (block == nullptr && bytes > 0) {
    if (failed_bytes != 0 && failed_bytes != bytes) ended = true;
    failed_bytes = bytes;
  } else if (failed_bytes != 0) {
    if (failed_bytes != bytes) ended = true;
    failed_bytes = 0;
  }
  return block;
}

}  // namespace

void WatchMalloc() {
  failed_bytes = 0;
  ended = false;
}

bool MemoryEnded() { return ended || failed_bytes != 0; }

}  // namespace cbzfs

#if CBZFS_OWN_MALLOC
// The C library's own functions under the names it keeps for those who replace malloc.
// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {
void* __libc_malloc(size_t bytes);
void* __libc_calloc(size_t count, size_t bytes);
void* __libc_realloc(void* block, size_t bytes);
void* __libc_memalign(size_t alignment, size_t bytes);

void* malloc(size_t bytes) { return cbzfs::Note(__libc_malloc(bytes), bytes); }

void* calloc(size_t count, size_t bytes) {
  size_t all = 0;
  if (__builtin_mul_overflow(count, bytes, &all)) return __libc_calloc(count, bytes);
  return cbzfs::Note(__libc_calloc(count, bytes), all);
}

void* realloc(void* block, size_t bytes) {
  return cbzfs::Note(__libc_realloc(block, bytes), bytes);
}

void* memalign(size_t alignment, size_t bytes) {
  return cbzfs::Note(__libc_memalign(alignment, bytes), bytes);
}

void* aligned_alloc(size_t alignment, size_t bytes) { return memalign(alignment, bytes); }

// OpenJPEG and dav1d take their samples so.
int posix_memalign(void** block, size_t alignment, size_t bytes) {
  const bool power_of_two = alignment != 0 && (alignment & (alignment - 1)) == 0;
  if (!power_of_two || alignment % sizeof(void*) != 0) return EINVAL;
  void* const made = memalign(alignment, bytes);
  if (made == nullptr) return ENOMEM;
  *block = made;
  return 0;
}
}
// NOLINTEND(bugprone-reserved-identifier)
#endif
