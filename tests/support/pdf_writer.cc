#include "tests/support/pdf_writer.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace cbzfs::testing {

PdfWriter::PdfWriter() : objects_(2) {}

int PdfWriter::Add(const std::string& body) {
  objects_.push_back({.body = body});
  return static_cast<int>(objects_.size());
}

int PdfWriter::AddStream(const std::string& entries, const std::string& data, int64_t length) {
  if (length < 0) length = static_cast<int64_t>(data.size());
  std::string body = absl::StrCat("<< ", entries, " /Length ", length, " >>\nstream\n");
  const size_t at = body.size();
  body += data;
  body += "\nendstream";
  const int number = Add(body);
  objects_.back().data = at;
  return number;
}

int PdfWriter::AddJpeg(const std::string& jpeg, int width, int height, const std::string& entries) {
  std::string all =
      absl::StrCat("/Type /XObject /Subtype /Image /Width ", width, " /Height ", height, " ");
  if (entries.find("/BitsPerComponent") == std::string::npos) all += "/BitsPerComponent 8 ";
  if (entries.find("/Filter") == std::string::npos) all += "/Filter /DCTDecode ";
  return AddStream(all + entries, jpeg);
}

int PdfWriter::AddPage(const PageSpec& spec) {
  const int content = AddStream("", spec.content);
  pages_.push_back(Add(absl::StrCat("<< /Type /Page /Parent 2 0 R /MediaBox [", spec.media_box,
                                    "] /Resources << ", spec.resources, " >> /Contents ", content,
                                    " 0 R ", spec.entries, " >>")));
  return pages_.back();
}

int PdfWriter::AddScan(int image, int width, int height, const std::string& before,
                       const std::string& after, const std::string& entries) {
  return AddPage(
      {.content = absl::StrCat(before, " q ", width, " 0 0 ", height, " 0 0 cm /Im0 Do Q ", after),
       .resources = absl::StrCat("/XObject << /Im0 ", image, " 0 R >>"),
       .media_box = absl::StrCat("0 0 ", width, " ", height),
       .entries = entries});
}

std::string PdfWriter::Finish() {
  if (kids.empty()) {
    for (const int page : pages_) absl::StrAppend(&kids, page, " 0 R ");
  }
  if (count.empty()) count = absl::StrCat(pages_.size());
  objects_[0].body = absl::StrCat("<< /Type /Catalog /Pages 2 0 R ", catalog_entries, " >>");
  objects_[1].body = absl::StrCat("<< /Type /Pages /Kids [", kids, "] /Count ", count, " >>");
  std::string out = "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n";
  std::string table;
  offsets_.clear();
  for (size_t i = 0; i < objects_.size(); ++i) {
    absl::StrAppendFormat(&table, "%010d 00000 n \n", out.size());
    absl::StrAppend(&out, i + 1, " 0 obj\n");
    offsets_.push_back(out.size());
    absl::StrAppend(&out, objects_[i].body, "\nendobj\n");
  }
  const size_t start = out.size();
  absl::StrAppend(&out, "xref\n0 ", objects_.size() + 1, "\n0000000000 65535 f \n", table,
                  "trailer\n<< /Size ", objects_.size() + 1, " /Root 1 0 R ", trailer_entries,
                  " >>\nstartxref\n", start, "\n%%EOF\n");
  return out;
}

size_t PdfWriter::DataOffset(int object) const {
  return offsets_[object - 1] + objects_[object - 1].data;
}

}  // namespace cbzfs::testing
