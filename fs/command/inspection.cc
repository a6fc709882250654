#include "fs/command/inspection.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "codecs/document/format_names.h"
#include "codecs/zip/comic_info.h"
#include "fs/command/await.h"
#include "fs/command/crowd.h"
#include "fs/core/names.h"
#include "fs/core/page_recipe.h"
#include "fs/core/services.h"

namespace cbzfs {
namespace {

// The file beside the comic that says what it is, as a mount of its folder finds it.
SidecarPointer SidecarOf(const Services& services, const std::string& name) {
  const size_t slash = name.rfind('/');
  auto folder = services.library->List(slash == name.npos ? "" : name.substr(0, slash));
  if (!folder.ok()) return nullptr;
  const NameMap names(
      std::move(folder->names),
      [](SourceFormat format) {
        std::vector<Wish> wishes;
        if (HasDrawnPages(format)) wishes.push_back({.ending = ".cbz"});
        return wishes;
      },
      services.options.show_hidden);
  const NameMap::Entry* const entry =
      names.FindSource(slash == name.npos ? name : name.substr(slash + 1));
  return entry == nullptr ? nullptr : FindSidecar(*services.library, name, entry->sidecar);
}

absl::StatusOr<std::shared_ptr<const OpenBook>> OpenComic(const Services& services,
                                                          const std::string& name, bool enhanced) {
  const auto format = FormatOfName(name);
  if (!format.has_value()) {
    return absl::InvalidArgumentError(
        "its name is that of no comic (a PDF, XPS, EPUB or archive, or an image)");
  }
  if (*format == SourceFormat::kImage && !enhanced) {
    return absl::InvalidArgumentError("an image is handed on as it is; try --enhance");
  }
  SourceKey key;
  auto file = services.library->OpenFile(name, &key, *format);
  if (!file.ok()) return file.status();
  const Book::Identity identity = {
      .source = {.key = key,
                 .format = *format,
                 .enhanced = enhanced,
                 .sidecar = SidecarOf(services, name)},
      .stem = std::string(StemOfPath(name)),
      .rendition = enhanced ? Rendition::kEnhanced : Rendition::kPlain};
  auto made = Await<Books::Pointer>([&](auto done) {
    services.books->Get(name, identity, Priority::kStat, std::move(done));
    return 0;
  });
  if (!made.ok()) return made.status();
  return HoldOpen(name, *std::move(file), *std::move(made));
}

InspectedPage FactsOf(const Book& book, uint32_t page) {
  const Page& row = book.row(page);
  InspectedPage facts{.kind = row.kind, .why = row.why_drawn, .gray = row.gray};
  const PageMaker maker = MakerOf(book, page);
  if (book.layout() == nullptr) {
    facts.name = book.entry(page)->name;
    facts.bytes = book.entry(page)->bytes;
  } else {
    facts.name = book.layout()->PageName(page);
    facts.made = maker == PageMaker::kWorker || maker == PageMaker::kPlain;
    facts.bytes = row.is_other() ? book.entry(page)->bytes : book.layout()->PageDataBytes(page);
    if (facts.made) facts.slot = book.layout()->Body(page).max_payload;
  }
  if (!row.is_other()) {
    facts.width = row.width;
    facts.height = row.height;
    facts.dpi = row.dpi;
  }
  return facts;
}

absl::StatusOr<Drawn> DrawFrom(const Services& services, const OpenBook& book, uint32_t page) {
  const auto draw = [&](std::shared_ptr<const SourceFile> source, const DrawRequest& request) {
    return Await<Drawn>([&](auto done) {
      return services.pool->Draw(std::move(source), request, Priority::kReader, std::move(done));
    });
  };
  if (!book.book->MadeOfPlain(page)) {
    return draw(book.file, RequestFor(*book.book, page, services.options.analyse));
  }
  const uint32_t row = book.book->row_index(page);
  const auto body = Await<PageStore::Pointer>([&](auto done) {
    return services.pages->Get(book.plain, row, Priority::kReader, std::move(done));
  });
  if (!body.ok()) return body.status();
  auto image = ImageOfPlain(*book.plain->book, row, **body);
  if (!image.ok()) return image.status();
  const DrawRequest request = RequestFor(*book.book, page, services.options.analyse, **image);
  return draw(*std::move(image), request);
}

void DrawPage(const Services& services, const OpenBook& book, uint32_t page, InspectedPage* facts) {
  absl::StatusOr<Drawn> drawn = DrawFrom(services, book, page);
  if (!drawn.ok()) {
    facts->failure = std::string(drawn.status().message());
    return;
  }
  facts->drawn = true;
  facts->image_bytes = drawn->payload.size();
  facts->quality = drawn->quality;
  facts->softened = drawn->softened;
  facts->note = std::move(drawn->note);
}

}  // namespace

absl::StatusOr<InspectedComic> InspectComic(Filesystem& filesystem, const std::string& name,
                                            bool enhanced, bool draw) {
  const Services& services = *filesystem.services();
  const auto book = OpenComic(services, name, enhanced);
  if (!book.ok()) return book.status();
  const OpenBook& open = **book;
  const Document& document = open.book->document();
  InspectedComic comic{.file = name,
                       .info = BookInfo(document, StemOfPath(name)),
                       .asked_quality = services.options.analyse.quality};
  if (open.book->layout() != nullptr) comic.bytes = open.book->layout()->size();
  for (const Note& note : document.notes) {
    const PageLine line = LineOf(document, open.book->format(), note.page, note.text);
    comic.notes.push_back(line.number == 0 ? line.reason
                                           : absl::StrCat("page ", line.number, ": ", line.reason));
  }
  for (uint32_t page = 0; page < open.book->page_count(); ++page) {
    comic.pages.push_back(FactsOf(*open.book, page));
  }
  if (!draw) return comic;
  const std::atomic<bool> never = false;
  ForEachOfMany(comic.pages.size(), std::max(services.read_ahead, 2u), never, [&](size_t page) {
    InspectedPage& facts = comic.pages[page];
    if (facts.made) DrawPage(services, open, static_cast<uint32_t>(page), &facts);
  });
  return comic;
}

}  // namespace cbzfs
