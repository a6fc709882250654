#include "fs/core/page_recipe.h"

#include <xxhash.h>

#include <array>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cbzfs {
namespace {

constexpr char kSoi[] = "\xFF\xD8";
constexpr char kEoi[] = "\xFF\xD9";

// Where pages have all the room they want they take far less: half a byte a pixel is more than 99
// in 100 have.
constexpr uint64_t kRoomInLikely = 4;

Finish FinishOf(Rendition rendition) {
  if (rendition == Rendition::kReader) return Finish::kReader;
  return rendition == Rendition::kEnhanced ? Finish::kEnhanced : Finish::kThumbnail;
}

// The colour profile that stands in front of the made page; empty for most.
const std::string& ProfileOf(const Book& book, uint32_t page) {
  static const std::string* const kNone = new std::string;
  const Page& row = book.row(page);
  const bool in_colour = book.rendition() == Rendition::kEnhanced ||
                         (book.rendition() == Rendition::kReader && !book.profile().is_gray());
  const bool profile = in_colour && row.kind == PageKind::kOriginal && row.insert >= 0;
  return profile ? book.document().inserts[row.insert] : *kNone;
}

}  // namespace

PageMaker MakerOf(const Book& book, uint32_t page) {
  const Page& row = book.row(page);
  if (book.rendition() == Rendition::kPlain) {
    return row.kind == PageKind::kOriginal ? PageMaker::kSeal : PageMaker::kWorker;
  }
  if (book.IsOfPlain(page)) return PageMaker::kShared;
  if (row.is_other() || book.rendition() == Rendition::kRepacked) {
    return PageMaker::kNobody;
  }
  return book.MadeOfPlain(page) ? PageMaker::kPlain : PageMaker::kWorker;
}

DrawRequest RequestFor(const Book& book, uint32_t page, const AnalyseOptions& options) {
  DrawRequest request;
  request.page = book.row_index(page);
  request.row = book.row(page);
  request.options = options;
  if (const ArchiveEntry* entry = book.entry(page)) {
    request.entry = entry->index;
    request.entry_bytes = entry->bytes;
  }
  // The source is the image alone.
  if (book.format() == SourceFormat::kFolder) {
    request.page = 0;
    request.entry = 0;
    request.entry_bytes = 0;
  }
  if (book.layout() == nullptr) {
    request.finish = Finish::kEntry;
    return request;
  }
  request.max_payload = book.layout()->Body(page).max_payload - ProfileOf(book, page).size();
  // One that is unwrapped takes just what it says.
  if (book.tight() && request.row.kind != PageKind::kExtracted) {
    request.exact = true;
    request.likely_payload = request.max_payload / kRoomInLikely;
  }
  if (book.rendition() == Rendition::kPlain) return request;
  request.finish = FinishOf(book.rendition());
  const Page& made = book.layout()->document().pages[page];
  request.width = made.width;
  request.height = made.height;
  request.reader = book.profile();
  request.part = book.part(page);
  return request;
}

DrawRequest RequestFor(const Book& book, uint32_t page, const AnalyseOptions& options,
                       const SourceFile& image) {
  DrawRequest request = RequestFor(book, page, options);
  request.row = {.kind = PageKind::kImage,
                 .width = request.row.width,
                 .height = request.row.height,
                 .gray = request.row.gray,
                 .source_bytes = image.bytes()};
  return request;
}

absl::StatusOr<std::shared_ptr<const SourceFile>> ImageOfPlain(const Book& plain, uint32_t page,
                                                               const Body& body) {
  const std::array<uint64_t, 2> words = {plain.id(), page};
  // Without the APP0 of a drawn page: it says nothing about the pixels.
  return SourceFile::OfImage(absl::StrCat(kSoi, body.payload(), kEoi),
                             XXH3_64bits(words.data(), sizeof(words)));
}

bool CanBeNotice(const Book& book, uint32_t page) {
  const PageMaker maker = MakerOf(book, page);
  return book.layout() != nullptr && (maker == PageMaker::kWorker || maker == PageMaker::kPlain);
}

absl::StatusOr<NoticeOrder> OrderNotice(const Book& book, uint32_t page,
                                        const AnalyseOptions& options, std::string_view text) {
  const Page& place = book.layout()->document().pages[page];
  NoticeOrder order;
  order.request.page = book.row_index(page);
  // Gray, whatever the page is: it takes a third of the memory.
  order.request.row = {.kind = PageKind::kDrawn,
                       .width = place.width,
                       .height = place.height,
                       .dpi = place.dpi,
                       .gray = true};
  order.request.options = options;
  order.request.max_payload = book.layout()->Body(page).max_payload;
  if (book.tight()) order.request.likely_payload = order.request.max_payload / kRoomInLikely;
  // A failure is remembered by this: in a larger place the same text may fit.
  const std::array<uint64_t, 4> words = {XXH3_64bits(text.data(), text.size()), place.width,
                                         place.height, order.request.max_payload};
  auto file = SourceFile::OfNotice(text, XXH3_64bits(words.data(), sizeof(words)));
  if (!file.ok()) return file.status();
  order.text = *std::move(file);
  return order;
}

absl::StatusOr<std::shared_ptr<const Body>> BodyOfNotice(const Book& book, uint32_t page,
                                                         Drawn drawn) {
  return Body::Drawn(book.layout()->Body(page), std::move(drawn.payload));
}

absl::StatusOr<std::shared_ptr<const Body>> BodyOf(const Book& book, uint32_t page, Drawn drawn) {
  if (book.layout() == nullptr) return Body::Raw(std::move(drawn.payload));
  const std::string& profile = ProfileOf(book, page);
  if (!profile.empty()) drawn.payload.insert(0, profile);
  auto body = Body::Drawn(book.layout()->Body(page), std::move(drawn.payload));
  if (absl::IsResourceExhausted(body.status())) return absl::DataLossError(body.status().message());
  return body;
}

}  // namespace cbzfs
