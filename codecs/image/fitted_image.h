// A picture that was made for a slot.

#ifndef CBZFS_CODECS_IMAGE_FITTED_IMAGE_H_
#define CBZFS_CODECS_IMAGE_FITTED_IMAGE_H_

#include <cstdint>
#include <string>

namespace cbzfs {

struct FittedImage {
  std::string payload;      // see codecs/document/document.h; of a WebP: whole chunks
  uint32_t quality = 0;     // the quality it was encoded at; of a JPEG, perhaps more than asked for
  uint32_t components = 0;  // 1 or 3
  bool softened = false;    // quality alone did not do: detail was taken away at full size
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_IMAGE_FITTED_IMAGE_H_
