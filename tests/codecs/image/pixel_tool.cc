// Raw pixels through the library, for pixels_test.py to compare with Pillow.
//
//   pixel_tool tables                                    the checked tables, 256 bytes each
//   pixel_tool enhance W H C curve gamma brightness contrast cutoff [keep]
//   pixel_tool resize W H C NEW_W NEW_H
//   pixel_tool sizes                                     a line "fit W H BOX_W BOX_H" or
//                                                        "limit W H 0 0" in, "w h" out
// Pixels come on the standard input and go to the standard output.

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "codecs/document/picture_size.h"
#include "codecs/image/enhance.h"
#include "codecs/image/kept_rows.h"
#include "codecs/image/resize.h"

namespace cbzfs {
namespace {

[[noreturn]] void Fail(const std::string& why) {
  std::fprintf(stderr, "pixel_tool: %s\n", why.c_str());
  std::exit(1);
}

void Write(const uint8_t* bytes, size_t count) {
  if (std::fwrite(bytes, 1, count, stdout) != count) Fail("cannot write");
}

int Tables() {
  for (const ByteTable& table :
       {CurveTable(1), GammaTable(0.9), BlendTable(0, 1.03f), FirstStages(EnhanceOptions{})}) {
    Write(table.data(), table.size());
  }
  return 0;
}

int Sizes() {
  char what[8];
  unsigned w, h, box_w, box_h;
  while (std::scanf("%7s %u %u %u %u", what, &w, &h, &box_w, &box_h) == 5) {
    const PictureSize size = std::string(what) == "fit" ? FitInside({w, h}, {box_w, box_h})
                                                        : LimitPixels({w, h});
    std::printf("%u %u\n", size.width, size.height);
  }
  return 0;
}

uint32_t Number(const char* text) { return static_cast<uint32_t>(std::strtoul(text, nullptr, 10)); }

void Print(PixelRows& rows) {
  // Twice: a second pass must give what the first gave.
  std::vector<uint8_t> first;
  for (int pass = 0; pass < 2; ++pass) {
    if (!rows.Rewind().ok()) Fail(rows.status().ToString());
    std::vector<uint8_t> pixels;
    for (uint32_t y = 0; y < rows.height(); ++y) {
      const uint8_t* row = rows.Next();
      if (row == nullptr) Fail("rows ended");
      pixels.insert(pixels.end(), row, row + size_t{rows.width()} * rows.components());
    }
    if (pass == 0) first = std::move(pixels);
    if (pass == 1 && pixels != first) Fail("two passes differ");
  }
  Write(first.data(), first.size());
}

int Pixels(const std::vector<const char*>& args) {
  const uint32_t width = Number(args[1]);
  const uint32_t height = Number(args[2]);
  const uint32_t components = Number(args[3]);
  std::vector<uint8_t> pixels(size_t{width} * height * components);
  if (std::fread(pixels.data(), 1, pixels.size(), stdin) != pixels.size()) Fail("pixels missing");
  auto source = std::make_unique<RasterRows>(
      RasterView{pixels.data(), width, height, components, uint64_t{width} * components});
  if (std::string(args[0]) == "resize" && args.size() == 6) {
    Print(*ResizeRows(std::move(source), Number(args[4]), Number(args[5])));
    return 0;
  }
  if (std::string(args[0]) != "enhance" || args.size() < 9) Fail("usage");
  EnhanceOptions options;
  options.curve = std::atof(args[4]);
  options.gamma = std::atof(args[5]);
  options.brightness = std::strtof(args[6], nullptr);
  options.contrast = std::strtof(args[7], nullptr);
  options.cutoff = std::atof(args[8]);
  if (args.size() == 9) {
    Print(*EnhanceRows(std::move(source), options));
  } else {
    auto kept = KeepEnhanced(*source, options);
    if (!kept.ok()) Fail(kept.status().ToString());
    Print(**kept);
  }
  return 0;
}

int Main(int argc, char** argv) {
  const std::vector<const char*> args(argv + 1, argv + argc);
  if (args.size() == 1 && std::string(args[0]) == "tables") return Tables();
  if (args.size() == 1 && std::string(args[0]) == "sizes") return Sizes();
  if (args.size() >= 6) return Pixels(args);
  Fail("usage");
}

}  // namespace
}  // namespace cbzfs

int main(int argc, char** argv) { return cbzfs::Main(argc, argv); }
