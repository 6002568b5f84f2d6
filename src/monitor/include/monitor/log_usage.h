#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agents/discovery.h"
#include "monitor/pricing.h"
#include "monitor/usage.h"

namespace monitor {

/// What was used, straight from the agents' logs: the lines that an import into an empty database
/// and `read_usage` would give, without a database.
///
/// Memory grows with the number of answers in the logs, about 150 bytes each, not with their bytes.
/// Thread: `work` on any number of them at once, everything else before or after.
class LogUsage {
 public:
  explicit LogUsage(const agents::Places& places);
  ~LogUsage();

  /// Reads files until none is left.
  void work();

  std::vector<UsageLine> lines(const Pricing& pricing, const UsageFilter& filter);

  /// Files that could not be read, with the reason.
  std::vector<std::string> problems() const;
  std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  struct Use;
  struct File;
  class Settlement;

  void read(File& file);

  std::vector<File> files_;
  std::string default_model_;  // of Codex
  std::atomic<std::size_t> next_{0};
  std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace monitor
