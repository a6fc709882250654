#include "codecs/worker/request_loop.h"

#include <new>
#include <utility>
#include <vector>

#include "codecs/document/document_codec.h"
#include "codecs/worker/channel.h"
#include "codecs/worker/open_documents.h"
#include "codecs/worker/protocol.h"
#include "codecs/worker/result_file.h"

namespace cbzfs {
namespace {

absl::Status Analyse(Pdf* pdf, const proto::Request::Analyse& request, int result,
                     proto::Reply* reply) {
  const absl::StatusOr<Document> document = pdf->Analyse(FromProto(request.options()), request.sparing());
  if (!document.ok()) return document.status();
  const std::string bytes = EncodeDocument(*document);
  reply->set_result_bytes(bytes.size());
  return WriteResult(result, bytes);
}

absl::Status Draw(Pdf* pdf, const proto::Request::Draw& request, int result, proto::Reply* reply) {
  const absl::StatusOr<FittedJpeg> jpeg =
      pdf->Produce(request.page(), FromProto(request.row()), FromProto(request.options()),
                   request.max_payload());
  if (!jpeg.ok()) return jpeg.status();
  reply->set_result_bytes(jpeg->payload.size());
  reply->set_quality(jpeg->quality);
  reply->set_softened(jpeg->softened);
  return WriteResult(result, jpeg->payload);
}

absl::Status Serve(OpenDocuments* documents, const proto::Request& request, UniqueFd source,
                   int result, proto::Reply* reply) {
  const absl::StatusOr<Pdf*> pdf =
      documents->Get(request.source_key(), request.source_bytes(), std::move(source));
  if (!pdf.ok()) return pdf.status();
  switch (request.what_case()) {
    case proto::Request::kProbe:
      reply->set_page_count((*pdf)->page_count());
      return absl::OkStatus();
    case proto::Request::kAnalyse:
      return Analyse(*pdf, request.analyse(), result, reply);
    case proto::Request::kDraw:
      return Draw(*pdf, request.draw(), result, reply);
    case proto::Request::WHAT_NOT_SET:
      break;
  }
  return absl::InternalError("an unknown kind of request");
}

// After this the worker shall have no file system, no network and no way to make processes: the
// seccomp filter and what else the sandbox becomes goes here, where everything that needs them
// has been done and nothing from outside has been looked at. Nothing is closed yet.
void CloseSandbox() {}

}  // namespace

int ServeRequests(PdfEngine* engine, int socket) {
  OpenDocuments documents(engine);
  CloseSandbox();
  if (!SendMessage(socket, MakeHello(), {}, Wait::kYes).ok()) return 1;
  while (true) {
    proto::Request request;
    absl::StatusOr<std::vector<UniqueFd>> descriptors =
        ReceiveMessage(socket, kMaxDescriptors, Wait::kYes, &request);
    if (absl::IsUnavailable(descriptors.status())) return 0;
    const size_t expected = request.has_probe() ? 1 : 2;
    if (!descriptors.ok() || descriptors->size() != expected) return 1;

    proto::Reply reply;
    reply.set_id(request.id());
    absl::Status status;
    bool exhausted = false;
    try {
      status = Serve(&documents, request, std::move(descriptors->front()),
                     descriptors->back().get(), &reply);
    } catch (const std::bad_alloc&) {
      status = absl::ResourceExhaustedError("memory ended");
      exhausted = true;
    }
    if (!status.ok()) {
      reply.Clear();
      reply.set_id(request.id());
      SetFailure(status, &reply);
    }
    // What was open may be what filled the memory.
    if (absl::IsResourceExhausted(status) && !exhausted) documents.Clear();
    descriptors->clear();
    if (!SendMessage(socket, reply, {}, Wait::kYes).ok()) return 1;
    // An exception may have left MuPDF's own stack of handlers in disorder.
    if (exhausted) return 1;
  }
}

}  // namespace cbzfs
