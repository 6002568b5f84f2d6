#include "tasks/collapse.h"

namespace tasks {

Collapse::Collapse(std::vector<Event> accumulated) {
  for (Event& event : accumulated) {
    std::string id = *event.series_id;
    grown_.insert_or_assign(std::move(id), std::move(event));
  }
}

std::optional<Collapse::Item> Collapse::next(Event event) {
  if (event.effective_mode() != SeriesMode::accumulate) return Item{std::move(event), false};
  if (!shown_.insert(*event.series_id).second) return std::nullopt;
  const auto found = grown_.find(*event.series_id);
  if (found == grown_.end()) return Item{std::move(event), true};
  return Item{found->second, true};
}

}  // namespace tasks
