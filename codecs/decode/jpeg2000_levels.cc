#include "codecs/decode/jpeg2000_levels.h"

#include <algorithm>
#include <memory>

namespace cbzfs {
namespace {

struct InfoDeleter {
  void operator()(opj_codestream_info_v2_t* info) const { opj_destroy_cstr_info(&info); }
};

}  // namespace

uint32_t MostReduction(opj_codec_t* codec) {
  const std::unique_ptr<opj_codestream_info_v2_t, InfoDeleter> info(opj_get_cstr_info(codec));
  if (info == nullptr || info->m_default_tile_info.tccp_info == nullptr) return 0;
  uint32_t least = 32;
  for (uint32_t i = 0; i < info->nbcomps; ++i) {
    least = std::min(least, info->m_default_tile_info.tccp_info[i].numresolutions);
  }
  return least == 0 ? 0 : least - 1;
}

}  // namespace cbzfs
