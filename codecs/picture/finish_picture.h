// The last steps of every picture: rows, of what could be decoded, into a JPEG or a WebP for its
// slot.
//
// Internal to codecs/picture. Pure functions: any thread.

#ifndef CBZFS_CODECS_PICTURE_FINISH_PICTURE_H_
#define CBZFS_CODECS_PICTURE_FINISH_PICTURE_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "codecs/image/pixel_rows.h"
#include "codecs/picture/picture.h"

namespace cbzfs {

// `rows`; where nothing of the image could be decoded (kDataLoss), white ones of the request's size
// that say why.
absl::StatusOr<std::unique_ptr<PixelRows>> OrWhite(absl::StatusOr<std::unique_ptr<PixelRows>> rows,
                                                   const PictureRequest& request);

// Fitted, behind the colour profile, which is given as segments of a JPEG; the note is what the
// rows say of damage, as it is.
absl::StatusOr<MadePicture> FitPicture(PixelRows& rows, const PictureRequest& request,
                                       const std::string& profile);

// From what the rows say of damage, if anything, to a line for the user; `shown`: what is seen.
void TellDamage(MadePicture* made, std::string_view shown = "shown as far as it can be decoded");

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PICTURE_FINISH_PICTURE_H_
