#include "ledger_sink.h"

#include "base/json_reader.h"
#include "base/time_text.h"
#include "collector/event_mapping.h"
#include "monitor/collected.h"
#include "monitor/import_mapping.h"

namespace app {

using base::Result;
using base::Task;
using collector::Cursor;
using collector::ReadingState;
using monitor::Event;
using store::Database;

/// The events of one log.
class LedgerSink::LogIntake : public collector::Intake {
 public:
  LogIntake(const LedgerSink& sink, const Cursor& cursor, const std::string& state)
      : sink_(sink),
        is_told_by_lines_(sink.telling(cursor.agent) == agents::Telling::lines),
        lines_(cursor.agent, {sink.limits_.max_metadata_bytes, {}, {}}),
        conversation_({cursor.agent, cursor.format, {}, 1}, sink.clock_) {
    lines_.restore(state);
  }

  void take(const agents::Record& record) override {
    auto event = is_told_by_lines_ ? lines_.map(record) : map_conversation(record);
    if (!event) return;
    const auto at = base::parse_date(event->client_timestamp);
    const base::Time now = sink_.clock_.now();
    event->source = at && *at >= now - kLive ? monitor::kLogSource : monitor::kImportSource;
    if (at) last_ = std::max(last_.value_or(*at), *at);
    waiting_ += sizeof(Event) + event->metadata.size();
    events_.push_back(std::move(*event));
  }
  std::size_t waiting() const override { return waiting_; }
  void begin_anew() override { lines_.restore({}); }

  Task<Result<std::int64_t>> store(Cursor cursor, std::string reader_state) override {
    std::vector<Event> events = std::exchange(events_, {});
    waiting_ = 0;
    const ReadingState state{std::move(reader_state), lines_.save()};
    if (last_) cursor.last = std::max(cursor.last.value_or(*last_), *last_);
    // What of it is new is known once it is stored: as many as there are is what is kept here.
    cursor.items += static_cast<std::int64_t>(events.size());
    monitor::Ledger::Work also = [&](Database& db) {
      return collector::cursors::put(db, cursor, state);
    };
    if (events.empty()) {
      CO_TRY_OK(co_await sink_.ledger_.change(std::move(also), monitor::Ledger::Change::uncounted));
      co_return std::int64_t{0};
    }
    CO_TRY(const auto stored, co_await sink_.ledger_.append(std::move(events), std::move(also)));
    co_return std::count_if(stored.ids.begin(), stored.ids.end(),
                            [](std::int64_t id) { return id != 0; });
  }

 private:
  std::optional<Event> map_conversation(const agents::Record& record) {
    const auto collected = conversation_.map(record);
    if (!collected) return std::nullopt;
    const auto json = document_.parse(to_json(*collected));
    if (!json) return std::nullopt;
    auto parsed = monitor::parse_collected_event(*json, sink_.limits_);
    auto* event = std::get_if<Event>(&parsed);
    if (!event) return std::nullopt;
    event->event_id.insert(0, "import-");
    return std::move(*event);
  }

  const LedgerSink& sink_;
  const bool is_told_by_lines_;
  monitor::ImportMapping lines_;
  const collector::EventMapping conversation_;
  base::json::Document document_;
  std::vector<Event> events_;
  std::size_t waiting_ = 0;
  std::optional<base::Time> last_;
};

agents::Telling LedgerSink::telling(agents::Agent agent) const {
  const bool is_imported = agent == agents::Agent::claude_code || agent == agents::Agent::codex;
  return is_imported ? agents::Telling::lines : agents::Telling::conversation;
}

Task<Result<std::vector<Cursor>>> LedgerSink::cursors() {
  std::function<Result<std::vector<Cursor>>(Database&)> read = &collector::cursors::all;
  co_return co_await readers_.run(std::move(read));
}

Task<Result<ReadingState>> LedgerSink::state_of(std::int64_t cursor) {
  std::function<Result<ReadingState>(Database&)> read = [cursor](Database& db) {
    return collector::cursors::state_of(db, cursor);
  };
  co_return co_await readers_.run(std::move(read));
}

Task<Result<void>> LedgerSink::move(std::vector<std::pair<std::int64_t, std::string>> moves) {
  monitor::Ledger::Work work = [&moves](Database& db) -> Result<void> {
    for (const auto& [id, path] : moves) TRY_OK(collector::cursors::move(db, id, path));
    return {};
  };
  co_return co_await ledger_.change(std::move(work), monitor::Ledger::Change::uncounted);
}

Task<std::unique_ptr<collector::Intake>> LedgerSink::open(Cursor cursor, std::string state) {
  co_return std::make_unique<LogIntake>(*this, cursor, state);
}

/// The ledger makes its writers wait by itself.
Task<Result<void>> LedgerSink::wait_for_room() { co_return Result<void>{}; }

/// It is on the log already.
Task<void> LedgerSink::failed([[maybe_unused]] Cursor cursor, [[maybe_unused]] std::string why) {
  co_return;
}

}  // namespace app
