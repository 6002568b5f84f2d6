#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "task_settings.h"

namespace app {

/// The task server in a process of its own: docs/architecture.md, "The task server".
///
/// Thread: main, which starts it, waits and stops it. Errors of `start` as of Server.
class TaskServer {
 public:
  static base::Result<std::unique_ptr<TaskServer>> start(const TaskSettings& settings,
                                                         bool is_verbose = false);
  ~TaskServer();

  std::string url() const;

  /// Ends streams without `taskcast.done`, finishes requests in flight, joins all threads. May be
  /// called twice.
  void stop();

 private:
  struct Parts;
  explicit TaskServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace app
