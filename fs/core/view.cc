#include "fs/core/view.h"

#include <xxhash.h>

#include <array>

#include "fs/core/library.h"

namespace cbzfs {

std::vector<Wish> View::WishesFor(SourceFormat format) const {
  const bool book = format != SourceFormat::kImage;
  if (id() == kCbzView.id) {
    if (HasDrawnPages(format) || (repack_ && IsArchive(format))) {
      return {
          {.shape = Shape::kBook, .ending = ".cbz", .own_name = format == SourceFormat::kArchive}};
    }
    return {};
  }
  if (named_ != nullptr && !book) return {};
  if (named_ != nullptr || id() == kEnhancedView.id) {
    if (!book) return {{.shape = Shape::kPicture, .ending = ".jpg"}};
    return {
        {.shape = Shape::kBook, .ending = ".cbz", .own_name = format == SourceFormat::kArchive}};
  }
  if (id() == kThumbnailsView.id) {
    std::vector<Wish> wishes = {{.shape = Shape::kPicture, .ending = ".jpg"}};
    if (book) wishes.push_back({.shape = Shape::kFolder, .ending = ""});
    return wishes;
  }
  if (book) return {{.shape = Shape::kFolder, .ending = ""}};
  return {};
}

std::optional<Wish> View::WishForFolder() const {
  if (!folders_ || id() == kPagesView.id) return std::nullopt;
  if (id() == kThumbnailsView.id) return Wish{.shape = Shape::kPicture, .ending = ".jpg"};
  return Wish{.shape = Shape::kBook, .ending = ".cbz"};
}

Rendition View::RenditionOf(Shape shape, SourceFormat format) const {
  if (named_ != nullptr) return Rendition::kReader;
  if (id() == kEnhancedView.id) return Rendition::kEnhanced;
  if (repack_ && IsArchive(format)) return Rendition::kRepacked;
  if (id() != kThumbnailsView.id) return Rendition::kPlain;
  return shape == Shape::kPicture ? Rendition::kCover : Rendition::kThumbnails;
}

DocumentRef View::RefOf(const SourceEntry& source) const {
  const bool misnamed = repack_ && source.format == SourceFormat::kArchive;
  return {.key = KeyOf(source.st),
          .format = misnamed ? SourceFormat::kMisnamed : source.format,
          .enhanced = WantsSlots(),
          .sidecar = source.sidecar};
}

uint64_t HashOfView(const ViewName& view, const Options& options) {
  AnalyseOptions analyse = options.analyse;
  const ReaderConfig* const config = options.reader_config.get();
  const bool named = config != nullptr && config->Find(view.name) != nullptr;
  analyse.enhanced = named || view.id == kEnhancedView.id;
  const bool small = view.id == kThumbnailsView.id;
  // Thumbnails have a layout of their own (book.cc).
  const LayoutOptions layout = small ? LayoutOptions{.guard = 0} : options.layout;
  const bool repack = options.repack && view.id == kCbzView.id;
  const std::array<uint64_t, 7> words = {HashOf(analyse),
                                         layout.guard,
                                         static_cast<uint64_t>(layout.names),
                                         layout.comic_info,
                                         small ? options.thumb_size : 0,
                                         small ? options.cover_height : 0,
                                         repack};
  // The last word came later: what never was repacked has not changed.
  return XXH3_64bits_withSeed(words.data(),
                              repack ? sizeof(words) : sizeof(words) - sizeof(uint64_t),
                              config == nullptr ? 0 : config->HashFor(view.name));
}

}  // namespace cbzfs
