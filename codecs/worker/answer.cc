#include "codecs/worker/answer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "codecs/document/document_codec.h"
#include "codecs/worker/protocol.h"
#include "codecs/worker/result_file.h"

namespace cbzfs {
namespace {

// PDF_MAX_OBJECT_NUMBER of MuPDF: each page is an object.
constexpr uint32_t kMaxPageCount = 8'388'607;

absl::StatusOr<Job::Answer> ReadProbe(const proto::Reply& reply) {
  if (reply.page_count() == 0 || reply.page_count() > kMaxPageCount) {
    return absl::DataLossError("an impossible number of pages");
  }
  return ProbeResult{reply.page_count()};
}

absl::StatusOr<Job::Answer> ReadDocument(const Job& job, const proto::Reply& reply, int result) {
  const absl::StatusOr<std::string> bytes =
      CollectResult(result, reply.result_bytes(), job.ResultCapacity());
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<Document> document = DecodeDocument(*bytes, job.source->bytes());
  if (!document.ok()) return absl::DataLossError("the worker's page table is impossible");
  // What an archive has beside its images is handed on and is no page.
  const auto pages = std::count_if(document->pages.begin(), document->pages.end(),
                                   [](const Page& page) { return !page.is_other(); });
  if (static_cast<uint64_t>(pages) > job.analysis.options.max_pages) {
    return absl::DataLossError("a page table longer than asked for");
  }
  return *std::move(document);
}

absl::StatusOr<Job::Answer> ReadDrawing(const Job& job, const proto::Reply& reply, int result) {
  const bool entry = job.draw.finish == Finish::kEntry;
  if (reply.quality() > 100 || (!entry && reply.result_bytes() == 0) ||
      (entry && reply.result_bytes() != job.draw.entry_bytes)) {
    return absl::DataLossError("an impossible drawing");
  }
  absl::StatusOr<std::string> payload =
      CollectResult(result, reply.result_bytes(), job.ResultCapacity());
  if (!payload.ok()) return payload.status();
  return Drawn{.payload = *std::move(payload),
               .quality = reply.quality(),
               .softened = reply.softened(),
               .note = PrintableLine(reply.message())};
}

}  // namespace

proto::Request MakeRequest(const Job& job) {
  proto::Request request;
  request.set_id(job.id);
  request.set_source_key(job.source->key());
  request.set_source_bytes(job.source->bytes());
  request.set_format(static_cast<uint32_t>(job.source->format()));
  for (const std::string& password : job.source->passwords()) request.add_passwords(password);
  const bool second = job.failed.has_value();
  request.set_fresh(second);
  switch (job.kind) {
    case Job::Kind::kProbe:
      request.mutable_probe();
      break;
    case Job::Kind::kAnalyse:
      *request.mutable_analyse()->mutable_options() = ToProto(job.analysis.options);
      if (job.analysis.sidecar != nullptr) {
        request.mutable_analyse()->set_sidecar_bytes(job.analysis.sidecar->bytes());
      }
      // What is drawn small to find slots may be what hangs, kills or takes the memory; without it
      // every page but the bad one can still be read. It gives other slots, so never because
      // somebody else killed a worker: the same file has the same size on every mount.
      request.mutable_analyse()->set_sparing(second && job.failed->MayBeTheDocument());
      break;
    case Job::Kind::kDraw: {
      proto::Request::Draw* const draw = request.mutable_draw();
      draw->set_page(job.draw.page);
      *draw->mutable_row() = ToProto(job.draw.row);
      *draw->mutable_options() = ToProto(job.draw.options);
      draw->set_max_payload(job.draw.max_payload);
      draw->set_exact(job.draw.exact);
      draw->set_finish(static_cast<uint32_t>(job.draw.finish));
      draw->set_width(job.draw.width);
      draw->set_height(job.draw.height);
      draw->set_entry(job.draw.entry);
      draw->set_entry_bytes(job.draw.entry_bytes);
      if (job.draw.finish == Finish::kReader) {
        *draw->mutable_reader() = ToProto(job.draw.reader);
        draw->set_part(static_cast<uint32_t>(job.draw.part));
        draw->set_icc(job.draw.icc);
      }
      break;
    }
  }
  return request;
}

absl::StatusOr<Job::Answer> ReadAnswer(const Job& job, const proto::Reply& reply, int result) {
  switch (job.kind) {
    case Job::Kind::kProbe:
      return ReadProbe(reply);
    case Job::Kind::kAnalyse:
      return ReadDocument(job, reply, result);
    case Job::Kind::kDraw:
      return ReadDrawing(job, reply, result);
  }
  return absl::InternalError("an unknown kind of job");
}

}  // namespace cbzfs
