// The words of protocol.proto in this program's types. Used by both sides.
//
// Pure functions and constants: any thread.

#ifndef CBZFS_CODECS_WORKER_PROTOCOL_H_
#define CBZFS_CODECS_WORKER_PROTOCOL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "codecs/document/document.h"
#include "codecs/document/reader_profile.h"
#include "codecs/worker/protocol.pb.h"
#include "codecs/worker/sandbox_state.h"

namespace cbzfs {

// Raised with every change of protocol.proto or of what its words mean.
inline constexpr uint32_t kProtocolVersion = 12;

// The largest message either side sends or takes.
inline constexpr size_t kMaxMessageBytes = 64 << 10;

// Room for an encoded Document: 10 000 pages take 0.3 MiB, the rest is for inserted profiles.
inline constexpr uint64_t kMaxDocumentBytes = 16 << 20;

// Room for a message of a failure, in bytes.
inline constexpr size_t kMaxReasonBytes = 300;

proto::Hello MakeHello();
// kFailedPrecondition, with a message for the user, when the other side is of another version.
absl::Status CheckHello(const proto::Hello& hello);

// Of a worker that was told to close its sandbox if `strict`. kFailedPrecondition, with a message
// for the user, when it could not or did not.
absl::StatusOr<SandboxState> CheckSandbox(const proto::Hello& hello, bool strict);

proto::PageRow ToProto(const Page& page);
Page FromProto(const proto::PageRow& row);
proto::AnalyseOptions ToProto(const AnalyseOptions& options);
AnalyseOptions FromProto(const proto::AnalyseOptions& options);
proto::ReaderProfile ToProto(const ReaderProfile& profile);
// The daemon's word, but looked at: levels and numbers that no config file can say become the
// nearest that it can.
ReaderProfile FromProto(const proto::ReaderProfile& profile);

// A failure as a Reply tells it, and back. A code that the protocol has no word for becomes
// INTERNAL; a number that is no code, or OK, is kDataLoss on arrival.
void SetFailure(const absl::Status& status, proto::Reply* reply);
absl::Status FailureOf(const proto::Reply& reply);

// `text` as one line fit for a log or a terminal: control characters and what is no UTF-8 become
// '?', and it is cut at a character before `max_bytes`.
std::string PrintableLine(std::string_view text, size_t max_bytes = kMaxReasonBytes);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_PROTOCOL_H_
