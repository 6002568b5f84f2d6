#include "tasks/filter.h"

#include <algorithm>

namespace tasks {

bool TypePatterns::match(std::string_view type) const {
  return std::any_of(patterns_.begin(), patterns_.end(), [&](std::string_view pattern) {
    if (pattern == "*") return true;
    if (pattern.ends_with(".*")) return type.starts_with(pattern.substr(0, pattern.size() - 1));
    return pattern == type;
  });
}

bool EventFilter::accepts(std::string_view type, Level level) const {
  if (!include_status && type == kStatusEvent) return false;
  if (types && !types->match(type)) return false;
  return !levels || std::find(levels->begin(), levels->end(), name(level)) != levels->end();
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> pieces;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    if (comma != 0) pieces.emplace_back(text.substr(0, comma));
    if (comma == text.npos) break;
    text.remove_prefix(comma + 1);
  }
  return pieces;
}

}  // namespace tasks
