// How a page of a book is made: by whom, from what, and what becomes of the answer. What PageStore
// asks, without its waiting.
//
// The recipe follows from the book's table alone, never from what is in a cache: the same page has
// the same bytes on every mount and at every time. What the cache saves is the work.
//
// Pure functions, but for ImageOfPlain() and OrderNotice(): any thread.

#ifndef CBZFS_FS_CORE_PAGE_RECIPE_H_
#define CBZFS_FS_CORE_PAGE_RECIPE_H_

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "codecs/worker/worker_pool.h"
#include "codecs/zip/body.h"
#include "fs/core/book.h"

namespace cbzfs {

enum class PageMaker : uint8_t {
  kNobody,  // all of it is in the source (an archive's entry that is handed on)
  kSeal,    // the source's bytes and a seal that the daemon computes
  kWorker,  // a worker, from the source
  kPlain,   // a worker, from the page of the plain rendition
  kShared,  // it is the page of the plain rendition
};

PageMaker MakerOf(const Book& book, uint32_t page);

// For kWorker.
DrawRequest RequestFor(const Book& book, uint32_t page, const AnalyseOptions& options);
// For kPlain, `image` being the plain page.
DrawRequest RequestFor(const Book& book, uint32_t page, const AnalyseOptions& options,
                       const SourceFile& image);

// The plain page of the body as a JPEG file for a worker. kUnavailable when descriptors or memory
// ended.
absl::StatusOr<std::shared_ptr<const SourceFile>> ImageOfPlain(const Book& plain, uint32_t page,
                                                               const Body& body);

// Whether a notice page can stand in for the page: its place has room for a JPEG of ours. Not where
// the bytes are the source's own, nor for an archive's entry that is handed on as it is.
bool CanBeNotice(const Book& book, uint32_t page);
// For those, `text` being what it says (notice.h). kUnavailable as for ImageOfPlain().
struct NoticeOrder {
  std::shared_ptr<const SourceFile> text;
  DrawRequest request;
};
absl::StatusOr<NoticeOrder> OrderNotice(const Book& book, uint32_t page,
                                        const AnalyseOptions& options, std::string_view text);
absl::StatusOr<std::shared_ptr<const Body>> BodyOfNotice(const Book& book, uint32_t page,
                                                         Drawn drawn);

// What a worker made, in its place. kDataLoss when it does not fit there.
absl::StatusOr<std::shared_ptr<const Body>> BodyOf(const Book& book, uint32_t page, Drawn drawn);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_PAGE_RECIPE_H_
