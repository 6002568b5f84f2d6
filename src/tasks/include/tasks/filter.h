#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tasks/model.h"

namespace tasks {

/// Which event types are meant: `*` all, `llm.*` those that begin with `llm.`, anything else the
/// one of that name. No pattern means no type.
class TypePatterns {
 public:
  explicit TypePatterns(std::vector<std::string> patterns) : patterns_(std::move(patterns)) {}
  bool match(std::string_view type) const;
  const std::vector<std::string>& patterns() const { return patterns_; }

 private:
  std::vector<std::string> patterns_;
};

/// Which events a reader wants; what is absent does not filter.
struct EventFilter {
  std::optional<TypePatterns> types;
  std::optional<std::vector<std::string>> levels;  // an unknown one matches nothing
  bool include_status = true;                      // false hides events of type taskcast:status

  bool accepts(std::string_view type, Level level) const;
  bool accepts(const NewEvent& event) const { return accepts(event.type, event.level); }
};

/// `a,,b` as `a` and `b`; nothing is trimmed.
std::vector<std::string> split_list(std::string_view text);

}  // namespace tasks
