#include "fs/command/first_pages.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "codecs/worker/unique_fd.h"
#include "codecs/zip/zip_records.h"

namespace cbzfs {
namespace {

UniqueFd FileOf(const std::string& bytes) {
  UniqueFd fd(memfd_create("archive", MFD_CLOEXEC));
  EXPECT_EQ(write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  return fd;
}

std::string Entry(const std::string& name, uint32_t bytes, uint16_t flags = 0) {
  return LocalHeader({.name = name, .stored_bytes = bytes, .bytes = bytes, .flags = flags}) +
         std::string(bytes, 'x');
}

PagesRead Read(const std::string& bytes, uint64_t pages) {
  const UniqueFd fd = FileOf(bytes);
  const auto read = ReadFirstPages(fd.get(), bytes.size(), pages);
  EXPECT_TRUE(read.ok()) << read.status();
  return read.value_or(PagesRead{});
}

TEST(FirstPagesTest, ImagesCountAndNothingElse) {
  const std::string archive = Entry("ComicInfo.xml", 50) + Entry("0001.jpg", 1000) +
                              Entry("note.txt", 7) + Entry("0002.png", 200) +
                              Entry("0003.jpg", 3'000'000);
  EXPECT_EQ(Read(archive, 1).bytes, 1000u);
  EXPECT_EQ(Read(archive, 2).bytes, 1200u);
  EXPECT_EQ(Read(archive, 9).pages, 3u);
  EXPECT_EQ(Read(archive, 9).bytes, 3'001'200u);
  EXPECT_EQ(Read(archive, 0).pages, 0u);
}

TEST(FirstPagesTest, EndsWhereItCannotGoOn) {
  EXPECT_EQ(Read("", 3).pages, 0u);
  EXPECT_EQ(Read("no archive at all, but long enough for one", 3).pages, 0u);
  const std::string streamed = Entry("0001.jpg", 10) + Entry("0002.jpg", 10, kDescriptorFlag);
  EXPECT_EQ(Read(streamed, 3).pages, 1u);
  const std::string cut = Entry("0001.jpg", 1000).substr(0, 500);
  EXPECT_EQ(Read(cut, 3).bytes, 500u - kLocalHeaderBytes - 8);
}

}  // namespace
}  // namespace cbzfs
