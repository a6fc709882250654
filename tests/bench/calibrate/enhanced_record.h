// What calibration of the enhanced view and of thumbnails knows of a book: a PDF, a CBZ, or a
// folder of images that is taken for one.
//
// Plain data, like record.h.

#ifndef CBZFS_TESTS_BENCH_CALIBRATE_ENHANCED_RECORD_H_
#define CBZFS_TESTS_BENCH_CALIBRATE_ENHANCED_RECORD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codecs/picture/enhanced_slot.h"
#include "codecs/pdf/enhanced_slot_pages.h"
#include "tests/bench/calibrate/record.h"

namespace cbzfs {

// What an estimate (EstimateEnhancedPayload) said, and what it took.
struct Measured {
  double bytes = 0;
  double milliseconds = 0;
};

struct Thumbnail {
  uint32_t box = 0;  // the page within box x box; 0: 300 pixels high, 1: 600 pixels high
  uint32_t width = 0;
  uint32_t height = 0;
  Truth truth;  // `page` is the page's place in `images`, or in `drawn`
};

struct EnhancedBook {
  std::string path;
  uint32_t quality = 85;
  double stat_ms = 0;        // CPU time of opening and analysing with slots of enhanced pages
  double plain_stat_ms = 0;  // without
  std::vector<SlotImage> images;
  std::vector<std::optional<Measured>> measured;  // of images; more than the sample
  std::vector<Truth> image_truths;
  std::vector<DrawnSlot> drawn;  // growths of the sample only
  std::vector<Truth> drawn_truths;
  std::vector<Thumbnail> thumbnails;
};

// The book itself, or, of a folder whose images are not nearly of one size (sprites, icons: no
// pages of a book), each measured image as a book of its own.
std::vector<EnhancedBook> BooksOf(const EnhancedBook& record);

std::string Serialise(const EnhancedBook& book);
std::optional<EnhancedBook> ParseEnhanced(const std::string& bytes);

}  // namespace cbzfs

#endif  // CBZFS_TESTS_BENCH_CALIBRATE_ENHANCED_RECORD_H_
