#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace agents {

/// What a patch in Codex' apply_patch format does: the first file that it names, and the lines it
/// adds and removes in all its files.
struct PatchSummary {
  std::string_view file_path;
  std::int64_t lines_added = 0, lines_removed = 0;
};

/// Nothing when the text names no file.
std::optional<PatchSummary> summarize_patch(std::string_view patch);

}  // namespace agents
