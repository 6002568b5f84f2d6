#include "patch_statistics.h"

#include "base/text.h"

namespace monitor {

std::optional<PatchStatistics> read_patch(std::string_view patch) {
  constexpr std::string_view kHeads[] = {"*** Update File:", "*** Add File:", "*** Delete File:"};
  PatchStatistics statistics;
  bool has_file = false;
  while (!patch.empty()) {
    const std::size_t end = patch.find('\n');
    const std::string_view line = patch.substr(0, end);
    patch.remove_prefix(end == patch.npos ? patch.size() : end + 1);
    if (line.starts_with('+') && !line.starts_with("+++")) ++statistics.lines_added;
    if (line.starts_with('-') && !line.starts_with("---")) ++statistics.lines_removed;
    for (const std::string_view head : kHeads)
      if (!has_file && line.starts_with(head)) {
        statistics.file_path = base::trim(line.substr(head.size()));
        has_file = true;
      }
  }
  if (!has_file) return std::nullopt;
  return statistics;
}

}  // namespace monitor
