#include "history.h"

#include <gtest/gtest.h>

#include <fstream>

#include "server.h"

namespace bench {
namespace {

TEST(NumberOf, FindsAMemberByItsWholeName) {
  constexpr std::string_view kJson = R"({"files":[],"totalFiles":12,"skippedFiles":7,"x":"9"})";
  EXPECT_EQ(number_of(kJson, "totalFiles"), 12u);
  EXPECT_EQ(number_of(kJson, "skippedFiles"), 7u);
  EXPECT_EQ(number_of(kJson, "Files"), std::nullopt);
  EXPECT_EQ(number_of(kJson, "x"), std::nullopt);
  EXPECT_EQ(number_of(R"({"cut":)", "cut"), std::nullopt);
}

TEST(ShareInMemory, IsAllOfAFileThatWasJustWritten) {
  const auto directory = std::move(TempDir::create("/tmp")).value();
  const std::filesystem::path path = directory->path() / "file";
  std::ofstream(path) << std::string(100'000, 'x');
  EXPECT_EQ(share_in_memory({path}), 1.0);
}

TEST(ShareInMemory, IsNothingOfAnEmptyFileAndUnknownOfNone) {
  const auto directory = std::move(TempDir::create("/tmp")).value();
  const std::filesystem::path path = directory->path() / "file";
  std::ofstream{path};
  EXPECT_EQ(share_in_memory({path}), 0.0);
  EXPECT_EQ(share_in_memory({directory->path() / "other"}), std::nullopt);
}

}  // namespace
}  // namespace bench
