#include "usage_tellers.h"

namespace monitor {
namespace {

using base::Result;
using store::Database;

constexpr std::string_view kFind =
    "SELECT is_log FROM sightline_usage_tellers WHERE session_id = ?1";
constexpr std::string_view kAdd = "INSERT INTO sightline_usage_tellers VALUES(?1, ?2)";

bool tells_use(const Event& e) {
  return e.tokens_in > 0 || e.tokens_out > 0 || e.cache_read_tokens > 0 ||
         e.cache_write_tokens > 0 || e.cost_usd;
}

}  // namespace

const std::string& told_session(const Event& event) {
  const bool is_subagent = event.agent_type == "claude_code" && !event.parent_session_id.empty();
  return is_subagent ? event.parent_session_id : event.session_id;
}

Result<bool> is_told_by_telemetry(Database& db, const Event& event) {
  TRY(const auto is_log, db.integer(kFind, told_session(event)));
  return is_log && *is_log == 0;
}

Result<std::optional<Event>> UsageTellers::without_repeated_use(Database& db, const Event& event) {
  const bool is_log = is_of_log(event.source, event.event_id);
  if ((!is_log && !event.repeats_log) || !tells_use(event)) return std::optional<Event>();
  const Teller asking = is_log ? Teller::log : Teller::telemetry;
  TRY(const Teller teller, teller_of(db, told_session(event), asking));
  if (teller == asking) return std::optional<Event>();
  Event silent = event;
  silent.tokens_in = silent.tokens_out = 0;
  silent.cache_read_tokens = silent.cache_write_tokens = silent.cache_write_1h_tokens = 0;
  silent.reasoning_tokens = 0;
  silent.cost_usd.reset();
  silent.input_includes_cache = false;
  silent.usage_key.clear();
  return std::optional(std::move(silent));
}

/// The one that is believed; the one that asks when nobody is yet.
Result<UsageTellers::Teller> UsageTellers::teller_of(Database& db, const std::string& session_id,
                                                     Teller asking) {
  if (const auto known = known_.find(session_id); known != known_.end()) return known->second;
  TRY(const auto is_log, db.integer(kFind, session_id));
  if (!is_log) TRY_OK(db.run(kAdd, session_id, asking == Teller::log ? 1 : 0));
  const Teller teller = !is_log ? asking : *is_log != 0 ? Teller::log : Teller::telemetry;
  if (known_.size() >= kMaxKnown) known_.clear();
  known_.emplace(session_id, teller);
  return teller;
}

}  // namespace monitor
