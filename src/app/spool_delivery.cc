#include "spool_delivery.h"

#include "base/clock.h"
#include "base/json_reader.h"
#include "base/log.h"

namespace app {
namespace {

using base::Result;
using base::Task;

// A folder's time moves in steps of a clock tick: one this young may change and look the same.
constexpr std::int64_t kSettledNanoseconds = 1'000'000'000;

std::int64_t now_nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// The event of a spooled file; else what is wrong with it.
Result<monitor::Event> parse(const Spool::Entry& entry, const monitor::ContractLimits& limits) {
  if (!entry.problem.empty()) return base::Error{base::Errc::corrupt, entry.problem};
  base::json::Document document;
  auto parsed = monitor::parse_event(monitor::recover_json(entry.text, document), limits);
  if (const auto* errors = std::get_if<monitor::FieldErrors>(&parsed))
    return base::Error{base::Errc::corrupt, errors->front().field + ": " + errors->front().message};
  auto event = std::get<monitor::Event>(std::move(parsed));
  // So that a second delivery, after a crash, makes no second row.
  if (event.event_id.empty()) event.event_id = "spool-" + entry.name;
  return event;
}

}  // namespace

struct SpoolDelivery::Batch {
  std::vector<Spool::Entry> entries, broken;
  std::vector<monitor::Event> events;
  std::string last;  // the name to go on behind; empty when there is nothing more
};

SpoolDelivery::SpoolDelivery(Spool spool, const monitor::ContractLimits& limits,
                             monitor::Ledger& ledger, base::WorkerPool& pool,
                             base::Metrics& metrics)
    : spool_(std::move(spool)),
      limits_(limits),
      ledger_(ledger),
      pool_(pool),
      delivered_(metrics.counter("sightline_spool_delivered_total", "spooled events taken over")),
      rejected_(metrics.counter("sightline_spool_rejected_total",
                                "spooled files that hold no event; kept as *.rejected")),
      dropped_(metrics.counter("sightline_spool_dropped_total",
                               "spooled events dropped by hooks because the spool was full")) {}

/// On a worker.
bool SpoolDelivery::has_news() {
  const auto changed = spool_.changed_at();
  if (!changed || changed == seen_) return false;
  seen_ = now_nanoseconds() - *changed > kSettledNanoseconds ? changed : std::nullopt;
  if (const std::size_t dropped = spool_.take_dropped()) {
    dropped_.add(dropped);
    base::log::warn("hooks dropped spooled events because the spool was full{}{}",
                    base::log::field("events", dropped),
                    base::log::field("folder", spool_.folder()));
  }
  spool_.sweep();
  return true;
}

/// On a worker.
SpoolDelivery::Batch SpoolDelivery::read_batch(const std::string& after) {
  Batch batch;
  for (Spool::Entry& entry : spool_.read(after, kBatchFiles, kBatchBytes)) {
    batch.last = entry.name;
    auto event = parse(entry, limits_);
    entry.text = std::string();
    if (event) {
      batch.events.push_back(std::move(*event));
      batch.entries.push_back(std::move(entry));
    } else {
      entry.problem = event.error().what;
      batch.broken.push_back(std::move(entry));
    }
  }
  return batch;
}

/// On a worker: `stored` says whether the events are in the ledger.
void SpoolDelivery::settle(const Batch& batch, bool stored) {
  if (stored) {
    for (const Spool::Entry& entry : batch.entries) spool_.remove(entry);
    delivered_.add(batch.entries.size());
  }
  for (const Spool::Entry& entry : batch.broken) {
    spool_.reject(entry);
    rejected_.add();
    base::log::warn("spooled file set aside: {}{}{}", entry.problem,
                    base::log::field("file", entry.name),
                    base::log::field("folder", spool_.folder()));
  }
}

Task<void> SpoolDelivery::deliver() {
  if (delivering_) co_return;
  delivering_ = true;
  co_await deliver_all();
  delivering_ = false;
}

Task<void> SpoolDelivery::deliver_all() {
  std::function<Result<bool>(std::size_t)> look = [this](std::size_t) -> Result<bool> {
    return has_news();
  };
  const auto news = co_await pool_.run<bool>(std::move(look));
  if (!news || !*news) co_return;
  std::string after;
  for (;;) {
    std::function<Result<Batch>(std::size_t)> read = [this, after](std::size_t) -> Result<Batch> {
      return read_batch(after);
    };
    auto batch = co_await pool_.run<Batch>(std::move(read));
    if (!batch || batch->last.empty()) co_return;
    after = batch->last;
    bool stored = true;
    if (!batch->events.empty()) {
      const auto result = co_await ledger_.append(std::move(batch->events));
      stored = result.ok();
    }
    std::function<Result<bool>(std::size_t)> finish = [this, stored,
                                                       &batch](std::size_t) -> Result<bool> {
      settle(*batch, stored);
      return true;
    };
    const auto settled = co_await pool_.run<bool>(std::move(finish));
    if (!stored || !settled) {
      seen_.reset();  // looked at again at the next period
      co_return;
    }
  }
}

}  // namespace app
