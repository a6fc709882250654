// From a job to the message that asks for it, and from the reply to the answer.
//
// Pure functions but for reading the result file: any thread.

#ifndef CBZFS_CODECS_WORKER_ANSWER_H_
#define CBZFS_CODECS_WORKER_ANSWER_H_

#include "absl/status/statusor.h"
#include "codecs/worker/job.h"
#include "codecs/worker/protocol.pb.h"

namespace cbzfs {

proto::Request MakeRequest(const Job& job);

// The answer of a reply whose code is OK. kDataLoss when it cannot be one: then the worker lies or
// has gone mad, and neither it nor its answer is of any use.
absl::StatusOr<Job::Answer> ReadAnswer(const Job& job, const proto::Reply& reply, int result);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_ANSWER_H_
