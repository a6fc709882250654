// Thumbnails of JPEG 2000 pages: decoded small, and like those of the same picture decoded whole.

#include "codecs/pdf/small_jpx.h"

#include <openjpeg.h>

#include <cstring>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/codecs/pdf/pdf_testing.h"
#include "tests/support/jpeg_maker.h"
#include "tests/support/pdf_writer.h"

namespace cbzfs {
namespace {

using namespace testing;  // NOLINT

constexpr int kWidth = 640;
constexpr int kHeight = 960;

struct Sink {
  std::string bytes;
  size_t at = 0;

  static OPJ_SIZE_T Write(void* data, OPJ_SIZE_T size, void* self) {
    Sink* sink = static_cast<Sink*>(self);
    if (sink->bytes.size() < sink->at + size) sink->bytes.resize(sink->at + size);
    std::memcpy(sink->bytes.data() + sink->at, data, size);
    sink->at += size;
    return size;
  }
  static OPJ_BOOL Seek(OPJ_OFF_T to, void* self) {
    static_cast<Sink*>(self)->at = static_cast<size_t>(to);
    return OPJ_TRUE;
  }
  static OPJ_OFF_T Skip(OPJ_OFF_T by, void* self) {
    static_cast<Sink*>(self)->at += static_cast<size_t>(by);
    return by;
  }
};

struct JpxSpec {
  int resolutions = 6;
  int step = 1;  // of the second and third component
};

// An RGB picture as a lossless codestream.
std::string MakeJpx(const Picture& picture, const JpxSpec& spec) {
  opj_image_cmptparm_t components[3] = {};
  for (int c = 0; c < 3; ++c) {
    const auto step = static_cast<OPJ_UINT32>(c == 0 ? 1 : spec.step);
    components[c] = {.dx = step, .dy = step, .prec = 8};
    components[c].w = static_cast<OPJ_UINT32>(picture.width) / step;
    components[c].h = static_cast<OPJ_UINT32>(picture.height) / step;
  }
  const std::unique_ptr<opj_image_t, decltype(&opj_image_destroy)> image(
      opj_image_create(3, components, OPJ_CLRSPC_SRGB), &opj_image_destroy);
  image->x1 = static_cast<OPJ_UINT32>(picture.width);
  image->y1 = static_cast<OPJ_UINT32>(picture.height);
  for (uint32_t c = 0; c < 3; ++c) {
    const opj_image_comp_t& component = image->comps[c];
    for (uint32_t y = 0; y < component.h; ++y) {
      for (uint32_t x = 0; x < component.w; ++x) {
        const size_t at = size_t{y} * component.dy * image->x1 + size_t{x} * component.dx;
        component.data[y * component.w + x] = picture.pixels[3 * at + c];
      }
    }
  }
  opj_cparameters_t parameters;
  opj_set_default_encoder_parameters(&parameters);
  parameters.tcp_numlayers = 1;
  parameters.cp_disto_alloc = 1;
  parameters.numresolution = spec.resolutions;
  parameters.tcp_mct = spec.step == 1 ? 1 : 0;
  const std::unique_ptr<opj_codec_t, decltype(&opj_destroy_codec)> codec(
      opj_create_compress(OPJ_CODEC_J2K), &opj_destroy_codec);
  const std::unique_ptr<opj_stream_t, decltype(&opj_stream_destroy)> stream(
      opj_stream_default_create(OPJ_FALSE), &opj_stream_destroy);
  Sink sink;
  opj_stream_set_user_data(stream.get(), &sink, nullptr);
  opj_stream_set_write_function(stream.get(), Sink::Write);
  opj_stream_set_seek_function(stream.get(), Sink::Seek);
  opj_stream_set_skip_function(stream.get(), Sink::Skip);
  EXPECT_TRUE(opj_setup_encoder(codec.get(), &parameters, image.get()) &&
              opj_start_compress(codec.get(), image.get(), stream.get()) &&
              opj_encode(codec.get(), stream.get()) && opj_end_compress(codec.get(), stream.get()));
  return sink.bytes;
}

// Of a codestream without levels one whose main header promises five, and whose only tile takes
// that back by a COD of its own (ISO 15444-1, A.6.1).
std::string WithFewerLevelsInTheTile(std::string jpx) {
  const auto byte = [&](size_t at) { return static_cast<uint8_t>(jpx.at(at)); };
  const size_t cod = 4 + 256 * byte(4) + byte(5);  // behind SOC and SIZ
  EXPECT_EQ(jpx.substr(cod, 2), "\xFF\x52");
  const std::string own = jpx.substr(cod, 2 + 256 * byte(cod + 2) + byte(cod + 3));
  EXPECT_EQ(byte(cod + 9), 0) << "levels";
  jpx[cod + 9] = 5;
  const size_t sot = jpx.find("\xFF\x90", cod);
  uint32_t tile_bytes = 0;
  for (size_t i = 0; i < 4; ++i) tile_bytes = tile_bytes << 8 | byte(sot + 6 + i);
  tile_bytes += static_cast<uint32_t>(own.size());
  for (size_t i = 0; i < 4; ++i) jpx[sot + 6 + i] = static_cast<char>(tile_bytes >> (24 - 8 * i));
  return jpx.insert(sot + 12, own);
}

// A page that is this picture, coded by `filter`.
std::string PageOf(const std::string& data, const std::string& filter) {
  PdfWriter pdf;
  const int image =
      pdf.AddStream(absl::StrCat("/Type /XObject /Subtype /Image /Width ", kWidth, " /Height ",
                                 kHeight, " /ColorSpace /DeviceRGB /BitsPerComponent 8 ", filter),
                    data);
  pdf.AddScan(image, kWidth, kHeight);
  return pdf.Finish();
}

class SmallJpxTest : public ::testing::Test {
 protected:
  SmallJpxTest()
      : picture_(ReadJpeg(MakeJpeg({.width = kWidth, .height = kHeight, .quality = 95}))) {}

