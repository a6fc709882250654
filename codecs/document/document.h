// What is known of a comic once it has been analysed: its page table. A comic is a PDF, an XPS or
// an EPUB, an archive of images (a real CBZ; a RAR, 7z or tar), one image file, or a folder of them.
//
// A Document is made by a worker (codecs/pdf, codecs/comic), crosses to the daemon as bytes
// (document_codec.h), is remembered in the index, and is all that the layout (codecs/zip) needs to
// say the exact size and every byte but the images of a virtual file. It holds facts, never pixels,
// and owns all it refers to. It does not know the file's name, so equal files give equal Documents.
//
// A plain value: built by one thread, then shared as `std::shared_ptr<const Document>`.

#ifndef CBZFS_CODECS_DOCUMENT_DOCUMENT_H_
#define CBZFS_CODECS_DOCUMENT_DOCUMENT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "codecs/document/metadata.h"

namespace cbzfs {

// What kind of file a comic is. The numbers are part of index keys: never reuse one.
enum class SourceFormat : uint8_t {
  kPdf = 0,
  kArchive = 1,  // a ZIP of images: CBZ
  kImage = 2,    // one image
  // No comic but a text, to be drawn as a page that says why there is none (codecs/pdf/notice.h).
  kNotice = 3,
  kXps = 5,
  kEpub = 6,    // of fixed layout
  kPacked = 8,  // a RAR, 7z or tar of images: CBR, CB7, CBT
  // What is wanted of a file that is named like a ZIP only if it is a kPacked one. No source that
  // is open is of this.
  kMisnamed = 9,
  // A folder of image files. Each of them is a source of its own, and no source that is open is of
  // this.
  kFolder = 10,
};

// Its pages are drawn, or are JPEGs of its own: it is shown as a CBZ in every view.
inline bool HasDrawnPages(SourceFormat format) {
  return format == SourceFormat::kPdf || format == SourceFormat::kXps ||
         format == SourceFormat::kEpub;
}

inline bool IsArchive(SourceFormat format) {
  return format == SourceFormat::kArchive || format == SourceFormat::kPacked ||
         format == SourceFormat::kMisnamed;
}

// Nobody asks for it twice, so a worker need not keep it open.
inline bool IsLookedAtOnce(SourceFormat format) {
  return format == SourceFormat::kImage || format == SourceFormat::kNotice;
}

// How a page becomes an entry of the CBZ. The numbers are stored in the index: never reuse one.
enum class PageKind : uint8_t {
  // Drawn by a worker, encoded as JPEG, fitted to a slot.
  kDrawn = 0,
  // The PDF's own JPEG stream, served from the source file by range; no worker is involved.
  kOriginal = 1,
  // The PDF's own JPEG stream, but behind encryption: a worker unwraps it; its length is known
  // only to within `payload_bytes`.
  kExtracted = 2,
  // An image of a real archive, or an image file: a worker decodes it. `source_offset` and
  // `source_bytes` say where it lies in the file, as it is stored there (perhaps compressed).
  kImage = 3,
  // An entry of a real archive that is handed on as it is stored there: no image, or one that
  // cannot be read. Source fields as for kImage; width and height are 1.
  kRaw = 4,
  // The same of an archive that is no ZIP: a worker unpacks it. It has no place of its own in the
  // file, nor has a kImage page there: its source fields are 0. Width and height are 1.
  kUnpacked = 8,
};

// Why a page of a PDF is drawn, though `original` was asked for: the first thing that was found. No
// byte of a view depends on it. The numbers are stored in the index: never reuse one.
enum class WhyDrawn : uint8_t {
  kUnknown = 0,       // it is not drawn, or the table was made before this was kept
  kNotAsked = 1,      // AnalyseOptions::original is off
  kNothing = 2,       // no image on it
  kText = 3,          // text that can be seen
  kLines = 4,         // lines, areas, patterns, or more than is looked at
  kSecondImage = 5,   // more than one image
  kNotJpeg = 6,       // the image is coded otherwise
  kClipped = 7,       // part of the image is cut away
  kTransparent = 8,   // drawn with transparency, a soft mask or the like
  kLayers = 9,        // in a layer that may be hidden
  kAnnotations = 10,  // annotations that can be seen
  kMasked = 11,       // the image has a mask, is one, or has its values changed
  kColours = 12,      // in colours that a JPEG cannot have by itself
  kTurned = 13,       // page or image is rotated, flipped or distorted
  kSize = 14,         // the image does not fill the page
  kPlace = 15,        // the stream has no place of its own in the file, or is damaged
  kCoding = 16,       // a JPEG that many programs cannot read, or that reads otherwise by itself
  kProfile = 17,      // a colour profile that cannot go into a JPEG
  kDamaged = 18,      // the page cannot be looked at
  kNoPdf = 19,        // the document is none
};
inline constexpr uint32_t kMaxWhyDrawn = 19;

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

  // A kImage page that no range of the source is; a worker unpacks it.
  bool packed() const { return kind == PageKind::kImage && source_bytes == 0; }
  // No image, or none that can be read.
  bool is_other() const { return kind == PageKind::kRaw || kind == PageKind::kUnpacked; }

