#include "agents/patch.h"

#include "base/text.h"

namespace agents {

std::optional<PatchSummary> summarize_patch(std::string_view patch) {
  PatchSummary summary;
  bool has_file = false;
  while (!patch.empty()) {
    const std::size_t end = std::min(patch.find('\n'), patch.size());
    const std::string_view line = patch.substr(0, end);
    patch.remove_prefix(std::min(end + 1, patch.size()));
    if (line.starts_with('+') && !line.starts_with("+++")) ++summary.lines_added;
    if (line.starts_with('-') && !line.starts_with("---")) ++summary.lines_removed;
    if (has_file) continue;
    for (const std::string_view marker :
         {"*** Update File:", "*** Add File:", "*** Delete File:"}) {
      const std::size_t at = line.find(marker);
      if (at == line.npos) continue;
      summary.file_path = base::trim(line.substr(at + marker.size()));
      has_file = !summary.file_path.empty();
      break;
    }
  }
  if (!has_file) return std::nullopt;
  return summary;
}

}  // namespace agents
