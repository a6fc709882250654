// What the evil worker can be told to do.

#ifndef CBZFS_TESTS_CODECS_WORKER_EVIL_H_
#define CBZFS_TESTS_CODECS_WORKER_EVIL_H_

#include <cstdint>

namespace cbzfs {

enum class Evil : uint8_t {
  kGood = 0,
  kCrash,
  kHang,
  kAsk,  // does what the test writes into the source, which is a socket
  kWrongId,
  kTooLong,
  kNothing,  // says OK, and an empty result
  kGarbage,
  kEmpty,
  kHuge,
  kDescriptors,  // sends descriptors with its reply
  kKeepsMapping,
  kUnknownCode,
  kBadDocument,
  kNoPages,
  kBadQuality,
  kTwoReplies,
  kHonestFailure,       // with a message that is none of a terminal's business
  kGrows,               // by 300 MiB, and answers
  kFloods,              // a hundred thousand lines on stderr, and answers
  kHangsUnlessSparing,  // over an analysis that may draw
  kOneByteLess,         // than it was asked for, or has
  kOneByteMore,
  kDiesOfBus,
  kDiesOfKill,
  kDiesOfSys,
  kDiesOfAbort,
  kExits,        // with status 7
  kMemoryEnded,  // says so
  kNotes,        // something about the page, with what is none of a terminal's business
};

inline constexpr char kZygoteOfAnotherVersion[] = "zygote-of-another-version";
inline constexpr char kWorkerOfAnotherVersion[] = "worker-of-another-version";
inline constexpr char kDiesBeforeHello[] = "dies-before-hello";
inline constexpr char kDiesAfterHello[] = "dies-after-hello";

}  // namespace cbzfs

#endif  // CBZFS_TESTS_CODECS_WORKER_EVIL_H_
