#include "tests/bench/calibrate/record.h"

#include "tests/bench/calibrate/record_bytes.h"

namespace cbzfs {

std::string Serialise(const DocumentRecord& record) {
  std::string out;
  PutAll(&out, std::vector<char>(record.path.begin(), record.path.end()));
  Put(&out, record.quality);
  Put(&out, record.dpi);
  Put(&out, record.page_count);
  Put(&out, record.stat_ms);
  PutAll(&out, record.pages);
  PutAll(&out, record.small);
  PutAll(&out, record.sample);
  PutAll(&out, record.truths);
  return out;
}

std::optional<DocumentRecord> Parse(const std::string& bytes) {
  RecordReader reader(bytes);
  DocumentRecord record;
  const std::vector<char> path = reader.GetAll<char>();
  record.path.assign(path.begin(), path.end());
  record.quality = reader.Get<uint32_t>();
  record.dpi = reader.Get<uint32_t>();
  record.page_count = reader.Get<uint32_t>();
  record.stat_ms = reader.Get<double>();
  record.pages = reader.GetAll<SlotPage>();
  record.small = reader.GetAll<std::optional<SmallDrawing>>();
  record.sample = reader.GetAll<uint32_t>();
  record.truths = reader.GetAll<Truth>();
  if (!reader.ok() || record.small.size() != record.pages.size()) return std::nullopt;
  return record;
}

}  // namespace cbzfs
