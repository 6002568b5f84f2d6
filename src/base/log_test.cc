#include "base/log.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "test_executor.h"

namespace base::log {
namespace {

TEST(LogTest, LinesAlsoGoIntoAFile) {
  const support::TemporaryFolder folder;
  const std::string path = folder / "own/collector.log";
  ASSERT_TRUE(also_to(path).ok());  // makes the folder
  warn("the buffer is full{}", field("events", 3));
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_NE(text.str().find("Z warning the buffer is full events=3\n"), std::string::npos);
}

TEST(LogTest, AFileThatCannotBeWrittenIsToldAndLeavesTheRest) {
  const auto opened = also_to("/proc/collector.log");
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, Errc::unavailable);
  info("still here");
}

}  // namespace
}  // namespace base::log
