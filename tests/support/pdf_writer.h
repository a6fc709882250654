// PDF files made to measure: every byte that matters to a test is said by the test, nothing is
// compressed or tidied up. A classic cross-reference table, objects in the order they were added.

#ifndef CBZFS_TESTS_SUPPORT_PDF_WRITER_H_
#define CBZFS_TESTS_SUPPORT_PDF_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cbzfs::testing {

class PdfWriter {
 public:
  PdfWriter();

  // Adds an object and returns its number. `body` is everything between "obj" and "endobj".
  int Add(const std::string& body);

  // `entries` stand in the stream's dictionary beside /Length; `length` of -1: the true one.
  int AddStream(const std::string& entries, const std::string& data, int64_t length = -1);

  // An image XObject coded by DCTDecode; `entries` as above, the filter included.
  int AddJpeg(const std::string& jpeg, int width, int height,
              const std::string& entries = "/ColorSpace /DeviceRGB");

  struct PageSpec {
    std::string content;
    std::string resources;  // entries of the resource dictionary
    std::string media_box = "0 0 200 100";
    std::string entries;  // further entries of the page's dictionary
  };
  int AddPage(const PageSpec& spec);

  // The usual page of a scan: `image` fills its MediaBox, as wide and high as it is said.
  int AddScan(int image, int width, int height, const std::string& before = "",
              const std::string& after = "", const std::string& entries = "");

  std::string catalog_entries;
  std::string trailer_entries;
  // The page tree's /Kids and /Count, where the truth is not wanted.
  std::string kids;
  std::string count;

  std::string Finish();

  // After Finish(): where the data of stream object `object` begins in the file.
  size_t DataOffset(int object) const;

 private:
  struct Object {
    std::string body;
    size_t data = 0;  // offset of a stream's data in the body
  };
  std::vector<Object> objects_;  // objects_[0] is object 1, the catalogue; then the page tree
  std::vector<int> pages_;
  std::vector<size_t> offsets_;  // of the bodies
};

}  // namespace cbzfs::testing

#endif  // CBZFS_TESTS_SUPPORT_PDF_WRITER_H_
