#include "tests/codecs/zip/virtual_book.h"

#include <zlib.h>

#include <cstdio>
#include <cstdlib>

namespace cbzfs::testing {

VirtualBook::VirtualBook(Parts parts) : parts_(std::move(parts)) {
  auto layout = Layout::Create(std::make_shared<const Document>(parts_.document), parts_.stem,
                               parts_.identity, parts_.options);
  if (!layout.ok()) {
    std::fprintf(stderr, "no layout: %s\n", layout.status().ToString().c_str());
    std::abort();
  }
  layout_ = *std::move(layout);
  parts_.payloads.resize(parts_.document.pages.size());
  bodies_.resize(parts_.document.pages.size());
}

const Body& VirtualBook::body(uint32_t page) {
  if (bodies_[page] != nullptr) return *bodies_[page];
  ++bodies_made_;
  const BodySpec spec = layout_->Body(page);
  if (parts_.document.pages[page].kind == PageKind::kOriginal) {
    // zlib is the independent oracle for every CRC in these tests.
    const std::string data = ReadPieces(layout_->OriginalData(page));
    const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size());
    bodies_[page] = Body::Original(spec, static_cast<uint32_t>(crc), data.size());
  } else if (parts_.document.pages[page].kind == PageKind::kUnpacked) {
    bodies_[page] = Body::Raw(parts_.payloads[page]);
  } else {
    auto body = Body::Drawn(spec, parts_.payloads[page]);
    if (!body.ok()) {
      std::fprintf(stderr, "no body: %s\n", body.status().ToString().c_str());
      std::abort();
    }
    bodies_[page] = *std::move(body);
  }
  return *bodies_[page];
}

std::string VirtualBook::ReadPieces(const std::vector<Piece>& pieces) {
  std::string bytes;
  for (const Piece& piece : pieces) {
    const size_t at = bytes.size();
    bytes.resize(at + piece.size);
    switch (piece.kind) {
      case Piece::Kind::kLiteral:
        layout_->ReadLiteral(piece, &bytes[at]);
        break;
      case Piece::Kind::kSource:
        bytes.replace(at, piece.size, parts_.source.substr(piece.source_offset, piece.size));
        break;
      case Piece::Kind::kBody:
        body(piece.page).Read(piece.body_offset, {&bytes[at], piece.size});
        break;
    }
  }
  return bytes;
}

std::string VirtualBook::Read(uint64_t offset, uint64_t size) {
  return ReadPieces(layout_->Map(offset, size));
}

std::string VirtualBook::PageData(uint32_t page) {
  return Read(layout_->PageDataOffset(page), layout_->PageDataBytes(page));
}

std::string RandomBytes(std::mt19937_64& random, size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

namespace {

uint32_t Pick(std::mt19937_64& random, uint32_t low, uint32_t high) {
  return std::uniform_int_distribution<uint32_t>(low, high)(random);
}

Page RandomPage(std::mt19937_64& random, size_t source_bytes, size_t inserts) {
  Page page{.kind = static_cast<PageKind>(Pick(random, 0, 2)),
            .width = Pick(random, 1, 5000),
            .height = Pick(random, 1, 5000),
            .dpi = static_cast<float>(Pick(random, 0, 6000)) / 10,
            .gray = Pick(random, 0, 1) == 1};
  if (page.kind != PageKind::kOriginal) {
    page.payload_bytes = Pick(random, 0, 9) == 0 ? Pick(random, 0, 200'000) : Pick(random, 0, 9000);
    return page;
  }
  page.source_bytes = Pick(random, 2, 9000);
  page.source_offset = Pick(random, 0, static_cast<uint32_t>(source_bytes - page.source_bytes));
  if (Pick(random, 0, 1) == 1) {
    page.insert = static_cast<int32_t>(Pick(random, 0, static_cast<uint32_t>(inserts - 1)));
    page.insert_at = Pick(random, 2, static_cast<uint32_t>(page.source_bytes));
  }
  return page;
}

}  // namespace

VirtualBook::Parts RandomBook(std::mt19937_64& random, uint32_t page_count,
                              const LayoutOptions& options) {
  static const std::vector<std::string> kStems = {"Plain",
                                                  "",
                                                  "Mit Umlaut \u00e4\u00f6\u00fc",
                                                  std::string(255, 'x'),
                                                  "bad \xff\xfe utf-8",
                                                  "a\nb,\x01 c & <d>"};
  VirtualBook::Parts book{.options = options};
  book.source = RandomBytes(random, 20'000);
  book.stem = kStems[Pick(random, 0, static_cast<uint32_t>(kStems.size() - 1))];
  book.identity = {random(), random()};
  if (Pick(random, 0, 1) == 1) {
    book.document.info = {{ComicField::kTitle, "A title"}, {ComicField::kWriter, "An author"}};
  }
  for (int i = 0; i < 3; ++i) {
    book.document.inserts.push_back(RandomBytes(random, Pick(random, 0, 5000)));
  }
  for (uint32_t i = 0; i < page_count; ++i) {
    book.document.pages.push_back(
        RandomPage(random, book.source.size(), book.document.inserts.size()));
  }
  // Slots may be rounded up, so the most that fits is known only to the layout.
  const VirtualBook sizes(book);
  for (uint32_t i = 0; i < page_count; ++i) {
    const uint64_t most = sizes.layout().Body(i).max_payload;
    const uint64_t spared = Pick(random, 0, 5);
    uint64_t size = most > spared ? most - spared : 0;
    if (spared == 5) size = Pick(random, 0, static_cast<uint32_t>(most));
    if (Pick(random, 0, 7) == 0) size = 0;
    book.payloads.push_back(RandomBytes(random, size));
  }
  return book;
}

}  // namespace cbzfs::testing
