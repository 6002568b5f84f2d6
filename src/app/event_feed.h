#pragma once

#include <memory>
#include <string>
#include <vector>

#include "monitor/event_history.h"
#include "monitor/ledger.h"
#include "net/live_feed.h"
#include "store/snapshot_readers.h"

namespace app {

/// Puts what the ledger stores on the live stream: the one place where both are known.
///
/// Thread: any. Owner: app::Server; outlives the ledger's thread and every connection.
class EventFeed : public monitor::LedgerListener, public net::FeedHistory {
 public:
  EventFeed(net::IoThreads& threads, store::SnapshotReaders& readers,
            std::chrono::milliseconds heartbeat, base::Metrics& metrics)
      : readers_(readers), live_(threads, *this, heartbeat, metrics) {}

  net::LiveFeed& live() { return live_; }

  /// A message without an id, for the clients that did not ask for some events only.
  void publish_notice(std::string json);

  bool stored_up_to(std::int64_t last_id) override { return live_.announce(last_id); }
  void stored(std::int64_t previous_id, std::int64_t last_id,
              std::vector<monitor::StoredEvent> events) override;

  base::Task<base::Result<Page>> read(std::string channel, std::int64_t after) override;

 private:
  store::SnapshotReaders& readers_;
  net::LiveFeed live_;
};

}  // namespace app
