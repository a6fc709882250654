// What is known of a PDF once it has been analysed: its page table.
//
// A Document is made by a worker (codecs/pdf), crosses to the daemon as bytes (document_codec.h),
// is remembered in the index, and is all that the layout (codecs/zip) needs to say the exact size
// and every byte but the images of the virtual CBZ. It holds facts, never pixels, and owns all it
// refers to. It does not know the file's name, so equal files give equal Documents.
//
// A plain value: built by one thread, then shared as `std::shared_ptr<const Document>`.

#ifndef CBZFS_CODECS_DOCUMENT_DOCUMENT_H_
#define CBZFS_CODECS_DOCUMENT_DOCUMENT_H_

#include <cstdint>
#include <string>
#include <vector>

namespace cbzfs {

// How a page becomes an entry of the CBZ. The numbers are stored in the index: never reuse one.
enum class PageKind : uint8_t {
  // Drawn by a worker, encoded as JPEG, fitted to a slot.
  kDrawn = 0,
  // The PDF's own JPEG stream, served from the source file by range; no worker is involved.
  kOriginal = 1,
  // The PDF's own JPEG stream, but behind encryption: a worker unwraps it; its length is known
  // only to within `payload_bytes`.
  kExtracted = 2,
};

struct Page {
  PageKind kind = PageKind::kDrawn;

  // Size of the image in pixels, as its SOF will say.
  uint32_t width = 0;
  uint32_t height = 0;

  // Resolution the page is drawn at or the original is placed at, in dots per inch, for the density
  // tag. Fractions occur: a page over the pixel limit is drawn smaller.
  float dpi = 0;

  // One component: the page's content is gray throughout, so it is drawn in gray.
  bool gray = false;

  // kOriginal: the JPEG stream in the source file, from its SOI up to, not including, its EOI.
  uint64_t source_offset = 0;
  uint64_t source_bytes = 0;

  // kOriginal: bytes of Document::inserts[insert] go into the stream `insert_at` bytes after its
  // SOI began (an ICC profile as APP2 segments); -1: nothing is inserted.
  int32_t insert = -1;
  uint32_t insert_at = 0;

  // kDrawn, kExtracted: the most bytes that the image's own part may have. The image's own part
  // (the "payload") is what stands between the constant head (SOI, APP0, fill) and the padding:
  // DQT, SOF, DHT, SOS and scan data, without EOI. The layout may round it up, never down.
  uint32_t payload_bytes = 0;

  friend bool operator==(const Page&, const Page&) = default;
};

// Document-level metadata; every string is valid UTF-8 without control characters, at most 1 KiB.
struct DocumentInfo {
  std::string title;
  std::string author;
  friend bool operator==(const DocumentInfo&, const DocumentInfo&) = default;
};

struct Document {
  DocumentInfo info;
  std::vector<Page> pages;           // at least one
  std::vector<std::string> inserts;  // shared by pages; see Page::insert

  friend bool operator==(const Document&, const Document&) = default;
};

// What of the options decides the page table. Part of the key a Document is remembered by.
struct AnalyseOptions {
  enum class Box : uint8_t { kCrop = 0, kMedia = 1 };

  uint32_t dpi = 0;  // 0: the native resolution of the page's largest image, 150 to 300; else 200
  uint32_t quality = 85;
  bool original = true;  // serve original JPEG pages as they are
  Box box = Box::kCrop;
  uint32_t max_pages = 10000;

  friend bool operator==(const AnalyseOptions&, const AnalyseOptions&) = default;
};

// The limits of a page: over them it is drawn smaller (seed: 50 megapixels; JPEG: 65 500 a side).
inline constexpr uint64_t kMaxPagePixels = 50'000'000;
inline constexpr uint32_t kMaxPageSide = 65'500;

// Raised whenever the page table or the bytes of a drawn page change for the same source and
// options: everything remembered under an older one is stale.
inline constexpr uint32_t kEngineVersion = 1;

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DOCUMENT_DOCUMENT_H_
