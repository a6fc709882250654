#include "codecs/worker/request_loop.h"

#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "codecs/comic/entry_comic.h"
#include "codecs/comic/image_comic.h"
#include "codecs/document/document_codec.h"
#include "codecs/document/picture_size.h"
#include "codecs/document/utf8.h"
#include "codecs/metadata/sidecar.h"
#include "codecs/pdf/notice.h"
#include "codecs/picture/picture.h"
#include "codecs/worker/channel.h"
#include "codecs/worker/malloc_watch.h"
#include "codecs/worker/mapped_file.h"
#include "codecs/worker/open_sources.h"
#include "codecs/worker/protocol.h"
#include "codecs/worker/result_file.h"
#include "codecs/worker/worker_pool.h"
#include "codecs/worker/zygote_server.h"

namespace cbzfs {
namespace {

using Source = OpenSources::Source;

absl::Status Probe(const Source& source, proto::Reply* reply) {
  uint32_t pages = 1;
  if (source.pdf != nullptr) {
    pages = source.pdf->page_count();
  } else if (source.paged != nullptr) {
    pages = source.paged->page_count();
  } else if (source.archive != nullptr) {
    const absl::StatusOr<uint32_t> images = source.archive->CountImages();
    if (!images.ok()) return images.status();
    pages = *images;
  } else if (absl::Status status = CheckImage(source.file); !status.ok()) {
    return status;
  }
  reply->set_page_count(pages);
  return absl::OkStatus();
}

// What the sidecar says goes into the document; what is wrong with it, into its notes.
absl::Status TakeSidecar(int sidecar, uint64_t bytes, Document* document) {
  const absl::StatusOr<MappedFile> mapped = MappedFile::Map(sidecar, bytes);
  if (!mapped.ok()) return mapped.status();
  const absl::Span<const uint8_t> text = mapped->bytes();
  const absl::StatusOr<Sidecar> said =
      ReadSidecar({reinterpret_cast<const char*>(text.data()), text.size()});
  if (said.ok()) {
    AddSidecar(*said, document);
  } else if (!absl::IsNotFound(said.status()) && document->notes.size() < kMaxNotes) {
    document->notes.push_back(
        {.text = PrintableText("the file beside it that should say what it is: " +
                                   std::string(said.status().message()),
                               kMaxInfoBytes)});
  }
  return absl::OkStatus();
}

absl::Status Analyse(const Source& source, const proto::Request::Analyse& request, int result,
                     int sidecar, proto::Reply* reply) {
  const AnalyseOptions options = FromProto(request.options());
  absl::StatusOr<Document> document =
      source.pdf != nullptr       ? source.pdf->Analyse(options, request.sparing())
      : source.paged != nullptr   ? source.paged->Analyse(options, request.sparing())
      : source.archive != nullptr ? source.archive->Analyse(options, request.sparing())
                                  : AnalyseImage(source.file, options, request.sparing());
  if (!document.ok()) return document.status();
  if (request.sidecar_bytes() > 0) {
    if (auto s = TakeSidecar(sidecar, request.sidecar_bytes(), &*document); !s.ok()) return s;
  }
  const std::string bytes = EncodeDocument(*document);
  reply->set_result_bytes(bytes.size());
  return WriteResult(result, bytes);
}

// A page that is drawn, or a lone image that is drawn small.
absl::StatusOr<MadePicture> DrawPdfPage(Pdf* pdf, const proto::Request::Draw& request,
                                        const PictureRequest& picture) {
  const Page row = FromProto(request.row());
  const AnalyseOptions options = FromProto(request.options());
  absl::StatusOr<FittedImage> jpeg =
      static_cast<Finish>(request.finish()) == Finish::kThumbnail
          ? pdf->ProduceSmall(request.page(), row, options,
                              {.width = picture.width,
                               .height = picture.height,
                               .quality = picture.quality,
                               .max_payload = picture.max_payload,
                               .exact = picture.exact})
          : pdf->Produce(request.page(), row, options, request.max_payload(), request.exact());
  if (!jpeg.ok()) return jpeg.status();
  return MadePicture{.image = *std::move(jpeg), .note = ""};
}

absl::StatusOr<MadePicture> DrawPagedPage(PagedDocument* paged,
                                          const proto::Request::Draw& request) {
  absl::StatusOr<FittedImage> jpeg =
      paged->Produce(request.page(), FromProto(request.row()), FromProto(request.options()),
                     request.max_payload(), request.exact());
  if (!jpeg.ok()) return jpeg.status();
  return MadePicture{.image = *std::move(jpeg), .note = ""};
}

absl::StatusOr<MadePicture> DrawNoticePage(const Source& source, const PictureRequest& picture) {
  const std::string_view text(reinterpret_cast<const char*>(source.file.data()),
                              source.file.size());
  absl::StatusOr<FittedImage> image = DrawNotice(source.notice, text,
                                                 {.width = picture.width,
                                                  .height = picture.height,
                                                  .quality = picture.quality,
                                                  .max_payload = picture.max_payload,
                                                  .format = picture.reader.format,
                                                  .icc = picture.icc});
  if (!image.ok()) return image.status();
  return MadePicture{.image = *std::move(image), .note = ""};
}

absl::StatusOr<MadePicture> MakePage(const Source& source, const proto::Request::Draw& request) {
  const auto finish = static_cast<Finish>(request.finish());
  const AnalyseOptions options = FromProto(request.options());
  const bool small = finish == Finish::kThumbnail;
  const bool reader = finish == Finish::kReader;
  const bool sized = small || reader;
  PictureRequest picture = {.width = sized ? request.width() : request.row().width(),
                            .height = sized ? request.height() : request.row().height(),
                            .quality = small ? kThumbnailQuality : options.quality,
                            .max_payload = request.max_payload(),
                            .exact = request.exact(),
                            .enhance = options.enhance};
  if (reader) {
    picture.reader = FromProto(request.reader());
    picture.quality = picture.reader.quality;
    picture.part = static_cast<PagePart>(request.part());
    picture.page = {request.row().width(), request.row().height()};
    picture.icc = request.icc();
  }
  if (source.notice != nullptr) return DrawNoticePage(source, picture);
  if (source.paged != nullptr) return DrawPagedPage(source.paged, request);
  const auto make = small ? ShrinkPicture : reader ? MakeReaderPage : EnhancePicture;
  if (source.archive != nullptr) return source.archive->MakePage(request.entry(), make, picture);
  if (source.pdf == nullptr) return make(source.file, picture);
  const Page row = FromProto(request.row());
  if (finish == Finish::kPage || row.kind != PageKind::kOriginal) {
    return DrawPdfPage(source.pdf, request, picture);
  }
  std::string buffer;
  return make(source.pdf->Original(row, &buffer), picture);
}

absl::Status Draw(const Source& source, const proto::Request::Draw& request, int result,
                  proto::Reply* reply) {
  if (static_cast<Finish>(request.finish()) == Finish::kEntry) {
    if (source.archive == nullptr) return absl::InternalError("no archive to unpack from");
    const absl::StatusOr<std::string> data =
        source.archive->Read(request.entry(), request.entry_bytes());
    if (!data.ok()) return data.status();
    if (data->size() != request.entry_bytes()) {
      return absl::DataLossError("its data are not as long as they were");
    }
    reply->set_result_bytes(data->size());
    return WriteResult(result, *data);
  }
  const absl::StatusOr<MadePicture> made = MakePage(source, request);
  if (!made.ok()) return made.status();
  reply->set_result_bytes(made->image.payload.size());
  reply->set_quality(made->image.quality);
  reply->set_softened(made->image.softened);
  reply->set_message(PrintableLine(made->note));
  return WriteResult(result, made->image.payload);
}

absl::Status Serve(OpenSources* sources, const proto::Request& request,
                   std::vector<UniqueFd>* descriptors, proto::Reply* reply) {
  // Their number has been looked at.
  const int result = descriptors->size() > 1 ? (*descriptors)[1].get() : -1;
  const int sidecar = descriptors->size() > 2 ? (*descriptors)[2].get() : -1;
  const OpenSources::Key key = {.source = request.source_key(),
                                .format = static_cast<SourceFormat>(request.format()),
                                .bytes = request.source_bytes()};
  if (request.fresh()) sources->Clear();
  const std::vector<std::string> passwords(request.passwords().begin(), request.passwords().end());
  const absl::StatusOr<Source> source =
      sources->Get(key, std::move(descriptors->front()), passwords);
  if (!source.ok()) return source.status();
  switch (request.what_case()) {
    case proto::Request::kProbe:
      return Probe(*source, reply);
    case proto::Request::kAnalyse:
      return Analyse(*source, request.analyse(), result, sidecar, reply);
    case proto::Request::kDraw:
      return Draw(*source, request.draw(), result, reply);
    case proto::Request::WHAT_NOT_SET:
      break;
  }
  return absl::InternalError("an unknown kind of request");
}

}  // namespace

int ServeRequests(const Engines& engines, int socket, const proto::Hello& hello) {
  OpenSources sources(engines);
  if (!SendMessage(socket, hello, {}, Wait::kYes).ok()) return 1;
  while (true) {
    proto::Request request;
    absl::StatusOr<std::vector<UniqueFd>> descriptors =
        ReceiveMessage(socket, kMaxDescriptors, Wait::kYes, &request);
    if (absl::IsUnavailable(descriptors.status())) return 0;
    const bool sidecar = request.has_analyse() && request.analyse().sidecar_bytes() > 0;
    const size_t expected = request.has_probe() ? 1 : sidecar ? 3 : 2;
    if (!descriptors.ok() || descriptors->size() != expected) return 1;

    proto::Reply reply;
    reply.set_id(request.id());
    absl::Status status;
    bool exhausted = false;
    HoldToData(request.data_limit());
    WatchMalloc();
    try {
      status = Serve(&sources, request, &*descriptors, &reply);
    } catch (const std::bad_alloc&) {
      status = absl::ResourceExhaustedError("memory ended");
      exhausted = true;
    }
    if (MemoryEnded()) status = absl::ResourceExhaustedError("memory ended");
    if (!status.ok()) {
      reply.Clear();
      reply.set_id(request.id());
      SetFailure(status, &reply);
    }
    // What was open may be what filled the memory.
    if (absl::IsResourceExhausted(status) && !exhausted) sources.Clear();
    descriptors->clear();
    if (!SendMessage(socket, reply, {}, Wait::kYes).ok()) return 1;
    // An exception may have left MuPDF's own stack of handlers in disorder.
    if (exhausted) return 1;
  }
}

}  // namespace cbzfs
