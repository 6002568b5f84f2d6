#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/mutex.h"
#include "tasks/store.h"

namespace tasks {

class ImportedIds;

/// Tasks in this process's memory: gone when it ends.
///
/// Thread: any. Nothing suspends: each operation ends within the call, under the lock of one of
/// kShards divisions by task id. Owner: app; outlives all that calls it.
class MemoryStore : public TaskStore {
 public:
  static constexpr std::size_t kShards = 16;

  explicit MemoryStore(const base::Clock& clock);
  ~MemoryStore() override;

  void set_listener(StoreListener& listener) override { listener_ = &listener; }
  base::Task<base::Result<void>> create(Task task) override;
  base::Task<base::Result<Task>> find(std::string id) override;
  base::Task<base::Result<TaskPage>> list(ListQuery query) override;
  base::Task<base::Result<Task>> update(std::string id, Decide decide) override;
  base::Task<base::Result<std::vector<Event>>> append(std::string id,
                                                      std::vector<NewEvent> events) override;
  base::Task<base::Result<History>> history(std::string id, HistoryQuery query) override;
  base::Task<base::Result<LatestPage>> latest(std::string id, LatestQuery query) override;
  base::Task<base::Result<Numbering>> numbering(std::string id, std::string client_id) override;
  base::Task<base::Result<void>> settle() override;
  base::Task<base::Result<bool>> restore(Archive archive, bool overwrite) override;
  base::Time next_due() const override;
  base::Task<base::Result<std::vector<std::string>>> due(base::Time now) override;

 private:
  class Shard;
  Shard& shard_of(std::string_view id) const;
  /// The id of an event of the archive that was made here for another task.
  std::optional<std::string> made_elsewhere(const Archive& archive) const;

  StoreListener* listener_ = nullptr;
  base::Mutex restore_mutex_;
  std::unique_ptr<ImportedIds> imported_ GUARDED_BY(restore_mutex_);
  std::atomic<std::int64_t> created_{0};
  std::array<std::unique_ptr<Shard>, kShards> shards_;
};

}  // namespace tasks
