// A book for tests: a Document, a made-up source and made-up payloads, read through a Layout as the
// daemon reads one.

#ifndef CBZFS_TESTS_CODECS_ZIP_VIRTUAL_BOOK_H_
#define CBZFS_TESTS_CODECS_ZIP_VIRTUAL_BOOK_H_

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "codecs/document/document.h"
#include "codecs/zip/body.h"
#include "codecs/zip/layout.h"

namespace cbzfs::testing {

class VirtualBook {
 public:
  struct Parts {
    Document document;
    std::string source;  // what the original pages' ranges lie in
    // One a page; empty means an empty payload (and is what original pages have).
    std::vector<std::string> payloads;
    std::string stem = "A Book";
    BookIdentity identity{.fingerprint = 0x0123456789ABCDEF, .options = 42};
    LayoutOptions options;
  };
  explicit VirtualBook(Parts parts);

  const Layout& layout() const { return *layout_; }
  const Parts& parts() const { return parts_; }
  const Body& body(uint32_t page);

  std::string Read(uint64_t offset, uint64_t size);
  std::string ReadAll() { return Read(0, layout_->size()); }
  // The data of a page's entry.
  std::string PageData(uint32_t page);
  // Pages whose body was asked for so far.
  size_t bodies_made() const { return bodies_made_; }

 private:
  std::string ReadPieces(const std::vector<Piece>& pieces);

  Parts parts_;
  std::shared_ptr<const Layout> layout_;
  std::vector<std::shared_ptr<const Body>> bodies_;
  size_t bodies_made_ = 0;
};

std::string RandomBytes(std::mt19937_64& random, size_t size);

// Pages of all kinds, sizes and inserts; payloads from empty to the very most that fits.
VirtualBook::Parts RandomBook(std::mt19937_64& random, uint32_t page_count,
                              const LayoutOptions& options);

}  // namespace cbzfs::testing

#endif  // CBZFS_TESTS_CODECS_ZIP_VIRTUAL_BOOK_H_
