// What a PDF says of itself: its XMP metadata and document information dictionary, language and
// reading direction, table of contents and page labels (ISO 32000-1: 14.3, 12.2, 12.3.3, 12.4.2).
//
// Internal to codecs/pdf. One thread.

#ifndef CBZFS_CODECS_PDF_DOCUMENT_INFO_H_
#define CBZFS_CODECS_PDF_DOCUMENT_INFO_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "codecs/document/document.h"
#include "codecs/pdf/pdf_internal.h"

namespace cbzfs {

// Fills in `info` and `marks` of a document whose pages are known. What is damaged says nothing;
// fails only when memory ends, because the length of a book hangs on what is found.
absl::Status DescribeDocument(Pdf::Impl* pdf, Document* document);

// What the table of contents calls the pages: for each page the first entry that leads to it, in
// the order of the table; "" for none.
absl::Status FindBookmarks(Pdf::Impl* pdf, std::vector<std::string>* bookmarks);

// The label of each page that is not just its number in the file, counted from 1.
absl::Status FindLabels(Pdf::Impl* pdf, std::vector<std::string>* labels);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_DOCUMENT_INFO_H_
