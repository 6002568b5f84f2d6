#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "event_facts.h"
#include "monitor/event.h"
#include "store/sqlite.h"
#include "usage_totals.h"

namespace monitor {

/// The sums and the kind index that are kept beside the events, in the same transaction.
///
/// While a group is written the changes gather here, and `flush` writes each touched sum once.
/// Thread: the ledger writer's.
class Totals {
 public:
  /// Counts what other programs have stored since, or everything anew when they changed or removed
  /// rows. Inside a transaction. True when there was anything to do. Another Sightline counts what
  /// it stores itself: then only what is remembered here is brought up to date.
  base::Result<bool> catch_up(store::Database& db);

  /// Event `id` has been inserted, received at `at` (seconds since 1970).
  base::Result<void> add(store::Database& db, const Event& event, const EventFacts& facts,
                         std::string_view project, std::string_view branch, std::int64_t id,
                         std::int64_t at);

  base::Result<void> flush(store::Database& db);
  /// The transaction is on disk.
  void committed() { flushed_event_id_ = last_event_id_; }
  /// The transaction is gone: forget what was gathered, and what may not exist any more.
  void rolled_back();

  std::int64_t last_event_id() const { return last_event_id_; }

 private:
  struct Sums {
    std::int64_t events = 0, tokens_in = 0, tokens_out = 0, cache_read = 0, cache_write = 0;
    double cost_usd = 0;
    std::int64_t duration_ms = 0, durations = 0;
    void add(const Event& event);
  };
  struct Session {
    Sums sums;
    std::int64_t lines_added = 0, lines_removed = 0;
    std::vector<SqlValue> files;  // edited
    void add(const Event& event, const EventFacts& facts);
  };

  base::Result<std::int64_t> kind_of(store::Database& db, const Event& event,
                                     std::string_view project, std::string_view branch);
  static base::Result<void> flush_session(store::Database& db, const std::string& id,
                                          const Session& session);
  static base::Result<void> count_rows(store::Database& db, std::int64_t after, std::int64_t up_to);

  static constexpr std::size_t kMaxKnownKinds = 16384;
  std::unordered_map<std::string, std::int64_t> kinds_;
  std::string key_;  // scratch of kind_of

  std::unordered_map<std::int64_t, Sums> by_kind_;  // of the group being written
  std::unordered_map<std::string, Session> by_session_;
  UsageTotals usage_;
  std::int64_t hour_ = 0;
  std::int64_t last_event_id_ = 0;     // with the group
  std::int64_t flushed_event_id_ = 0;  // without it
};

}  // namespace monitor