  void Open(const std::string& bytes) {
    bytes_ = bytes;
    pdf_.reset();
    auto pdf = OpenBytes(bytes_);
    ASSERT_TRUE(pdf.ok()) << pdf.status();
    pdf_ = *std::move(pdf);
    auto document = pdf_->Analyse(options_);
    ASSERT_TRUE(document.ok()) << document.status();
    row_ = document->pages.at(0);
    ASSERT_TRUE(row_.lone_image);
  }
  Picture Thumbnail() {
    const auto jpeg = pdf_->ProduceSmall(
        0, row_, options_, {.width = 60, .height = 90, .quality = 95, .max_payload = 100'000});
    EXPECT_TRUE(jpeg.ok()) << jpeg.status();
    return jpeg.ok() ? ReadJpeg(WholeJpeg(*jpeg)) : Picture();
  }
  std::string Whole() {
    const auto jpeg = pdf_->Produce(0, row_, options_, row_.payload_bytes);
    return jpeg.ok() ? jpeg->payload : std::string(jpeg.status().message());
  }
  Picture ThumbnailOfRaw() {
    const std::string pixels(picture_.pixels.begin(), picture_.pixels.end());
    Open(PageOf(pixels, ""));
    return Thumbnail();
  }

  const AnalyseOptions options_ = {.dpi = 72};
  const Picture picture_;
  std::string bytes_;
  std::unique_ptr<Pdf> pdf_;
  Page row_;
};

TEST_F(SmallJpxTest, AThumbnailIsDecodedSmallAndLooksTheSame) {
  const Picture expected = ThumbnailOfRaw();
  Open(PageOf(MakeJpx(picture_, {}), "/Filter /JPXDecode"));
  const uint64_t before = SmallJpx::reduced();
  const Picture small = Thumbnail();
  EXPECT_EQ(SmallJpx::reduced(), before + 1);
  EXPECT_GT(Psnr(small, expected), 28);
}

TEST_F(SmallJpxTest, ThePageIsWholeBeforeAndAfter) {
  Open(PageOf(MakeJpx(picture_, {}), "/Filter /JPXDecode"));
  const std::string before = Whole();
  EXPECT_GT(before.size(), 5000u) << before;
  const Picture first = Thumbnail();
  const uint64_t reduced = SmallJpx::reduced();
  EXPECT_TRUE(Whole() == before);
  EXPECT_EQ(SmallJpx::reduced(), reduced);
  EXPECT_TRUE(Thumbnail().pixels == first.pixels);
}

TEST_F(SmallJpxTest, ItMakesDoWithTheLevelsThatThereAre) {
  const Picture expected = ThumbnailOfRaw();
  const uint64_t before = SmallJpx::reduced();
  Open(PageOf(MakeJpx(picture_, {.resolutions = 1}), "/Filter /JPXDecode"));
  EXPECT_GT(Psnr(Thumbnail(), expected), 28);
  EXPECT_EQ(SmallJpx::reduced(), before) << "there is only the whole";
  Open(PageOf(MakeJpx(picture_, {.resolutions = 2}), "/Filter /JPXDecode"));
  EXPECT_GT(Psnr(Thumbnail(), expected), 28);
  EXPECT_EQ(SmallJpx::reduced(), before + 1);
}

TEST_F(SmallJpxTest, AnImageThatDoesNotDecodeSmallIsDecodedWhole) {
  const Picture expected = ThumbnailOfRaw();
  Open(PageOf(WithFewerLevelsInTheTile(MakeJpx(picture_, {.resolutions = 1})),
              "/Filter /JPXDecode"));
  const uint64_t before = SmallJpx::reduced();
  EXPECT_GT(Psnr(Thumbnail(), expected), 28);
  EXPECT_EQ(SmallJpx::reduced(), before);
}

TEST_F(SmallJpxTest, ComponentsOfDifferentSizesStayWhole) {
  const Picture expected = ThumbnailOfRaw();
  Open(PageOf(MakeJpx(picture_, {.step = 2}), "/Filter /JPXDecode"));
  const uint64_t before = SmallJpx::reduced();
  const Picture small = Thumbnail();
  EXPECT_EQ(SmallJpx::reduced(), before);
  EXPECT_GT(Psnr(small, expected), 22);
}

}  // namespace
}  // namespace cbzfs
