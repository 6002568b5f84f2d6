#pragma once

#include <filesystem>
#include <string>

#include "base/blocking_executor.h"
#include "base/clock.h"

namespace support {

/// An executor whose thread is the test's own: it runs while `await` waits.
using TestExecutor = base::BlockingExecutor;

/// A clock that stands still until the test moves it.
class FakeClock : public base::Clock {
 public:
  base::Time now() const override { return time; }
  base::Time time{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + std::chrono::hours{12}};
};

/// A folder that goes with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sightline-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace support
