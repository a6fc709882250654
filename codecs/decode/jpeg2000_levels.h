// How many resolution levels OpenJPEG may leave out of a picture.
//
// Any thread that has the codec to itself.

#ifndef CBZFS_CODECS_DECODE_JPEG2000_LEVELS_H_
#define CBZFS_CODECS_DECODE_JPEG2000_LEVELS_H_

#include <openjpeg.h>

#include <cstdint>

namespace cbzfs {

// Levels that can be left out of every component, by the main header, which has been read. A tile
// may have fewer: then decoding fails.
uint32_t MostReduction(opj_codec_t* codec);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DECODE_JPEG2000_LEVELS_H_
