#include "codecs/packed/volumes.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/codecs/packed/packed_builder.h"

namespace cbzfs {
namespace {

using testing::BytesOf;
using testing::Rar4Of;
using testing::Rar5Of;
using testing::Sample;

RarTraits Of(const std::string& file) { return TraitsOfRar(BytesOf(file)); }

TEST(VolumesTest, AWholeArchiveIsNothingSpecial) {
  for (const std::string& file : {Rar4Of({{"a", "b"}}), Rar5Of({{"a", "b"}}), Sample("rar4.rar"),
                                  Sample("rar5_compressed.rar")}) {
    EXPECT_FALSE(Of(file).volume);
    EXPECT_FALSE(Of(file).solid);
    EXPECT_FALSE(Of(file).encrypted);
  }
}

TEST(VolumesTest, FlagsOfTheArchiveAreRead) {
  EXPECT_TRUE(Of(Rar4Of({}, 0x0001)).volume);
  EXPECT_TRUE(Of(Rar4Of({}, 0x0008)).solid);
  EXPECT_TRUE(Of(Rar4Of({}, 0x0080)).encrypted);
  EXPECT_FALSE(Of(Rar4Of({}, 0xFF76)).volume);
  EXPECT_TRUE(Of(Rar5Of({}, 1)).volume);
  EXPECT_TRUE(Of(Rar5Of({}, 4)).solid);
  EXPECT_FALSE(Of(Rar5Of({}, 4)).volume);
}

TEST(VolumesTest, ArchivesThatWinrarMade) {
  EXPECT_TRUE(Of(Sample("rar5_multiple_files_solid.rar")).solid);
  EXPECT_TRUE(Of(Sample("rar5_encrypted_filenames.rar")).encrypted);
  EXPECT_TRUE(Of(Sample("rar4_encrypted_filenames.rar")).encrypted);
  EXPECT_FALSE(Of(Sample("rar5_encrypted.rar")).encrypted) << "its headers are not";
}

TEST(VolumesTest, WhatEndsTooEarlyIsNothing) {
  for (const std::string& whole : {Rar4Of({}, 0x89), Rar5Of({}, 5)}) {
    for (size_t size = 0; size <= whole.size(); ++size) Of(whole.substr(0, size));
    EXPECT_FALSE(Of(whole.substr(0, 9)).volume);
  }
  EXPECT_FALSE(Of(std::string("Rar!\x1A\7\1\0", 8) + std::string(40, '\xFF')).volume);
  EXPECT_FALSE(Of("PK\3\4").volume);
}

}  // namespace
}  // namespace cbzfs
