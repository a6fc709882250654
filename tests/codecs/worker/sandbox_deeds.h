// What a document that has taken a worker over might try.

#ifndef CBZFS_TESTS_CODECS_WORKER_SANDBOX_DEEDS_H_
#define CBZFS_TESTS_CODECS_WORKER_SANDBOX_DEEDS_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string_view>

namespace cbzfs {

struct Deed {
  // What it has at hand: to find it out might be forbidden already.
  struct Tools {
    int socket = -1;
    int source = -1;  // open for reading
    int result = -1;  // a sealed memfd
    uint64_t capacity = 0;
    pid_t parent = -1;
  };
  enum class End {
    kKilled,   // by SIGSYS
    kRefused,  // by an errno, sandbox or not: there is nothing to be had by it
  };
  std::string_view name;
  int (*commit)(const Tools& tools);  // 0, or errno
  End end = End::kKilled;
  // Whether it works where there is no sandbox, so that it is the sandbox that forbids it.
  bool works_outside = true;
};

inline constexpr size_t kDeeds = 28;
extern const Deed kDeedList[kDeeds];

inline std::ostream& operator<<(std::ostream& out, const Deed& deed) { return out << deed.name; }

// What a worker can be told to do beyond the list: its page is kDeeds or more.
inline constexpr uint32_t kGoodDeed = 1000;

inline constexpr char kLandlockForbidden[] = "landlock-forbidden";
inline constexpr char kClaimsNoSandbox[] = "claims-no-sandbox";

}  // namespace cbzfs

#endif  // CBZFS_TESTS_CODECS_WORKER_SANDBOX_DEEDS_H_
