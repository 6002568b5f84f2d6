#pragma once

#include <memory>

#include "net/io_threads.h"
#include "net/router.h"
#include "task_feed.h"
#include "task_routes.h"
#include "task_storage.h"
#include "tasks/engine.h"

namespace app {

/// The task server's parts, put together for a server of its own or as a part of another:
/// routes -> engine -> store -> feed. docs/architecture.md, "The task server".
///
/// Thread: one that is no I/O thread. Owner: TaskServer or Server; outlives every connection.
class TaskService {
 public:
  /// Errors as of TaskStorage and TaskAccess.
  static base::Result<std::unique_ptr<TaskService>> open(TaskSettings settings,
                                                         net::IoThreads& threads,
                                                         base::WorkerPool* pool,
                                                         base::Metrics& metrics);

  TaskRoutes& routes() { return routes_; }
  const TaskSettings& settings() const { return settings_; }

  /// The I/O threads run already, or will.
  void start() { storage_->start(); }
  /// To be called every tasks::Engine::kDuePeriod, and at the start; on the first I/O thread.
  void tick();
  /// Before the HTTP server ends. No tick comes any more.
  void stop_timer();
  /// After it has, while the I/O threads still run.
  void stop() { storage_->stop(); }
  /// After the end of the pool's workers.
  void close() { storage_->close(); }

 private:
  TaskService(TaskSettings settings, std::unique_ptr<TaskStorage> storage, TaskAccess access,
              net::IoThreads& threads, base::Metrics& metrics);
  base::Task<void> look_closely();

  const TaskSettings settings_;
  net::IoThread& timer_thread_;
  std::unique_ptr<TaskStorage> storage_;
  TaskFeed feed_;
  tasks::Engine engine_;
  TaskAccess access_;
  TaskRoutes routes_;
  // Of the first I/O thread.
  bool is_ticking_ = true;
  std::unique_ptr<net::IoThread::Periodic> close_timer_;  // while a task is due soon
};

}  // namespace app
