// A TIFF in memory, open in libtiff, which says nothing on stderr and makes no allocation over
// kMaxHeldBytes. Internal to codecs/image. One thread.

#ifndef CBZFS_CODECS_DECODE_TIFF_FILE_H_
#define CBZFS_CODECS_DECODE_TIFF_FILE_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <tiffio.h>

#include "absl/status/status.h"
#include "codecs/decode/formats.h"

namespace cbzfs {

class TiffFile {
 public:
  // `file` must outlive this.
  explicit TiffFile(Bytes file) : file_(file) {}
  TiffFile(const TiffFile&) = delete;
  TiffFile& operator=(const TiffFile&) = delete;

  // Opens it (again). kDataLoss when libtiff cannot, or when it sees another size than this.
  absl::Status Open(uint32_t width, uint32_t height);

  TIFF* tiff() const { return tiff_.get(); }
  // The first error since Open(), as one line.
  std::string Damage() const;
  bool failed() const { return message_[0] != 0; }

 private:
  struct Closer {
    void operator()(TIFF* tiff) const { TIFFClose(tiff); }
  };
  static int OnError(TIFF* tiff, void* self, const char* module, const char* format, va_list args);
  static tmsize_t Read(thandle_t self, void* out, tmsize_t length);
  static toff_t Seek(thandle_t self, toff_t offset, int whence);
  static toff_t Size(thandle_t self);
  static int Map(thandle_t self, void** base, toff_t* size);

  const Bytes file_;
  uint64_t at_ = 0;
  char message_[160] = {};
  std::unique_ptr<TIFF, Closer> tiff_;
};

// How samples become gray or RGB, for pictures that need nothing of libtiff but unpacking.
class TiffPixels {
 public:
  // False: this picture is one for libtiff's RGBA interface. Sets the file to give RGB where it has
  // JPEG's YCbCr.
  bool Read(TIFF* tiff, uint32_t components);

  // A row as libtiff unpacks it has this many bytes.
  size_t RowBytes(uint32_t width) const { return (size_t{width} * samples_ * bits_ + 7) / 8; }

  void Convert(const uint8_t* in, uint32_t width, uint8_t* out) const;

 private:
  enum class Alpha : uint8_t { kNone, kStraight, kPremultiplied };
  bool ReadKind(TIFF* tiff);
  bool ReadPalette(TIFF* tiff);
  uint8_t Sample(const uint8_t* in, size_t index) const;
  void Flatten(uint8_t alpha, uint8_t* pixel) const;

  uint32_t components_ = 3;
  uint16_t photometric_ = 0;
  uint16_t bits_ = 1;
  uint16_t samples_ = 1;
  Alpha alpha_ = Alpha::kNone;
  std::vector<uint8_t> palette_;  // RGB
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DECODE_TIFF_FILE_H_