  // kDrawn, kExtracted: the most bytes that the image's own part may have. The image's own part
  // (the "payload") is what stands between the constant head (SOI, APP0, fill) and the padding:
  // DQT, SOF, DHT, SOS and scan data, without EOI. The layout may round it up, never down.
  uint32_t payload_bytes = 0;

  // The same for the page of the enhanced view. 0: not asked for (AnalyseOptions::enhanced), and
  // for kRaw. kImage has only this one.
  uint32_t enhanced_bytes = 0;

  // kDrawn: nothing can be seen on the page but one image that fills it, so a small picture of it
  // can be had from a small decode of that image.
  bool lone_image = false;

  // kOriginal, kImage: what decoding it takes at full size beside the rows themselves, in bytes
  // (the coefficients of a progressive JPEG, say). kDrawn: what decoding the images on it takes
  // beside rasters of the page's size (those of JPEG 2000, and ones much larger than they are
  // drawn). A hint for admission: no byte of a view depends on it.
  uint64_t decode_bytes = 0;

  WhyDrawn why_drawn = WhyDrawn::kUnknown;

  friend bool operator==(const Page&, const Page&) = default;
};

// What the archive says of the entry that a kImage or kRaw page is (PKWARE APPNOTE 6.3.10, 4.3.12).
// Of one that is no ZIP, what the analysis found: method and flags are 0.
struct ArchiveEntry {
  // A relative path with '/': valid UTF-8, no component empty, "." or "..", none with a control
  // character, a backslash or a colon, each at most 255 bytes. Unique in the document.
  std::string name;
  uint32_t index = 0;  // in the archive's central directory; else of all files in the archive
  uint16_t method = 0;
  uint16_t flags = 0;     // general purpose flags as the archive has them
  uint32_t dos_time = 0;  // date in the high half, time in the low one
  uint32_t crc = 0;       // declared CRC-32 of the data
  uint64_t bytes = 0;     // declared length of the data, uncompressed
  std::string extra;      // the extra field of AES encryption (0x9901), else empty

  friend bool operator==(const ArchiveEntry&, const ArchiveEntry&) = default;
};

// Something that is wrong with a page (or all of the file) and that the user should be told of.
struct Note {
  static constexpr uint32_t kWholeFile = UINT32_MAX;
  uint32_t page = kWholeFile;  // index into Document::pages
  std::string text;            // printable (utf8.h), at most 1 KiB

  friend bool operator==(const Note&, const Note&) = default;
};

struct Document {
  Metadata info;                     // of a PDF, with what a sidecar file says
  std::vector<PageMark> marks;       // by rising page, at most one for each; none is empty
  std::vector<Page> pages;           // at least one
  std::vector<std::string> inserts;  // shared by pages; see Page::insert
  // Of a real archive: one for each page, in the order of the archive's directory. Else empty.
  std::vector<ArchiveEntry> entries;
  std::vector<Note> notes;  // at most 1 000
  // It took a password to open the file. What is in it must not be kept where others find it.
  bool locked = false;

  friend bool operator==(const Document&, const Document&) = default;
};

// How strong each stage of the enhancement is; the defaults are the seed's. See
// codecs/image/enhance.h for the arithmetic.
struct EnhanceOptions {
  bool on = true;            // false: pixels stay what they are
  double curve = 1;          // 0 to 1: share of the S-curve with its lifted shadows
  double gamma = 0.9;        // 0.1 to 10; under 1 darkens
  float brightness = 1.03f;  // 0 to 10
  float contrast = 1.05f;    // 0 to 10, around the mean of the page
  double cutoff = 1;  // 0 to 49: percent of the pixels at each end that autocontrast gives up

  friend bool operator==(const EnhanceOptions&, const EnhanceOptions&) = default;
};

// What of the options decides the page table. Part of the key a Document is remembered by.
struct AnalyseOptions {
  enum class Box : uint8_t { kCrop = 0, kMedia = 1 };

  uint32_t dpi = 0;  // 0: the native resolution of the page's largest image, 150 to 300; else 200
  uint32_t quality = 85;
  bool original = true;  // serve original JPEG pages as they are
  Box box = Box::kCrop;
  uint32_t max_pages = 10000;
  bool enhanced = false;  // find the slots of enhanced pages too
  EnhanceOptions enhance;

  friend bool operator==(const AnalyseOptions&, const AnalyseOptions&) = default;
};

// The limits of a page: over them it is drawn smaller (seed: 50 megapixels; JPEG: 65 500 a side).
inline constexpr uint64_t kMaxPagePixels = 50'000'000;
inline constexpr uint32_t kMaxPageSide = 65'500;

// A decoded image of at most so many pixels is kept in memory while something is made of it; a
// larger one is decoded anew for each pass.
inline constexpr uint64_t kMaxKeptPixels = 16'000'000;

// Raised whenever the page table or the bytes of a drawn page change for the same source and
// options: everything remembered under an older one is stale.
inline constexpr uint32_t kEngineVersion = 5;

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DOCUMENT_DOCUMENT_H_
