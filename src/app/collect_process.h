#pragma once

#include <signal.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "collector/settings.h"

/// What the collector's commands do to the process that they run in.
namespace app {

/// SIGINT and SIGTERM, from the making of this on; further ones change nothing. To be made before
/// any other thread, which inherit that these signals are blocked. One at a time.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;

  /// Returns once there was one.
  void wait();
  /// Whether there was one within `limit`.
  bool wait_for(std::chrono::milliseconds limit);

 private:
  void listen();

  sigset_t signals_, before_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool came_ = false, is_ending_ = false;
  std::thread listener_;
};

/// The log as the settings want it: its level, and the file if there is to be one. New files are
/// for their owner's eyes only from then on.
void prepare_log(const collector::Settings& settings);

}  // namespace app
