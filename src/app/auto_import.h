#pragma once

#include <atomic>
#include <chrono>

#include "event_feed.h"
#include "monitor/import.h"

namespace app {

/// Imports what agents have logged, shortly after the start and every so often.
///
/// Thread: `tick` and `stop` on the thread of the periodic work. Owner: app::Server; outlives
/// every thread.
class AutoImport {
 public:
  static constexpr std::chrono::seconds kFirst{5};

  AutoImport(monitor::Importer::Parts parts, std::chrono::minutes interval, EventFeed& feed)
      : importer_(std::move(parts)), interval_(interval), feed_(feed) {}

  /// Called every few seconds: starts an import when one is due and none goes on.
  void tick();
  /// Any thread: an import that goes on ends after the batch that it is at.
  void stop() {
    is_stopping_ = true;
    importer_.stop();
  }

 private:
  base::Task<void> import();

  monitor::Importer importer_;
  std::chrono::minutes interval_;
  EventFeed& feed_;
  std::chrono::steady_clock::time_point due_ = std::chrono::steady_clock::now() + kFirst;
  bool importing_ = false;
  std::atomic<bool> is_stopping_{false};
};

}  // namespace app
