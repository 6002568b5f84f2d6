#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tasks/model.h"

namespace tasks {

/// Where events that came with archives may be, by the hashes of their ids: about 50 bytes each.
///
/// What has the same hash may be another id, and an event may be gone since: whoever is told a
/// place has to look there. Thread: one at a time.
class ImportedIds {
 public:
  using Hash = std::size_t;
  /// In the order of `events`, whose indexes are 0, 1, 2 ...
  static std::vector<Hash> hashes(const std::vector<Event>& events);

  struct Place {
    std::string_view task_id;  // until the next `replace`
    std::int64_t index;
  };
  std::vector<Place> find(Hash id) const;

  /// The task has these events now, and those of an earlier archive no more.
  void replace(const std::string& task_id, std::vector<Hash> ids);

 private:
  struct Owner {
    const std::string* task_id;  // a key of tasks_
    std::int64_t index;
  };
  using Part = std::unordered_multimap<Hash, Owner>;
  static constexpr std::size_t kParts = 1024;  // that do not all grow at once

  Part& part_of(Hash id) { return events_[id % kParts]; }
  void erase(const std::string& task_id, const std::vector<Hash>& ids);

  std::unordered_map<std::string, std::vector<Hash>> tasks_;
  std::vector<Part> events_ = std::vector<Part>(kParts);
};

}  // namespace tasks
