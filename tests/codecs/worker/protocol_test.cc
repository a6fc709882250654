#include "codecs/worker/protocol.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "codecs/worker/channel.h"
#include "codecs/worker/result_file.h"
#include "gtest/gtest.h"
#include "tests/codecs/worker/pool_fixture.h"

namespace cbzfs {
namespace {

TEST(ProtocolTest, PagesAndOptionsSurviveTheCrossing) {
  const Page page = {.kind = PageKind::kExtracted,
                     .width = 1,
                     .height = 2,
                     .dpi = 3.5F,
                     .gray = true,
                     .source_offset = uint64_t{1} << 40,
                     .source_bytes = 5,
                     .insert = -1,
                     .insert_at = 6,
                     .payload_bytes = 7,
                     .enhanced_bytes = 8,
                     .lone_image = true,
                     .decode_bytes = uint64_t{1} << 39};
  EXPECT_EQ(FromProto(ToProto(page)), page);
  const AnalyseOptions options = {.dpi = 150,
                                  .quality = 75,
                                  .original = false,
                                  .box = AnalyseOptions::Box::kMedia,
                                  .max_pages = 3,
                                  .enhanced = true,
                                  .enhance = {.on = false,
                                              .curve = 0.25,
                                              .gamma = 1.75,
                                              .brightness = 1.1F,
                                              .contrast = 0.3F,
                                              .cutoff = 2.5}};
  EXPECT_EQ(FromProto(ToProto(options)), options);
}

TEST(ProtocolTest, FailuresSurviveTheCrossing) {
  for (const absl::Status& status :
       {absl::InvalidArgumentError("a"), absl::PermissionDeniedError("b"), absl::NotFoundError("c"),
        absl::DataLossError("d"), absl::ResourceExhaustedError("e"), absl::InternalError("f"),
        absl::UnimplementedError("g"), absl::OutOfRangeError("h")}) {
    proto::Reply reply;
    SetFailure(status, &reply);
    EXPECT_EQ(FailureOf(reply), status);
  }
  proto::Reply reply;
  SetFailure(absl::AbortedError("no word for it"), &reply);
  EXPECT_EQ(FailureOf(reply), absl::InternalError("no word for it"));
}

TEST(ProtocolTest, LinesArePrintable) {
  EXPECT_EQ(PrintableLine("plain"), "plain");
  EXPECT_EQ(PrintableLine("a\nb\tc\x7f"), "a?b?c?");
  EXPECT_EQ(PrintableLine("\x1b[2J"), "?[2J");
  EXPECT_EQ(PrintableLine("caf\xc3\xa9 \xff\xc3"), "caf\xc3\xa9 ??");
  EXPECT_EQ(PrintableLine("\xe2\x80\xae"
                          "fdp.exe"),
            "?fdp.exe");  // right-to-left override
  EXPECT_EQ(PrintableLine(std::string(299, 'x') + "\xc3\xa9").size(), 299u);  // no half character
}

TEST(ProtocolTest, OnlyThisVersionIsGreeted) {
  proto::Hello hello = MakeHello();
  EXPECT_TRUE(CheckHello(hello).ok());
  hello.set_engine(hello.engine() + 1);
  EXPECT_TRUE(absl::IsFailedPrecondition(CheckHello(hello)));
}

class ChannelTest : public ::testing::Test {
 protected:
  ChannelTest() {
    std::tie(here_, there_) = *MakeSocketPair();
    message_.set_id(1);
  }
  UniqueFd here_, there_;
  proto::Reply message_;
};

TEST_F(ChannelTest, MessagesArriveWithTheirDescriptors) {
  ASSERT_TRUE(SendMessage(here_.get(), message_, {here_.get()}, Wait::kNo).ok());
  proto::Reply got;
  const auto descriptors = ReceiveMessage(there_.get(), 2, Wait::kNo, &got);
  ASSERT_TRUE(descriptors.ok()) << descriptors.status();
  EXPECT_EQ(got.id(), 1u);
  ASSERT_EQ(descriptors->size(), 1u);
  EXPECT_EQ(fcntl(descriptors->front().get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(ChannelTest, NothingToReceiveIsNoFailureOfThePeer) {
  EXPECT_TRUE(
      absl::IsResourceExhausted(ReceiveMessage(there_.get(), 0, Wait::kNo, &message_).status()));
}

TEST_F(ChannelTest, EndOfFileIsTold) {
  there_.reset();
  EXPECT_TRUE(absl::IsUnavailable(ReceiveMessage(here_.get(), 0, Wait::kNo, &message_).status()));
  EXPECT_TRUE(absl::IsUnavailable(SendMessage(here_.get(), message_, {}, Wait::kNo)));
}

TEST_F(ChannelTest, FullSocketIsTold) {
  absl::Status status;
  for (int i = 0; i < 1'000'000 && status.ok(); ++i) {
    status = SendMessage(here_.get(), message_, {}, Wait::kNo);
  }
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
}

TEST_F(ChannelTest, UnwantedDescriptorsAreRefusedAndNotKept) {
  for (const size_t wanted : {size_t{0}, size_t{1}}) {
    ASSERT_TRUE(SendMessage(here_.get(), message_, {0, 1}, Wait::kNo).ok());
    const int before = CountDescriptors();
    EXPECT_TRUE(
        absl::IsDataLoss(ReceiveMessage(there_.get(), wanted, Wait::kNo, &message_).status()));
    EXPECT_EQ(CountDescriptors(), before);
  }
}

TEST_F(ChannelTest, LongMessagesAreRefusedOnBothSides) {
  message_.set_message(std::string(kMaxMessageBytes, 'x'));
  EXPECT_FALSE(SendMessage(here_.get(), message_, {}, Wait::kNo).ok());
  const std::string bytes = message_.SerializeAsString();
  ASSERT_EQ(send(here_.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  EXPECT_TRUE(absl::IsDataLoss(ReceiveMessage(there_.get(), 0, Wait::kNo, &message_).status()));
}

TEST(ResultFileTest, WhatIsWrittenIsCollected) {
  const absl::StatusOr<UniqueFd> file = MakeResultFile(100);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(WriteResult(file->get(), "hello").ok());
  EXPECT_EQ(*CollectResult(file->get(), 5, 100), "hello");
}

TEST(ResultFileTest, NobodyGrowsOrShrinksIt) {
  const absl::StatusOr<UniqueFd> file = MakeResultFile(100);
  EXPECT_NE(ftruncate(file->get(), 0), 0);
  EXPECT_NE(ftruncate(file->get(), 200), 0);
  EXPECT_FALSE(WriteResult(file->get(), std::string(101, 'x')).ok());
}

TEST(ResultFileTest, NobodyWritesAfterItWasCollected) {
  const absl::StatusOr<UniqueFd> file = MakeResultFile(100);
  ASSERT_TRUE(CollectResult(file->get(), 5, 100).ok());
  EXPECT_FALSE(WriteResult(file->get(), "later").ok());
}

TEST(ResultFileTest, WritableMappingIsRefused) {
  const absl::StatusOr<UniqueFd> file = MakeResultFile(100);
  void* const kept = mmap(nullptr, 100, PROT_READ | PROT_WRITE, MAP_SHARED, file->get(), 0);
  ASSERT_NE(kept, MAP_FAILED);
  EXPECT_TRUE(absl::IsDataLoss(CollectResult(file->get(), 5, 100).status()));
  munmap(kept, 100);
  EXPECT_TRUE(CollectResult(file->get(), 5, 100).ok());
}

TEST(ResultFileTest, LengthsBeyondItAreRefused) {
  const absl::StatusOr<UniqueFd> file = MakeResultFile(100);
  EXPECT_TRUE(absl::IsDataLoss(CollectResult(file->get(), 101, 100).status()));
}

}  // namespace
}  // namespace cbzfs
