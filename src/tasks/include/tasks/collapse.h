#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tasks/model.h"

namespace tasks {

/// What a reader gets who wants each `accumulate` series whole: its accumulation stands where its
/// first event stood, the rest of it is left out. Fed page by page.
class Collapse {
 public:
  explicit Collapse(std::vector<Event> accumulated);

  struct Item {
    Event event;
    bool is_snapshot = false;
  };
  /// Nothing when the event is part of a series that has been shown.
  std::optional<Item> next(Event event);

 private:
  std::map<std::string, Event, std::less<>> grown_;
  std::set<std::string, std::less<>> shown_;
};

}  // namespace tasks
