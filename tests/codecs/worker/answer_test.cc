// From a job to its message, and what of a reply is believed.

#include "codecs/worker/answer.h"

#include <memory>
#include <string>
#include <utility>

#include "codecs/document/document_codec.h"
#include "codecs/worker/protocol.h"
#include "codecs/worker/result_file.h"
#include "codecs/worker/worker_pool.h"
#include "gtest/gtest.h"

namespace cbzfs {
namespace {

class AnswerTest : public ::testing::Test {
 protected:
  AnswerTest() {
    job_.id = 9;
    job_.source = std::make_shared<SourceFile>(-1, 50'000, 77, SourceFormat::kArchive);
  }

  void Draw(Finish finish) {
    job_.kind = Job::Kind::kDraw;
    job_.draw = {.page = 3,
                 .row = {.kind = PageKind::kImage,
                         .width = 40,
                         .height = 50,
                         .gray = true,
                         .source_offset = 6,
                         .source_bytes = 7,
                         .decode_bytes = 8},
                 .max_payload = 1000,
                 .finish = finish,
                 .width = 11,
                 .height = 12,
                 .entry = 13,
                 .entry_bytes = 14};
    job_.draw.options.quality = 44;
    job_.draw.options.enhance.contrast = 3;
  }

  // A reply with `bytes` in the result file.
  absl::StatusOr<Job::Answer> Read(const std::string& bytes) {
    auto file = MakeResultFile(job_.ResultCapacity());
    if (!file.ok()) return file.status();
    if (absl::Status status = WriteResult(file->get(), bytes); !status.ok()) return status;
    reply_.set_result_bytes(bytes.size());
    return ReadAnswer(job_, reply_, file->get());
  }

  Job job_;
  proto::Reply reply_;
};

TEST_F(AnswerTest, ADrawingIsAskedForInFull) {
  Draw(Finish::kThumbnail);
  proto::Request request;
  ASSERT_TRUE(request.ParseFromString(MakeRequest(job_).SerializeAsString()));
  EXPECT_EQ(request.id(), 9u);
  EXPECT_EQ(request.source_key(), 77u);
  EXPECT_EQ(request.source_bytes(), 50'000u);
  EXPECT_EQ(static_cast<SourceFormat>(request.format()), SourceFormat::kArchive);
  ASSERT_TRUE(request.has_draw());
  EXPECT_EQ(request.draw().page(), 3u);
  EXPECT_EQ(FromProto(request.draw().row()), job_.draw.row);
  EXPECT_EQ(FromProto(request.draw().options()), job_.draw.options);
  EXPECT_EQ(request.draw().max_payload(), 1000u);
  EXPECT_EQ(static_cast<Finish>(request.draw().finish()), Finish::kThumbnail);
  EXPECT_EQ(request.draw().width(), 11u);
  EXPECT_EQ(request.draw().height(), 12u);
  EXPECT_EQ(request.draw().entry(), 13u);
  EXPECT_EQ(request.draw().entry_bytes(), 14u);
  EXPECT_FALSE(request.draw().exact());
  job_.draw.exact = true;
  EXPECT_TRUE(MakeRequest(job_).draw().exact());
}

TEST_F(AnswerTest, ASecondTryAtAnAnalysisIsSparingIfTheFirstCostAWorkerOrMemory) {
  job_.kind = Job::Kind::kAnalyse;
  job_.analysis.options.enhanced = true;
  EXPECT_FALSE(MakeRequest(job_).analyse().sparing());
  EXPECT_FALSE(MakeRequest(job_).fresh());
  EXPECT_TRUE(MakeRequest(job_).analyse().options().enhanced());
  job_.failed = FailedTry::Timeout(absl::Seconds(1));
  EXPECT_TRUE(MakeRequest(job_).analyse().sparing());
  job_.failed = FailedTry::Answered(absl::ResourceExhaustedError("x"));
  EXPECT_TRUE(MakeRequest(job_).analyse().sparing());
  job_.failed = FailedTry::Answered(absl::InvalidArgumentError("x"));
  EXPECT_FALSE(MakeRequest(job_).analyse().sparing());
  EXPECT_TRUE(MakeRequest(job_).fresh());
}

TEST_F(AnswerTest, AnEntryHasExactlyTheLengthThatWasAskedFor) {
  Draw(Finish::kEntry);
  auto answer = Read(std::string(14, 'e'));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(std::get<Drawn>(*answer).payload, std::string(14, 'e'));
  EXPECT_TRUE(absl::IsDataLoss(Read(std::string(13, 'e')).status()));
  EXPECT_TRUE(absl::IsDataLoss(Read("").status()));
  EXPECT_FALSE(Read(std::string(15, 'e')).ok());
}

TEST_F(AnswerTest, APageHasAnyLengthUpToItsSlotButNone) {
  Draw(Finish::kEnhanced);
  EXPECT_TRUE(Read("x").ok());
  EXPECT_TRUE(Read(std::string(1000, 'x')).ok());
  EXPECT_TRUE(absl::IsDataLoss(Read("").status()));
  reply_.set_quality(101);
  EXPECT_TRUE(absl::IsDataLoss(Read("x").status()));
}

TEST_F(AnswerTest, WhatWasSaidOfThePageComesAlong) {
  Draw(Finish::kEnhanced);
  reply_.set_quality(71);
  reply_.set_softened(true);
  reply_.set_message("the image is\ndamaged \xFF");
  const auto answer = Read("x");
  ASSERT_TRUE(answer.ok()) << answer.status();
  const Drawn& drawn = std::get<Drawn>(*answer);
  EXPECT_EQ(drawn.quality, 71u);
  EXPECT_TRUE(drawn.softened);
  EXPECT_EQ(drawn.note, "the image is?damaged ?");
}

TEST_F(AnswerTest, OnlyImagesOfAnArchiveCountAsPages) {
  Document document;
  for (int i = 0; i < 4; ++i) {
    const bool image = i < 2;
    document.pages.push_back({.kind = image ? PageKind::kImage : PageKind::kRaw,
                              .width = 1,
                              .height = 1,
                              .source_bytes = 1});
    document.entries.push_back({.name = std::to_string(i), .bytes = 1});
  }
  job_.kind = Job::Kind::kAnalyse;
  job_.analysis.options.max_pages = 2;
  const auto answer = Read(EncodeDocument(document));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(std::get<Document>(*answer), document);
  job_.analysis.options.max_pages = 1;
  EXPECT_TRUE(absl::IsDataLoss(Read(EncodeDocument(document)).status()));
}

}  // namespace
}  // namespace cbzfs
