#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace monitor {

struct PatchStatistics {
  std::string_view file_path;    // of the first file of the patch; a view into it
  std::int64_t lines_added = 0;  // of all files together
  std::int64_t lines_removed = 0;
};

/// What a patch in Codex' apply_patch format (`*** Update File: PATH`) changes; nothing when it
/// names no file.
std::optional<PatchStatistics> read_patch(std::string_view patch);

}  // namespace monitor
