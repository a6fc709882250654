#include "tests/bench/calibrate/enhanced_record.h"

#include <algorithm>
#include <utility>

#include "tests/bench/calibrate/record_bytes.h"

namespace cbzfs {
namespace {

constexpr double kAlike = 1.3;

bool IsFolder(const std::string& path) {
  return !path.ends_with(".pdf") && !path.ends_with(".PDF") && !path.ends_with(".cbz");
}

bool OfOneSize(const std::vector<SlotImage>& images) {
  const auto [narrow, wide] = std::minmax_element(
      images.begin(), images.end(), [](const auto& a, const auto& b) { return a.width < b.width; });
  const auto [low, high] =
      std::minmax_element(images.begin(), images.end(),
                          [](const auto& a, const auto& b) { return a.height < b.height; });
  return wide->width <= kAlike * narrow->width && high->height <= kAlike * low->height;
}

}  // namespace

std::vector<EnhancedBook> BooksOf(const EnhancedBook& record) {
  if (!IsFolder(record.path) || record.images.empty() || OfOneSize(record.images)) return {record};
  std::vector<EnhancedBook> books;
  for (const Truth& truth : record.image_truths) {
    EnhancedBook book;
    book.path = record.path;
    book.quality = record.quality;
    if (record.measured[truth.page].has_value()) {
      book.stat_ms = record.measured[truth.page]->milliseconds;
    }
    book.images = {record.images[truth.page]};
    book.measured = {record.measured[truth.page]};
    book.image_truths = {truth};
    book.image_truths[0].page = 0;
    for (const Thumbnail& thumbnail : record.thumbnails) {
      if (thumbnail.truth.page == truth.page) book.thumbnails.push_back(thumbnail);
    }
    books.push_back(std::move(book));
  }
  return books;
}

std::string Serialise(const EnhancedBook& book) {
  std::string out;
  PutAll(&out, std::vector<char>(book.path.begin(), book.path.end()));
  Put(&out, book.quality);
  Put(&out, book.stat_ms);
  Put(&out, book.plain_stat_ms);
  PutAll(&out, book.images);
  PutAll(&out, book.measured);
  PutAll(&out, book.image_truths);
  PutAll(&out, book.drawn);
  PutAll(&out, book.drawn_truths);
  PutAll(&out, book.thumbnails);
  return out;
}

std::optional<EnhancedBook> ParseEnhanced(const std::string& bytes) {
  RecordReader reader(bytes);
  EnhancedBook book;
  const std::vector<char> path = reader.GetAll<char>();
  book.path.assign(path.begin(), path.end());
  book.quality = reader.Get<uint32_t>();
  book.stat_ms = reader.Get<double>();
  book.plain_stat_ms = reader.Get<double>();
  book.images = reader.GetAll<SlotImage>();
  book.measured = reader.GetAll<std::optional<Measured>>();
  book.image_truths = reader.GetAll<Truth>();
  book.drawn = reader.GetAll<DrawnSlot>();
  book.drawn_truths = reader.GetAll<Truth>();
  book.thumbnails = reader.GetAll<Thumbnail>();
  if (!reader.ok() || book.measured.size() != book.images.size()) return std::nullopt;
  for (const Truth& truth : book.image_truths) {
    if (truth.page >= book.images.size()) return std::nullopt;
  }
  for (const Truth& truth : book.drawn_truths) {
    if (truth.page >= book.drawn.size()) return std::nullopt;
  }
  return book;
}

}  // namespace cbzfs
