#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/task.h"
#include "monitor/branches.h"
#include "monitor/event.h"
#include "monitor/pricing.h"
#include "monitor/settings.h"
#include "store/group_writer.h"

namespace monitor {

struct EventFacts;

/// An event as it stands in the ledger.
struct StoredEvent {
  Event event;
  std::int64_t id = 0;
  std::string created_at;
};

/// Who wants to know what has been stored. Thread: the ledger writer's; must not block.
class LedgerListener {
 public:
  virtual ~LedgerListener() = default;
  /// Everything up to `last_id` is stored. True: hand over the rows too.
  virtual bool stored_up_to(std::int64_t last_id) = 0;
  /// The rows behind `previous_id` up to `last_id`, in order; imported ones too, which are history
  /// and for most no news.
  virtual void stored(std::int64_t previous_id, std::int64_t last_id,
                      std::vector<StoredEvent> events) = 0;
};

/// What became of each event that was handed in, in order.
struct AppendResult {
  std::vector<std::int64_t> ids;  // 0: its event_id is stored already
};

struct IdleCheck {
  std::int64_t idled = 0;  // sessions that went from active to idle
};

/// The ordered, durable record of everything ingested, with its sessions, agents and totals.
///
/// An event is stored in one transaction with all that follows from it. Sessions live as in
/// docs/api.md, "Sessions": any event makes one active, its end or silence idle, then ended.
/// Thread: the coroutines on any executor's; the work is done by the thread that calls `run`.
/// Owner:  app::Server.
/// Errors: `unavailable` (disk full, locked, busy past the deadline). Nothing is stored then.
class Ledger : private store::GroupTarget {
 public:
  struct Options {
    Settings settings;
    bool survives_power_loss = true;  // synchronous=FULL, else NORMAL: survives the process
    /// Called on the writer thread when nothing has been stored for a few seconds.
    std::function<void()> at_rest = {};
  };

  /// Opens the database's schema and counts what other programs have stored since.
  static base::Result<std::unique_ptr<Ledger>> open(const std::string& path, Options options,
                                                    const Pricing& pricing, Branches& branches,
                                                    const base::Clock& clock,
                                                    base::Metrics& metrics);
  ~Ledger() override;

  void set_listener(LedgerListener& listener) { listener_ = &listener; }

  using Work = std::function<base::Result<void>(store::Database&)>;

  /// Stores `events`, except those whose event_id is there. On disk when it returns.
  /// In the same transaction `also`, which must touch neither events nor sessions.
  base::Task<base::Result<AppendResult>> append(std::vector<Event> events, Work also = {});

  /// Moves sessions without events for long to idle, and idle ones to ended.
  base::Task<base::Result<IdleCheck>> check_idle();

  enum class Change {
    counted,    // of events and sessions: what follows for the totals is counted with it
    uncounted,  // of anything else, such as what has been imported
  };
  /// Runs `work` in the transaction of a group, behind all that was handed in before.
  base::Task<base::Result<void>> change(Work work, Change what);

  /// The writer thread's loop; returns after `stop`, when all that was handed in is answered.
  void run() { writer_.run(); }
  void stop() { writer_.stop(); }
  /// Refuses what has waited too long; every few seconds.
  void expire() { writer_.expire(); }

  std::int64_t newest_id() const { return newest_id_; }  // before `run` only

 private:
  struct Place;
  struct AppendJob;
  struct IdleJob;
  struct ChangeJob;

  Ledger(store::Database db, Options options, const Pricing& pricing, Branches& branches,
         const base::Clock& clock, base::Metrics& metrics);

  base::Result<void> write(store::Database& db, std::span<store::WriteJob* const> jobs) override;
  void committed(std::span<store::WriteJob* const> jobs) override;
  void rolled_back() override;
  void rested() override;

  base::Result<void> notice_other_writers(store::Database& db);
  base::Result<std::int64_t> insert(store::Database& db, const Event& given,
                                    const EventFacts& facts, std::vector<Place>& places);
  base::Result<void> check_idle(store::Database& db, IdleJob& job);
  base::Result<void> change(store::Database& db, ChangeJob& job);
  bool is_historical(const Event& event) const;

  const Options options_;
  const Pricing& pricing_;
  Branches& branches_;
  const base::Clock& clock_;
  LedgerListener* listener_ = nullptr;
  base::Counter& stored_;
  base::Counter& duplicates_;

  struct Tables;  // the writer thread's view of sessions and totals
  std::unique_ptr<Tables> tables_;
  std::int64_t newest_id_ = 0;
  store::GroupWriter writer_;  // last: it is destroyed first
};

/// The times before which a session counts as silent, as SQL datetimes.
struct IdleLimits {
  std::string idle_before, ended_before;
};
IdleLimits idle_limits(base::Time now, std::chrono::minutes session_timeout);

}  // namespace monitor
