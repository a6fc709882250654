// Encodes through libwebp: rows in, the chunk of a coded picture out (RFC 9649: VP8 or VP8L).
//
// The settings are fixed and the encoder runs in one thread, so equal rows and quality give equal
// bytes, by one version of libwebp. Method 1: the higher ones take two to ten times as long for
// files of the same size and look (tests/bench/calibrate/READERS.md).
//
// Any thread; keeps no state.

#ifndef CBZFS_CODECS_IMAGE_WEBP_ENCODE_H_
#define CBZFS_CODECS_IMAGE_WEBP_ENCODE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "codecs/image/jpeg_encode.h"
#include "codecs/image/pixel_rows.h"

struct WebPPicture;

namespace cbzfs {

// A picture as libwebp takes it, to be encoded as often as one likes: 4:2:0, of gray too.
class WebpPicture {
 public:
  // One pass. The rows' own status when they fail; kResourceExhausted when memory ends;
  // kInvalidArgument for an impossible size.
  static absl::StatusOr<WebpPicture> Read(PixelRows& rows);
  static absl::StatusOr<WebpPicture> Read(const RowSource& source);

  // kOutOfRange where the format has no room for so much at this quality, 0 to 100; else
  // kResourceExhausted or kInternal.
  absl::StatusOr<std::string> Encode(uint32_t quality) const;

 private:
  struct Deleter {
    void operator()(WebPPicture* picture) const;
  };
  using Handle = std::unique_ptr<WebPPicture, Deleter>;
  explicit WebpPicture(Handle picture) : picture_(std::move(picture)) {}

  Handle picture_;

  friend absl::StatusOr<std::string> EncodeWebpLossless(PixelRows& rows);
};

// To the last bit. For pictures of few values, which are then kept two or more to a byte. Statuses
// as above.
absl::StatusOr<std::string> EncodeWebpLossless(PixelRows& rows);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_IMAGE_WEBP_ENCODE_H_
