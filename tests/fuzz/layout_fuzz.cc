// The virtual CBZ as a whole, of any page table: its pieces tile every range, and the archive that
// they make is one by codecs/archive's reading, which shares no code with them. Every entry has the
// name, length and CRC-32 that the directory declares: forced CRCs are the real ones.

#include "codecs/zip/layout.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "codecs/archive/entry_names.h"
#include "codecs/archive/zip_directory.h"
#include "codecs/document/document_codec.h"
#include "codecs/zip/body.h"
#include "codecs/zip/crc_force.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/layout_check.h"

namespace cbzfs {
namespace {

constexpr uint64_t kSourceBytes = 20'000;
// Archives that are longer are not put together.
constexpr uint64_t kMostBytes = 1 << 20;

std::string Source() {
  std::string source(kSourceBytes, '\0');
  uint32_t number = 1;
  for (char& c : source) c = static_cast<char>((number = number * 1'103'515'245 + 12'345) >> 16);
  return source;
}

Page TakePage(fuzz::Input& input, PageKind kind, size_t inserts) {
  Page page{.kind = kind};
  page.width = static_cast<uint32_t>(input.Between(1, 9999));
  page.height = 1 + input.Take<uint8_t>();
  page.dpi = input.Take<uint16_t>() / 8.0f;
  page.gray = input.Flag();
  // Of long slots few, of the shortest some.
  const uint8_t size = input.Take<uint8_t>();
  page.payload_bytes = size < 250 ? size * 200u : static_cast<uint32_t>(input.Between(0, 1 << 30));
  if (kind != PageKind::kOriginal && kind != PageKind::kRaw) return page;
  page.source_offset = input.Between(0, kSourceBytes - 2);
  page.source_bytes = input.Between(2, kSourceBytes - page.source_offset);
  if (kind == PageKind::kOriginal && inserts > 0 && input.Flag()) {
    page.insert = static_cast<int32_t>(input.Between(0, inserts - 1));
    page.insert_at = static_cast<uint32_t>(input.Between(2, page.source_bytes));
  }
  if (kind == PageKind::kRaw) page.width = page.height = 1;
  return page;
}

// Few letters, so that names meet.
std::string TakeName(fuzz::Input& input) {
  static constexpr std::string_view kLetters = "ab/.j~-2";
  static constexpr std::string_view kEnds[] = {".jpg", ".png", "", ".PNG", ".txt", "~1.jpg"};
  std::string name;
  const uint8_t length = input.Take<uint8_t>();
  for (int i = 0; i < length % 7; ++i) name += kLetters[input.Take<uint8_t>() % kLetters.size()];
  if (length > 240) name.append(250, 'x');
  name += kEnds[length % std::size(kEnds)];
  return SafePath(name, false);
}

ArchiveEntry TakeEntry(fuzz::Input& input, std::string name) {
  ArchiveEntry entry{.name = std::move(name)};
  entry.method = input.Take<uint8_t>() % 100;
  // Encrypted, by which check of the password, and what a descriptor says.
  entry.flags = input.Take<uint16_t>();
  entry.dos_time = input.Take<uint32_t>();
  entry.crc = input.Take<uint32_t>();
  entry.bytes = input.Take<uint32_t>() >> 1;
  if (entry.method == 99) entry.extra = std::string("\x01\x99\x07\0\2\0AE\3\x08\0", 11);
  return entry;
}

std::shared_ptr<const Document> TakeDocument(fuzz::Input& input) {
  auto document = std::make_shared<Document>();
  document->info.Add(ComicField::kTitle, input.Text());
  const bool archive = input.Flag();
  const size_t pages = 1 + input.Take<uint8_t>() % 6;
  document->inserts = {"", "\xFF\xE2\1\2" + std::string(256, 'i')};
  std::vector<std::string> names;
  for (size_t i = 0; archive && i < pages; ++i) names.push_back(TakeName(input));
  MakePathsUnique(&names);
  for (size_t i = 0; i < pages; ++i) {
    const uint8_t kind = input.Take<uint8_t>();
    if (archive) {
      document->pages.push_back(
          TakePage(input, kind % 2 == 0 ? PageKind::kDrawn : PageKind::kRaw, 0));
      document->entries.push_back(TakeEntry(input, names[i]));
    } else {
      document->pages.push_back(
          TakePage(input, static_cast<PageKind>(kind % 3), document->inserts.size()));
    }
  }
  return document;
}

std::shared_ptr<const Body> BodyOf(const Layout& layout, uint32_t page, const std::string& source) {
  const BodySpec spec = layout.Body(page);
  if (layout.document().pages[page].kind != PageKind::kOriginal) {
    FUZZ_CHECK(spec.max_payload >= layout.document().pages[page].payload_bytes);
    std::string payload(spec.max_payload - (spec.max_payload * page) / 16, 'p');
    const auto body = Body::Drawn(spec, std::move(payload));
    FUZZ_CHECK(body.ok() && !Body::Drawn(spec, std::string(spec.max_payload + 1, 'p')).ok());
    return *body;
  }
  uint32_t crc = 0;
  uint64_t bytes = 0;
  for (const Piece& piece : layout.OriginalData(page)) {
    std::string data(piece.size, '\0');
    if (piece.kind == Piece::Kind::kSource) {
      data = source.substr(piece.source_offset, piece.size);
    } else {
      layout.ReadLiteral(piece, data.data());
    }
    crc = ExtendCrc(crc, data);
    bytes += data.size();
  }
  return Body::Original(spec, crc, bytes);
}

std::string PutTogether(const Layout& layout, const std::string& source) {
  std::vector<std::shared_ptr<const Body>> bodies;
  for (uint32_t page = 0; page < layout.page_count(); ++page) {
    const bool raw = layout.document().pages[page].kind == PageKind::kRaw;
    bodies.push_back(raw ? nullptr : BodyOf(layout, page, source));
  }
  std::string file(layout.size(), '\0');
  for (const Piece& piece : layout.Map(0, layout.size())) {
    char* const out = file.data() + piece.offset;
    if (piece.kind == Piece::Kind::kSource) {
      source.copy(out, piece.size, piece.source_offset);
    } else if (piece.kind == Piece::Kind::kBody) {
      bodies[piece.page]->Read(piece.body_offset, {out, piece.size});
    } else {
      layout.ReadLiteral(piece, out);
    }
  }
  return file;
}

void CheckArchive(const Layout& layout, const std::string& file) {
  const auto directory =
      ReadZipDirectory({reinterpret_cast<const uint8_t*>(file.data()), file.size()});
  FUZZ_CHECK(directory.ok() && directory->notes.empty());
  const size_t lead = layout.document().entries.empty() ? 1 : 0;
  FUZZ_CHECK(directory->entries.size() == layout.page_count() + lead);
  for (size_t i = 0; i < directory->entries.size(); ++i) {
    const ZipDirectoryEntry& entry = directory->entries[i];
    FUZZ_CHECK(entry.fault == EntryFault::kNone && !entry.duplicate);
    const std::string_view data =
        std::string_view(file).substr(entry.data_offset, entry.compressed_bytes);
    if (i < lead) {
      FUZZ_CHECK(entry.name == "ComicInfo.xml" && ExtendCrc(0, data) == entry.crc);
      continue;
    }
    const auto page = static_cast<uint32_t>(i - lead);
    FUZZ_CHECK(entry.name == layout.PageName(page));
    FUZZ_CHECK(entry.data_offset == layout.PageDataOffset(page));
    FUZZ_CHECK(entry.compressed_bytes == layout.PageDataBytes(page));
    if (layout.document().pages[page].kind == PageKind::kRaw) {
      FUZZ_CHECK(entry.crc == layout.document().entries[page].crc);
      FUZZ_CHECK(entry.method == layout.document().entries[page].method);
    } else {
      FUZZ_CHECK(entry.method == 0 && ExtendCrc(0, data) == entry.crc);
      FUZZ_CHECK(data.ends_with("\xFF\xD9"));
    }
  }
}

}  // namespace
}  // namespace cbzfs

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbzfs;
  static const std::string source = Source();
  fuzz::Input input(data, size);
  static constexpr uint32_t kGuards[] = {4096, 0, 65'536};
  const LayoutOptions options = {.guard = kGuards[input.Take<uint8_t>() % 3],
                                 .names = input.Flag() ? PageNames::kSeed : PageNames::kNumber};
  const uint64_t offset = input.Take<uint64_t>();
  const uint64_t length = input.Take<uint64_t>();
  const std::string stem = input.Text();
  const auto document = TakeDocument(input);
  const auto layout =
      Layout::Create(document, stem, {.fingerprint = offset, .options = length}, options);
  if (!layout.ok()) {
    FUZZ_CHECK(absl::IsOutOfRange(layout.status()));
    return 0;
  }
  const uint64_t bytes = (*layout)->size();
  fuzz::CheckLayout(**layout, kSourceBytes, offset, length);
  fuzz::CheckLayout(**layout, kSourceBytes, offset % bytes, length % bytes);
  fuzz::CheckLayout(**layout, kSourceBytes, 0, bytes);
  if (bytes <= kMostBytes) CheckArchive(**layout, PutTogether(**layout, source));
  return 0;
}
