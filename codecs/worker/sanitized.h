// Whether this is built with a sanitizer that has a runtime of its own: then nothing may be taken
// from the process (limits of memory, a sandbox, its malloc). CBZFS_SANITIZED for the preprocessor,
// kSanitized for all else. g++ and clang say it in different ways.

#ifndef CBZFS_CODECS_WORKER_SANITIZED_H_
#define CBZFS_CODECS_WORKER_SANITIZED_H_

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CBZFS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define CBZFS_SANITIZED 1
#endif
#endif
#ifndef CBZFS_SANITIZED
#define CBZFS_SANITIZED 0
#endif

namespace cbzfs {

inline constexpr bool kSanitized = CBZFS_SANITIZED != 0;

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_SANITIZED_H_
