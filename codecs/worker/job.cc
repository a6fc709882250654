#include "codecs/worker/job.h"

#include "codecs/worker/protocol.h"

namespace cbzfs {

uint64_t Job::ResultCapacity() const {
  switch (kind) {
    case Kind::kProbe:
      return 0;
    case Kind::kAnalyse:
      return kMaxDocumentBytes;
    case Kind::kDraw:
      return draw.max_payload;
  }
  return 0;
}

uint64_t Job::MemoryNeed() const {
  if (kind != Kind::kDraw) return 0;
  if (draw.row.kind != PageKind::kDrawn) return 2 * draw.max_payload;
  const uint64_t raster = uint64_t{draw.row.width} * draw.row.height * (draw.row.gray ? 1 : 3);
  return 2 * raster + draw.max_payload;
}

}  // namespace cbzfs
