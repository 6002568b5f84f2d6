#include "task_service.h"

namespace app {
namespace {

using base::Result;
using namespace std::chrono_literals;

constexpr auto kCloseLook = 200ms;

}  // namespace

Result<std::unique_ptr<TaskService>> TaskService::open(TaskSettings settings,
                                                       net::IoThreads& threads,
                                                       base::WorkerPool* pool,
                                                       base::Metrics& metrics) {
  TRY(TaskAccess access, TaskAccess::create(settings.auth));
  TRY(auto storage, TaskStorage::open(settings, pool, metrics));
  return std::unique_ptr<TaskService>(new TaskService(std::move(settings), std::move(storage),
                                                      std::move(access), threads, metrics));
}

TaskService::TaskService(TaskSettings settings, std::unique_ptr<TaskStorage> storage,
                         TaskAccess access, net::IoThreads& threads, base::Metrics& metrics)
    : settings_(std::move(settings)),
      timer_thread_(threads.at(0)),
      storage_(std::move(storage)),
      feed_(threads, storage_->store(), {}, metrics),
      engine_(storage_->store(), base::Clock::system(),
              [this] { timer_thread_.post([this] { look_closely().detach(); }); }),
      access_(std::move(access)),
      routes_({engine_, feed_, access_, settings_, base::Clock::system()}) {
  storage_->store().set_listener(feed_);
  metrics.gauge("sightline_task_stream_clients", "clients that follow tasks",
                [this] { return static_cast<double>(feed_.subscribers()); });
}

void TaskService::tick() {
  storage_->expire();
  look_closely().detach();
}

void TaskService::stop_timer() {
  engine_.stop_waiting();
  timer_thread_.post([this] {
    is_ticking_ = false;
    close_timer_.reset();
  });
}

/// Nothing wakes up for tasks that are due in an hour.
base::Task<void> TaskService::look_closely() {
  co_await engine_.run_due();
  if (!is_ticking_ || !engine_.is_due_soon()) {
    close_timer_.reset();
  } else if (!close_timer_) {
    close_timer_ = timer_thread_.every(
        kCloseLook, [this] { timer_thread_.post([this] { look_closely().detach(); }); });
  }
}

}  // namespace app
