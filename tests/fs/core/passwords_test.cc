#include "fs/core/passwords.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace cbzfs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PasswordsTest : public ::testing::Test {
 protected:
  PasswordsTest() {
    std::string pattern = ::testing::TempDir() + "passwords_XXXXXX";
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ + "/passwords.toml";
  }
  ~PasswordsTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& text, mode_t mode = 0600) {
    std::ofstream(path_, std::ios::binary) << text;
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
  }
  std::vector<std::string> For(const std::string& file) {
    const auto passwords = Passwords::Read(path_);
    EXPECT_TRUE(passwords.ok()) << passwords.status();
    if (!passwords.ok()) return {};
    const PasswordList list = passwords->For(file);
    return list == nullptr ? std::vector<std::string>() : *list;
  }
  std::string Refusal() {
    const auto passwords = Passwords::Read(path_);
    EXPECT_TRUE(absl::IsInvalidArgument(passwords.status())) << passwords.status();
    EXPECT_THAT(std::string(passwords.status().message()), HasSubstr(path_));
    return std::string(passwords.status().message());
  }

  std::string folder_;
  std::string path_;
};

TEST_F(PasswordsTest, PatternsAreForNamesOrForPaths) {
  Write(R"("*.pdf" = "by name"
"Series/*" = "by path"
"B?ok [12].pdf" = ["one", "two"]
)");
  EXPECT_THAT(For("a.pdf"), ElementsAre("by name"));
  EXPECT_THAT(For("deep/er/a.pdf"), ElementsAre("by name"));
  EXPECT_THAT(For("Series/x/a.txt"), ElementsAre("by path"));
  EXPECT_THAT(For("Series/a.pdf"), ElementsAre("by name", "by path"));
  EXPECT_THAT(For("x/Book 2.pdf"), ElementsAre("by name", "one", "two"));
  EXPECT_THAT(For("Series"), ElementsAre());
}

TEST_F(PasswordsTest, TheOrderIsThatOfTheFileAndNoneComesTwice) {
  Write("\"z*\" = [\"2\", \"1\"]\n\"*\" = \"1\"\n\"a*\" = \"no\"\n\"?*\" = \"3\"\n");
  EXPECT_THAT(For("z.pdf"), ElementsAre("2", "1", "3"));
}

TEST_F(PasswordsTest, NoMoreThanARequestHasRoomFor) {
  std::string list;
  for (size_t i = 0; i < 2 * kMostPasswords; ++i) absl::StrAppend(&list, "\"", i, "\", ");
  Write("\"*\" = [" + list + "]\n");
  EXPECT_EQ(For("a.pdf").size(), kMostPasswords);
}

TEST_F(PasswordsTest, AnythingThatIsNoPasswordIsRefusedWithItsLine) {
  Write("\"a\" = \"b\"\n\"c\" = 3\n");
  EXPECT_THAT(Refusal(), HasSubstr("line 2"));
  Write("\"a\" = [\"b\", 1]\n");
  EXPECT_THAT(Refusal(), HasSubstr("line 1"));
  Write("a.pdf = \"b\"\n");  // the dot makes a table of it
  EXPECT_THAT(Refusal(), HasSubstr("in quotes"));
  Write("\"a\" = \"\"\n");
  EXPECT_THAT(Refusal(), HasSubstr("empty"));
  Write("\"a\" = \"" + std::string(128, 'x') + "\"\n");
  EXPECT_THAT(Refusal(), HasSubstr("127"));
  Write("\n\nnot a table");
  EXPECT_THAT(Refusal(), HasSubstr("line 3"));
}

TEST_F(PasswordsTest, NobodyElseMayReadIt) {
  Write("\"a\" = \"b\"\n", 0640);
  EXPECT_THAT(Refusal(), HasSubstr("chmod 600"));
  Write("\"a\" = \"b\"\n", 0604);
  EXPECT_THAT(Refusal(), HasSubstr("chmod 600"));
  Write("\"a\" = \"b\"\n", 0400);
  EXPECT_THAT(For("a"), ElementsAre("b"));
}

TEST_F(PasswordsTest, WhatIsNoFileIsRefused) {
  EXPECT_THAT(Refusal(), HasSubstr("No such file"));
  std::filesystem::create_directory(path_);
  EXPECT_THAT(Refusal(), HasSubstr("no regular file"));
}

}  // namespace
}  // namespace cbzfs
