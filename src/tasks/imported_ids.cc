#include "imported_ids.h"

#include <functional>

namespace tasks {

std::vector<ImportedIds::Hash> ImportedIds::hashes(const std::vector<Event>& events) {
  std::vector<Hash> hashes;
  hashes.reserve(events.size());
  for (const Event& event : events) hashes.push_back(std::hash<std::string_view>{}(event.id));
  return hashes;
}

std::vector<ImportedIds::Place> ImportedIds::find(Hash id) const {
  std::vector<Place> places;
  const auto [begin, end] = events_[id % kParts].equal_range(id);
  for (auto at = begin; at != end; ++at) places.push_back({*at->second.task_id, at->second.index});
  return places;
}

void ImportedIds::replace(const std::string& task_id, std::vector<Hash> ids) {
  if (const auto before = tasks_.find(task_id); before != tasks_.end()) {
    erase(before->first, before->second);
    tasks_.erase(before);
  }
  if (ids.empty()) return;
  const auto own = tasks_.emplace(task_id, std::move(ids)).first;
  std::int64_t index = 0;
  for (const Hash id : own->second) part_of(id).emplace(id, Owner{&own->first, index++});
}

void ImportedIds::erase(const std::string& task_id, const std::vector<Hash>& ids) {
  for (const Hash id : ids) {
    Part& part = part_of(id);
    auto [at, end] = part.equal_range(id);
    while (at != end) at = at->second.task_id == &task_id ? part.erase(at) : std::next(at);
  }
}

}  // namespace tasks
