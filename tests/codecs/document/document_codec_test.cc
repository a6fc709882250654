#include "codecs/document/document_codec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "codecs/document/document.pb.h"
#include "codecs/document/utf8.h"

namespace cbzfs {
namespace {

constexpr uint64_t kSourceBytes = 1'000'000;

Document Sample() {
  Document document;
  document.info = {{ComicField::kTitle, "\u00c4 title"}, {ComicField::kWriter, "An author"}};
  document.marks = {{.page = 0, .bookmark = "Start", .label = "i"},
                    {.page = 3, .type = PageType::kBackCover}};
  document.inserts = {"first insert", std::string("\0\xff", 2)};
  document.pages = {
      {.width = 1240, .height = 1754, .dpi = 150.5f, .gray = true, .payload_bytes = 123'456},
      {.kind = PageKind::kOriginal,
       .width = 1988,
       .height = 3056,
       .dpi = 300,
       .source_offset = 1000,
       .source_bytes = 700'000,
       .insert = 1,
       .insert_at = 20},
      {.kind = PageKind::kOriginal,
       .width = 1,
       .height = 1,
       .source_offset = kSourceBytes - 2,
       .source_bytes = 2},
      {.kind = PageKind::kExtracted, .width = 65500, .height = 65500, .payload_bytes = 1u << 30},
  };
  return document;
}

// With everything an enhanced view asks for.
Document EnhancedSample() {
  Document document = Sample();
  for (uint32_t i = 0; i < document.pages.size(); ++i) {
    document.pages[i].enhanced_bytes = 1000 * i;
    document.pages[i].lone_image = i % 2 == 1;
    document.pages[i].why_drawn = static_cast<WhyDrawn>(i);
    document.pages[i].decode_bytes = uint64_t{i} << 30;
  }
  document.notes = {{.page = 3, .text = "a stain"}, {.text = "torn \u00fc"}, {.page = 0}};
  return document;
}

bool IsRefused(const Document& document) {
  const auto decoded = DecodeDocument(EncodeDocument(document), kSourceBytes);
  if (decoded.ok()) return false;
  EXPECT_EQ(decoded.status().code(), absl::StatusCode::kDataLoss);
  return true;
}

// With the sample's page `index` changed.
template <typename Change>
bool IsPageRefused(size_t index, Change change) {
  Document document = Sample();
  change(document.pages[index]);
  return IsRefused(document);
}

// What the header promises of a Document that comes out, said again without the codec's code.
void ExpectValid(const Document& document) {
  ASSERT_GE(document.pages.size(), 1u);
  ASSERT_LE(document.pages.size(), 1'000'000u);
  for (const auto& [field, text] : document.info.fields()) {
    EXPECT_TRUE(IsValidUtf8(text));
    EXPECT_LE(text.size(), 8192u);
  }
  for (const PageMark& mark : document.marks) {
    EXPECT_LT(mark.page, document.pages.size());
    EXPECT_TRUE(IsValidUtf8(mark.bookmark) && IsValidUtf8(mark.label));
  }
  for (const Page& page : document.pages) {
    EXPECT_TRUE(page.width >= 1 && page.width <= 65'500);
    EXPECT_TRUE(page.height >= 1 && page.height <= 65'500);
    EXPECT_TRUE(std::isfinite(page.dpi) && page.dpi >= 0);
    EXPECT_LE(static_cast<int>(page.kind), 2);
    EXPECT_LE(page.enhanced_bytes, 1u << 30);
    EXPECT_LE(page.decode_bytes, uint64_t{1} << 40);
    if (page.kind != PageKind::kOriginal) {
      EXPECT_LE(page.payload_bytes, 1u << 30);
      continue;
    }
    ASSERT_LE(page.source_offset, kSourceBytes);
    ASSERT_LE(page.source_bytes, kSourceBytes - page.source_offset);
    ASSERT_GE(page.insert, -1);
    if (page.insert < 0) continue;
    ASSERT_LT(static_cast<size_t>(page.insert), document.inserts.size());
    ASSERT_LE(page.insert_at, page.source_bytes);
  }
  EXPECT_TRUE(document.entries.empty());
  EXPECT_LE(document.notes.size(), 1000u);
  for (const Note& note : document.notes) {
    EXPECT_TRUE(note.page == UINT32_MAX || note.page < document.pages.size());
    EXPECT_TRUE(IsValidUtf8(note.text));
    EXPECT_LE(note.text.size(), 1024u);
  }
}

TEST(DocumentCodecTest, WhatGoesInComesOut) {
  for (const Document& document : {Sample(), EnhancedSample()}) {
    const auto decoded = DecodeDocument(EncodeDocument(document), kSourceBytes);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_TRUE(*decoded == document);
  }
}

TEST(DocumentCodecTest, WhatABookDoesNotUseTakesNoRoom) {
  Document document;
  document.pages.assign(10'000, {.width = 1240, .height = 1754, .payload_bytes = 100'000});
  // Ten columns: kind 1 byte, sizes 2 and 2, dpi 4, gray 1, source 1 and 1, insert 1 and 1, slot 3.
  const size_t plain = EncodeDocument(document).size();
  EXPECT_LE(plain, 10'000u * 17 + 100);
  // One page that differs brings its whole column, and no other.
  document.pages[17].lone_image = true;
  EXPECT_LE(EncodeDocument(document).size(), plain + 10'000 + 10);
}

TEST(DocumentCodecTest, EqualDocumentsAreEqualBytes) {
  EXPECT_EQ(EncodeDocument(Sample()), EncodeDocument(Sample()));
}

TEST(DocumentCodecTest, TakesAMillionPagesAndNotOneMore) {
  Document document;
  document.pages.assign(1'000'000, {.width = 1, .height = 1});
  EXPECT_FALSE(IsRefused(document));
  document.pages.push_back({.width = 1, .height = 1});
  EXPECT_TRUE(IsRefused(document));
}

TEST(DocumentCodecTest, ADocumentHasPages) {
  EXPECT_TRUE(IsRefused({}));
  EXPECT_FALSE(DecodeDocument("", kSourceBytes).ok());
}

TEST(DocumentCodecTest, EveryTruncationIsRefusedOrValid) {
  const std::string bytes = EncodeDocument(Sample());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = DecodeDocument(std::string_view(bytes).substr(0, size), kSourceBytes);
    if (decoded.ok()) ExpectValid(*decoded);
    // The columns come after the texts, and all are needed.
    EXPECT_FALSE(decoded.ok()) << size;
  }
}

TEST(DocumentCodecTest, EveryFlippedByteIsRefusedOrValid) {
  const std::string bytes = EncodeDocument(EnhancedSample());
  int refused = 0;
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (int flip = 1; flip < 256; ++flip) {
      std::string broken = bytes;
      broken[at] = static_cast<char>(broken[at] ^ flip);
      const auto decoded = DecodeDocument(broken, kSourceBytes);
      if (decoded.ok()) {
        ExpectValid(*decoded);
      } else {
        ++refused;
        EXPECT_EQ(decoded.status().code(), absl::StatusCode::kDataLoss);
      }
    }
  }
  EXPECT_GT(refused, static_cast<int>(bytes.size()) * 64);
}

TEST(DocumentCodecTest, RandomBytesAreRefusedOrValid) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 200, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    const auto decoded = DecodeDocument(bytes, kSourceBytes);
    if (decoded.ok()) ExpectValid(*decoded);
  }
}

TEST(DocumentCodecTest, ColumnsOfDifferentLengthsAreRefused) {
  // One element more in the last column (payload_bytes, field 19, wire type 0).
  const std::string bytes = EncodeDocument(Sample()) + std::string("\x98\x01\x05", 3);
  EXPECT_FALSE(DecodeDocument(bytes, kSourceBytes).ok());
}

TEST(DocumentCodecTest, ColumnsThatMayBeLeftOutAreWholeOrNotThere) {
  // One element in enhanced_bytes, lone_image, decode_bytes, why_drawn (20 to 23), and half a note
  // (40).
  for (const char* column :
       {"\xb8\x01\x05", "\xa0\x01\x05", "\xa8\x01\x01", "\xb0\x01\x05", "\xc0\x02\x01"}) {
    const std::string bytes = EncodeDocument(Sample()) + column;
    EXPECT_FALSE(DecodeDocument(bytes, kSourceBytes).ok());
  }
}

TEST(DocumentCodecTest, ReasonsThatAreNoneAreRefused) {
  const auto set = [](uint32_t why) {
    return [=](Page& page) { page.why_drawn = static_cast<WhyDrawn>(why); };
  };
  EXPECT_FALSE(IsPageRefused(0, set(kMaxWhyDrawn)));
  EXPECT_TRUE(IsPageRefused(0, set(kMaxWhyDrawn + 1)));
  // One page, and a reason of 256, which is none, though its low byte is (field 23, packed).
  Document document;
  document.pages.assign(1, {.width = 1, .height = 1});
  EXPECT_TRUE(DecodeDocument(EncodeDocument(document) + "\xba\x01\x01\x05", 0).ok());
  EXPECT_FALSE(DecodeDocument(EncodeDocument(document) + "\xba\x01\x02\x80\x02", 0).ok());
}

TEST(DocumentCodecTest, RangesOutsideTheSourceAreRefused) {
  const auto set = [](uint64_t offset, uint64_t size) {
    return [=](Page& page) { page.source_offset = offset, page.source_bytes = size; };
  };
  EXPECT_FALSE(IsPageRefused(2, set(0, kSourceBytes)));
  EXPECT_TRUE(IsPageRefused(2, set(0, kSourceBytes + 1)));
  EXPECT_TRUE(IsPageRefused(2, set(1, kSourceBytes)));
  EXPECT_TRUE(IsPageRefused(2, set(kSourceBytes + 1, 2)));
  EXPECT_TRUE(IsPageRefused(2, set(UINT64_MAX, 2)));
  EXPECT_TRUE(IsPageRefused(2, set(2, UINT64_MAX)));
  EXPECT_TRUE(IsPageRefused(2, set(0, 0)));
  EXPECT_TRUE(IsPageRefused(2, set(0, 1)));
  // The same table is refused for a shorter source.
  EXPECT_FALSE(DecodeDocument(EncodeDocument(Sample()), kSourceBytes - 1).ok());
}

TEST(DocumentCodecTest, StreamsAreShortEnoughForAPlainZipEntry) {
  Document document = Sample();
  document.pages[1].source_bytes = kMaxOriginalBytes;
  EXPECT_TRUE(DecodeDocument(EncodeDocument(document), uint64_t{1} << 40).ok());
  document.pages[1].source_bytes = kMaxOriginalBytes + 1;
  EXPECT_FALSE(DecodeDocument(EncodeDocument(document), uint64_t{1} << 40).ok());
}

TEST(DocumentCodecTest, DrawnAndExtractedPagesHaveNoRange) {
  for (const size_t index : {size_t{0}, size_t{3}}) {
    EXPECT_FALSE(IsPageRefused(index, [](Page& page) {
      page.source_offset = UINT64_MAX;
      page.source_bytes = UINT64_MAX;
    }));
  }
}

TEST(DocumentCodecTest, InsertsAreReferencedInRange) {
  const auto set = [](int32_t insert, uint32_t at) {
    return [=](Page& page) { page.insert = insert, page.insert_at = at; };
  };
  EXPECT_FALSE(IsPageRefused(1, set(0, 2)));
  EXPECT_FALSE(IsPageRefused(1, set(1, 700'000)));
  EXPECT_FALSE(IsPageRefused(1, set(-1, 0)));
  EXPECT_TRUE(IsPageRefused(1, set(2, 2)));
  EXPECT_TRUE(IsPageRefused(1, set(-2, 2)));
  EXPECT_TRUE(IsPageRefused(1, set(0, 700'001)));
  EXPECT_TRUE(IsPageRefused(1, set(0, 1)));  // inside the SOI
  Document document = Sample();
  document.inserts[0].assign(kMaxInsertBytes, 'i');
  EXPECT_FALSE(IsRefused(document));
  document.inserts[0].push_back('i');
  EXPECT_TRUE(IsRefused(document));
}

TEST(DocumentCodecTest, SizesAreWhatAJpegCanHave) {
  const auto set = [](uint32_t width, uint32_t height) {
    return [=](Page& page) { page.width = width, page.height = height; };
  };
  for (const size_t index : {size_t{0}, size_t{1}, size_t{3}}) {
    EXPECT_TRUE(IsPageRefused(index, set(0, 1)));
    EXPECT_TRUE(IsPageRefused(index, set(1, 0)));
    EXPECT_TRUE(IsPageRefused(index, set(65'501, 1)));
    EXPECT_TRUE(IsPageRefused(index, set(1, 65'501)));
    EXPECT_FALSE(IsPageRefused(index, set(65'500, 700)));
  }
  EXPECT_FALSE(IsPageRefused(0, set(10'000, 5'000)));
  EXPECT_TRUE(IsPageRefused(0, set(10'000, 5'001)));  // a worker would have to draw it
  EXPECT_FALSE(IsPageRefused(1, set(10'000, 5'001)));
}

TEST(DocumentCodecTest, NumbersAreInRange) {
  EXPECT_TRUE(IsPageRefused(0, [](Page& page) { page.payload_bytes = (1u << 30) + 1; }));
  EXPECT_TRUE(IsPageRefused(0, [](Page& page) { page.kind = static_cast<PageKind>(5); }));
  for (const size_t index : {size_t{0}, size_t{1}, size_t{3}}) {
    EXPECT_FALSE(IsPageRefused(index, [](Page& page) { page.enhanced_bytes = 1u << 30; }));
    EXPECT_TRUE(IsPageRefused(index, [](Page& page) { page.enhanced_bytes = (1u << 30) + 1; }));
    EXPECT_FALSE(IsPageRefused(index, [](Page& page) { page.decode_bytes = uint64_t{1} << 40; }));
    EXPECT_TRUE(
        IsPageRefused(index, [](Page& page) { page.decode_bytes = (uint64_t{1} << 40) + 1; }));
  }
  for (const float dpi :
       {-1.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    EXPECT_TRUE(IsPageRefused(0, [=](Page& page) { page.dpi = dpi; }));
  }
}

TEST(DocumentCodecTest, NotesAreOfPagesOrOfTheFile) {
  const auto refused = [](std::vector<Note> notes) {
    Document document = Sample();
    document.notes = std::move(notes);
    return IsRefused(document);
  };
  EXPECT_FALSE(refused({{.page = 3, .text = "x"}}));
  EXPECT_TRUE(refused({{.page = 4, .text = "x"}}));
  EXPECT_TRUE(refused({{.page = UINT32_MAX - 1, .text = "x"}}));
  EXPECT_TRUE(refused({{.text = "two\nlines"}}));
  EXPECT_TRUE(refused({{.text = std::string(1025, 'a')}}));
  EXPECT_FALSE(refused(std::vector<Note>(1000, {.text = "x"})));
  EXPECT_TRUE(refused(std::vector<Note>(1001, {.text = "x"})));
}

// The message of a sample, to be spoilt: the classes of a Document cannot hold what is wrong here.
proto::Document SampleMessage() {
  proto::Document message;
  EXPECT_TRUE(message.ParseFromString(EncodeDocument(Sample())));
  return message;
}

bool IsRefused(const proto::Document& message) {
  return absl::IsDataLoss(DecodeDocument(message.SerializeAsString(), kSourceBytes).status());
}

TEST(DocumentCodecTest, MetadataIsCleanAndOfKnownFields) {
  EXPECT_FALSE(IsRefused(SampleMessage()));
  for (const std::string& text :
       {std::string(), std::string(1025, 'a'), std::string("a\xff"), std::string("a\nb"),
        std::string("a\x7f"), std::string(1, '\0'), std::string(" a")}) {
    proto::Document message = SampleMessage();
    message.set_info_text(0, text);
    EXPECT_TRUE(IsRefused(message)) << text;
  }
  proto::Document message = SampleMessage();
  message.set_info_field(0, kComicFields);
  EXPECT_TRUE(IsRefused(message));
  message = SampleMessage();
  message.set_info_field(0, message.info_field(1));
  EXPECT_TRUE(IsRefused(message));  // twice
  message = SampleMessage();
  message.set_info_field(0, static_cast<uint32_t>(ComicField::kYear));
  EXPECT_TRUE(IsRefused(message));  // a title is no year
  message = SampleMessage();
  message.add_info_field(0);
  EXPECT_TRUE(IsRefused(message));  // columns of different lengths
}

TEST(DocumentCodecTest, MarksAreOfPagesInOrder) {
  const auto refused = [](const auto& spoil) {
    proto::Document message = SampleMessage();
    spoil(message);
    return IsRefused(message);
  };
  EXPECT_TRUE(refused([](auto& m) { m.set_mark_page(1, 4); }));  // there are four
  EXPECT_TRUE(refused([](auto& m) { m.set_mark_page(1, 0); }));
  EXPECT_TRUE(refused([](auto& m) { m.set_mark_type(0, kMaxPageType + 1); }));
  EXPECT_TRUE(refused([](auto& m) { m.set_mark_type(1, 0); }));  // says nothing at all
  EXPECT_TRUE(refused([](auto& m) { m.set_mark_label(0, "a\nb"); }));
  EXPECT_TRUE(refused([](auto& m) { m.set_mark_bookmark(0, std::string(257, 'a')); }));
  EXPECT_TRUE(refused([](auto& m) { m.add_mark_page(3); }));
  EXPECT_FALSE(refused([](auto& m) { m.set_mark_bookmark(0, std::string(256, 'a')); }));
}

}  // namespace
}  // namespace cbzfs
