#include "tests/bench/calibrate/enhanced_record.h"

#include "tests/bench/calibrate/record_bytes.h"

namespace cbzfs {

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
