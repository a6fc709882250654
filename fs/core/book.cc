#include "fs/core/book.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "codecs/document/picture_size.h"
#include "codecs/document/reading_order.h"
#include "fs/core/reader_book.h"

namespace cbzfs {
namespace {

constexpr char kInfoName[] = "ComicInfo.xml";

// Of renditions whose pages are all that is ever shown.
constexpr LayoutOptions kNoArchive = {.guard = 0, .comic_info = false, .comment = false};

// The pages of a comic as a reader shows them.
std::vector<uint32_t> PagesInOrder(const Document& document) {
  std::vector<uint32_t> rows;
  for (uint32_t i = 0; i < document.pages.size(); ++i) {
    if (!document.pages[i].is_other()) rows.push_back(i);
  }
  if (document.entries.empty()) return rows;
  std::sort(rows.begin(), rows.end(), [&](uint32_t a, uint32_t b) {
    return ReadBefore(document.entries[a].name, document.entries[b].name);
  });
  return rows;
}

std::vector<uint32_t> AllRows(const Document& document) {
  std::vector<uint32_t> rows(document.pages.size());
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

// All but entries whose bytes are nowhere: the archive's directory lied about them.
std::vector<uint32_t> RowsWithBytes(const Document& document) {
  std::vector<uint32_t> rows = AllRows(document);
  std::erase_if(rows, [&](uint32_t i) {
    return document.pages[i].kind == PageKind::kRaw && document.pages[i].source_bytes == 0 &&
           document.entries[i].bytes > 0;
  });
  return rows;
}

std::vector<uint32_t> RowsFor(Rendition rendition, const Document& document) {
  switch (rendition) {
    case Rendition::kPlain:
      return AllRows(document);
    case Rendition::kEnhanced:
    case Rendition::kRepacked:
    case Rendition::kReader:
      return RowsWithBytes(document);
    case Rendition::kThumbnails:
    case Rendition::kCover:
      return PagesInOrder(document);
  }
  return {};
}

// A page that a worker makes anew: only its size, its slot and its gray count.
Page MadePage(const Page& row, PictureSize size, uint64_t payload) {
  Page page;
  page.width = size.width;
  page.height = size.height;
  page.gray = row.gray;
  page.payload_bytes = static_cast<uint32_t>(payload);
  return page;
}

std::shared_ptr<Document> EnhancedDocument(const Document& source,
                                           const std::vector<uint32_t>& rows) {
  auto document = std::make_shared<Document>();
  document->info = source.info;
  document->marks = source.marks;  // only a PDF has any, and of that every page is here
  document->pages.reserve(rows.size());
  for (const uint32_t index : rows) {
    const Page& row = source.pages[index];
    if (!source.entries.empty()) document->entries.push_back(source.entries[index]);
    if (row.is_other()) {
      document->pages.push_back(row);
      continue;
    }
    // The colour profile of an original page stands in front of the enhanced one, too.
    const uint64_t profile =
        row.kind == PageKind::kOriginal && row.insert >= 0 ? source.inserts[row.insert].size() : 0;
    document->pages.push_back(MadePage(row, {row.width, row.height}, row.enhanced_bytes + profile));
    document->pages.back().dpi = row.dpi;
  }
  return document;
}

// Every entry is handed on: unpacked, or as a ZIP that is called otherwise has it.
std::shared_ptr<Document> RepackedDocument(const Document& source,
                                           const std::vector<uint32_t>& rows) {
  auto document = std::make_shared<Document>();
  document->pages.reserve(rows.size());
  document->entries.reserve(rows.size());
  for (const uint32_t index : rows) {
    const Page& row = source.pages[index];
    const bool unpacked = row.packed() || row.kind == PageKind::kUnpacked;
    document->pages.push_back({.kind = unpacked ? PageKind::kUnpacked : PageKind::kRaw,
                               .width = 1,
                               .height = 1,
                               .source_offset = row.source_offset,
                               .source_bytes = row.source_bytes});
    document->entries.push_back(source.entries[index]);
  }
  return document;
}

std::shared_ptr<Document> SmallDocument(const Document& source, const std::vector<uint32_t>& rows,
                                        const Options& options, bool cover) {
  auto document = std::make_shared<Document>();
  document->pages.reserve(rows.size());
  for (const uint32_t index : rows) {
    const Page& row = source.pages[index];
    const PictureSize whole = {row.width, row.height};
    const PictureSize size = cover ? FitInside(whole, {UINT32_MAX, options.cover_height})
                                   : FitInside(whole, {options.thumb_size, options.thumb_size});
    document->pages.push_back(MadePage(row, size, ThumbnailPayload(size)));
  }
  return document;
}

// More than any JPEG of so many pixels takes at any quality: of 4:2:0 a pixel has one and a half
// samples, and noise at quality 100 takes less than one and a half bytes a sample.
uint32_t RoomFor(const Page& page) {
  const uint64_t pixels = uint64_t{page.width} * page.height;
  return static_cast<uint32_t>((64 << 10) + pixels * (page.gray ? 2 : 3));
}

std::shared_ptr<const Document> WithRoom(const Document& document) {
  auto roomy = std::make_shared<Document>(document);
  for (Page& page : roomy->pages) {
    if (page.kind != PageKind::kDrawn) continue;
    page.payload_bytes = std::max(page.payload_bytes, RoomFor(page));
  }
  return roomy;
}

// What the bytes depend on beside the source.
uint64_t OptionsOf(const Book::Identity& identity, const Options& options) {
  AnalyseOptions analyse = options.analyse;
  const bool reader = identity.rendition == Rendition::kReader;
  analyse.enhanced = identity.rendition == Rendition::kEnhanced || reader;
  const uint64_t hash = HashOf(analyse) ^ (reader ? HashOf(identity.profile) : 0);
  if (identity.rendition == Rendition::kPlain && !options.tight) return hash;
  const std::array<uint64_t, 3> words = {hash, static_cast<uint64_t>(identity.rendition), 1};
  // The third word came later.
  return XXH3_64bits(words.data(), options.tight ? sizeof(words) : sizeof(uint64_t) * 2);
}

}  // namespace

uint64_t Book::IdOf(const Identity& identity) {
  const std::array<uint64_t, 4> words = {HashOf(identity.source.key),
                                         static_cast<uint64_t>(identity.source.format),
                                         static_cast<uint64_t>(identity.rendition),
                                         XXH3_64bits(identity.stem.data(), identity.stem.size())};
  uint64_t seed = HashOf(identity.source.sidecar);
  if (identity.rendition == Rendition::kReader) seed ^= HashOf(identity.profile);
  return XXH3_64bits_withSeed(words.data(), sizeof(words), seed);
}

absl::StatusOr<std::shared_ptr<const Book>> Book::Make(const Identity& identity,
                                                       std::shared_ptr<const KnownDocument> known,
                                                       const Options& options) {
  std::shared_ptr<Book> book(new Book(identity, std::move(known)));
  if (absl::Status status = book->Build(options); !status.ok()) return status;
  return book;
}

absl::Status Book::Build(const Options& options) {
  id_ = IdOf(identity_);
  tight_ = options.tight;
  rows_ = RowsFor(rendition(), document());
  if (rows_.empty()) return absl::NotFoundError("the comic has no pages");
  if (rendition() == Rendition::kCover) rows_.erase(rows_.begin() + 1, rows_.end());
  if (rendition() == Rendition::kPlain && !HasDrawnPages(format())) return absl::OkStatus();

  std::shared_ptr<const Document> made;
  LayoutOptions layout = options.layout;
  if (rendition() == Rendition::kPlain) {
    made = known_->document;
  } else if (rendition() == Rendition::kEnhanced) {
    made = EnhancedDocument(document(), rows_);
    if (format() == SourceFormat::kImage) layout = kNoArchive;
  } else if (rendition() == Rendition::kRepacked) {
    if (!IsArchive(format())) {
      return absl::InvalidArgumentError("no archive that could be repacked");
    }
    made = RepackedDocument(document(), rows_);
  } else if (rendition() == Rendition::kReader) {
    ReaderBook book = MakeReaderBook(document(), rows_, profile(), options.analyse.quality);
    rows_ = std::move(book.rows);
    parts_ = std::move(book.parts);
    if (rows_.empty()) return absl::NotFoundError("the comic has no pages");
    made = std::move(book.document);
  } else {
    made = SmallDocument(document(), rows_, options, rendition() == Rendition::kCover);
    layout = kNoArchive;
  }
  if (tight_) {
    made = WithRoom(*made);
    layout.guard = 0;
  }
  auto created = Layout::Create(std::move(made), identity_.stem,
                                {known_->fingerprint, OptionsOf(identity_, options)}, layout);
  if (!created.ok()) return created.status();
  layout_ = *std::move(created);

  bool needs_plain = false;
  for (uint32_t page = 0; page < page_count() && !needs_plain; ++page) {
    needs_plain = MadeOfPlain(page) || IsOfPlain(page);
  }
  if (!needs_plain) return absl::OkStatus();
  Identity plain = identity_;
  plain.rendition = Rendition::kPlain;
  plain.profile = ReaderProfile();
  plain.source.enhanced = false;
  // The views that show the archive as it is know it by this.
  if (plain.source.format == SourceFormat::kMisnamed) plain.source.format = SourceFormat::kArchive;
  auto plain_book = Make(plain, known_, options);
  if (!plain_book.ok()) return plain_book.status();
  plain_ = *std::move(plain_book);
  return absl::OkStatus();
}

const ArchiveEntry* Book::entry(uint32_t page) const {
  return document().entries.empty() ? nullptr : &document().entries[rows_[page]];
}

// By the table alone, never by what happens to be in a cache: the same page must come out the same.
bool Book::MadeOfPlain(uint32_t page) const {
  if (rendition() == Rendition::kPlain || !HasDrawnPages(format())) return false;
  const Page& source = row(page);
  if (source.kind == PageKind::kOriginal) return false;
  // The image itself, decoded small, is less work than the page.
  const bool small = rendition() == Rendition::kThumbnails || rendition() == Rendition::kCover;
  return !small || !source.lone_image;
}

bool Book::IsOfPlain(uint32_t page) const {
  if (rendition() == Rendition::kPlain) return false;
  if (entry(page) == nullptr || entry(page)->bytes == 0) return false;
  return row(page).kind == PageKind::kUnpacked ||
         (rendition() == Rendition::kRepacked && row(page).packed());
}

uint64_t Book::BytesOf(const BookPart& part) const {
  if (layout_ == nullptr) return part.kind == BookPart::Kind::kPage ? entry(part.page)->bytes : 0;
  return ExtentOf(part).bytes;
}

Extent Book::ExtentOf(const BookPart& part) const {
  switch (part.kind) {
    case BookPart::Kind::kWhole:
      return {0, layout_->size()};
    case BookPart::Kind::kPage:
      return {layout_->PageDataOffset(part.page), layout_->PageDataBytes(part.page)};
    case BookPart::Kind::kInfo:
      return {layout_->InfoDataOffset(), layout_->InfoDataBytes()};
  }
  return {};
}

BookTree Book::MakeTree() const {
  std::vector<std::pair<std::string, BookPart>> files;
  files.reserve(page_count() + 1);
  if (rendition() == Rendition::kPlain && layout_ != nullptr && layout_->InfoDataBytes() > 0) {
    files.push_back({kInfoName, {.kind = BookPart::Kind::kInfo}});
  }
  for (uint32_t page = 0; page < page_count(); ++page) {
    const std::string name = layout_ == nullptr ? entry(page)->name : layout_->PageName(page);
    files.push_back({name, {.kind = BookPart::Kind::kPage, .page = page}});
  }
  return BookTree(files);
}

uint64_t Book::memory_bytes() const {
  // Rows and offsets; the rendition's own table of pages. The source's is charged elsewhere.
  const uint64_t a_page = 5 + 8 + (rendition() == Rendition::kPlain ? 0 : sizeof(Page));
  return 512 + page_count() * a_page + (plain_ == nullptr ? 0 : plain_->memory_bytes());
}

}  // namespace cbzfs
