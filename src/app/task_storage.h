#pragma once

#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "base/worker_pool.h"
#include "store/owner_lock.h"
#include "task_settings.h"
#include "tasks/sqlite_store.h"
#include "tasks/store.h"

namespace app {

/// The store that the settings choose, and the threads that it needs.
///
/// Thread: one that is no I/O thread. Owner: TaskService.
class TaskStorage {
 public:
  static constexpr std::size_t kWorkers = 2;

  /// Reads on the kWorkers workers of `pool`, which its owner runs; null: on some of its own.
  /// `conflict` with the owner's pid when another process has the file.
  static base::Result<std::unique_ptr<TaskStorage>> open(const TaskSettings& settings,
                                                         base::WorkerPool* pool,
                                                         base::Metrics& metrics);
  ~TaskStorage();

  tasks::TaskStore& store() { return *store_; }

  void start();
  /// To be called every few seconds, from any thread.
  void expire();
  /// Once nobody asks for anything any more; twice is no harm.
  void stop();
  /// After `stop` and the end of all workers.
  void close();

 private:
  TaskStorage() = default;

  std::optional<store::OwnerLock> lock_;
  std::optional<base::WorkerPool> own_pool_;
  std::unique_ptr<tasks::TaskStore> store_;
  tasks::SqliteStore* sqlite_ = nullptr;  // of a SQLite store: the same
  std::vector<std::thread> threads_;
  std::thread writer_;
};

}  // namespace app
