#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "result.h"

namespace bench {

/// What coding agents would have left on a disk: logs that test/support/agent_logs.mjs has made.
struct AgentLogs {
  std::filesystem::path claude;  // for CLAUDE_CONFIG_DIR
  std::filesystem::path codex;   // for CODEX_HOME
  std::vector<std::filesystem::path> files;
  std::uint64_t bytes = 0;
};

/// Writes about so many megabytes of logs below `home`, the same ones each time, as files of an
/// hour ago that are on the disk. Needs node.
Result<AgentLogs> write_agent_logs(const std::filesystem::path& generator,
                                   const std::filesystem::path& home, int megabytes);

/// Asks the kernel to forget what it holds of `files`; they must be on the disk.
void drop_from_memory(const std::vector<std::filesystem::path>& files);

/// Reads `files` once.
void load_into_memory(const std::vector<std::filesystem::path>& files);

/// The part of the pages of `files` that are in memory, 0 to 1; nothing when it cannot be told.
std::optional<double> share_in_memory(const std::vector<std::filesystem::path>& files);

/// The number of the first member `name` of a compact JSON text.
std::optional<std::uint64_t> number_of(std::string_view json, std::string_view name);

}  // namespace bench
