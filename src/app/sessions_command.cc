#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <memory>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "command.h"
#include "local_ledger.h"
#include "monitor/session_query.h"
#include "monitor/statistics.h"
#include "monitor/transcript.h"
#include "store/owner_lock.h"
#include "terminal_text.h"
#include "text_table.h"

namespace app {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using base::json::Kind;
using base::json::Value;
using monitor::SessionOrder;

constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMaxSearchedEvents = 1'000'000;
constexpr std::size_t kMaxQueryBytes = 1000;

struct ListArguments {
  monitor::SessionFilter filter;
  std::string sort = "status", query;
  std::int64_t limit = 50, offset = 0;
  bool as_json = false;
};
struct EntryArguments {
  std::string id;
  std::optional<std::int64_t> limit, around;
  std::int64_t offset = 0;
  bool as_json = false;
};

std::string text_at(const Value& row, std::string_view key) {
  const auto value = row.find(key);
  return value && value->is(Kind::string) ? std::string(value->text()) : std::string();
}
std::int64_t integer_at(const Value& row, std::string_view key) {
  const auto value = row.find(key);
  return value && value->is(Kind::number) ? value->to_int().value_or(0) : 0;
}
double real_at(const Value& row, std::string_view key) {
  const auto value = row.find(key);
  return value && value->is(Kind::number) ? value->to_double() : 0;
}

/// A limit of 0 or less is none, as in the API.
std::int64_t limit_of(std::int64_t given) { return given > 0 ? given : kAll; }

Result<SessionOrder> parse_order(const std::string& name) {
  constexpr std::array<std::pair<std::string_view, SessionOrder>, 5> kOrders = {
      {{"status", SessionOrder::status},
       {"recent", SessionOrder::recent},
       {"events", SessionOrder::events},
       {"tokens", SessionOrder::tokens},
       {"cost", SessionOrder::cost}}};
  for (const auto& [known, order] : kOrders)
    if (name == known) return order;
  return Error{Errc::invalid_argument,
               fmt::format("--sort: \"{}\" must be one of status|recent|events|tokens|cost", name)};
}

/// `claude` is short for what Claude Code is called in events.
Result<monitor::SessionFilter> checked(store::Database& db, monitor::SessionFilter filter) {
  if (filter.agent_type == "claude") filter.agent_type = "claude_code";
  const std::string& status = filter.status;
  if (!status.empty() && status != "active" && status != "idle" && status != "ended")
    return Error{Errc::invalid_argument,
                 fmt::format("--status: \"{}\" must be one of active|idle|ended", status)};
  TRY(const auto since, db.text("SELECT datetime(?1)", filter.since));
  if (!filter.since.empty() && !since)
    return Error{Errc::invalid_argument,
                 fmt::format("--since: \"{}\" must be a date, such as 2026-03-01", filter.since)};
  return filter;
}

/// Moves sessions that have been silent for long to idle and ended, where nobody else does: a
/// server does it with the time-out of its own settings. What cannot be written is shown as it is.
void check_idle(const Config& config) {
  const auto lock = store::OwnerLock::acquire(config.text("db"));
  if (!lock) return;
  const auto local = LocalLedger::open(config);
  if (local) (void)(*local)->await((*local)->ledger().check_idle());
}

Result<store::Database> open_with_idle_check(const Config& config) {
  TRY(auto db, open_to_read(config));
  TRY(const bool are_silent,
      monitor::has_silent_sessions(db, config.monitor_settings(), base::Clock::system().now()));
  if (are_silent) check_idle(config);
  return db;
}

int print_table(const monitor::SessionRows& rows) {
  base::json::Document document;
  const auto json = document.parse("[" + rows.rows + "]");
  if (!json) return complain(json.error());
  TextTable table({"Status", "Session", "Agent", "Project", "Branch", "Last event", "Events",
                   "Tokens in", "Tokens out", "Cost"},
                  6);
  for (const Value row : json->elements())
    table.add({printable(text_at(row, "status"), 10), printable(text_at(row, "id"), 100),
               printable(text_at(row, "agent_type"), 20), printable(text_at(row, "project"), 24),
               printable(text_at(row, "branch"), 24), printable(text_at(row, "last_event_at"), 24),
               std::to_string(integer_at(row, "event_count")),
               std::to_string(integer_at(row, "tokens_in")),
               std::to_string(integer_at(row, "tokens_out")),
               fmt::format("${:.2f}", real_at(row, "total_cost_usd"))});
  std::printf("%s", table.text().c_str());
  return kDone;
}

Result<std::vector<monitor::SessionHandle>> page_of(std::vector<monitor::SessionHandle> found,
                                                    std::int64_t offset) {
  if (offset < 0)
    return Error{Errc::invalid_argument,
                 fmt::format("--offset: \"{}\" must be at least 0", offset)};
  const auto skipped = std::min<std::size_t>(found.size(), static_cast<std::size_t>(offset));
  found.erase(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(skipped));
  return found;
}

std::int64_t end_of_page(const ListArguments& given) {
  const std::int64_t limit = limit_of(given.limit);
  return limit > kAll - std::max<std::int64_t>(given.offset, 0) ? kAll : limit + given.offset;
}

Result<monitor::SessionRows> find(const Config& config, const ListArguments& given) {
  TRY(const SessionOrder order, parse_order(given.sort));
  TRY(auto db, open_with_idle_check(config));
  TRY(const auto filter, checked(db, given.filter));
  TRY(auto found, monitor::find_sessions(db, filter, end_of_page(given), order));
  TRY(const auto page, page_of(std::move(found), given.offset));
  return monitor::read_sessions(db, page);
}

int list(const Config& config, const ListArguments& given) {
  const auto rows = find(config, given);
  if (!rows) return complain(rows.error());
  if (given.as_json) {
    std::printf("{\"sessions\":[%s],\"total\":%zu}\n", rows->rows.c_str(), rows->count);
    return kDone;
  }
  if (rows->count > 0) return print_table(*rows);
  std::printf("No sessions.\n");
  return kDone;
}

struct SearchResult {
  monitor::SessionRows rows;
  bool is_complete = true;
};

Result<SearchResult> search_in(const Config& config, const ListArguments& given) {
  if (given.query.empty() || given.query.size() > kMaxQueryBytes)
    return Error{Errc::invalid_argument, fmt::format("a query has 1 to {} bytes, not {}",
                                                     kMaxQueryBytes, given.query.size())};
  TRY(auto db, open_with_idle_check(config));
  TRY(const auto filter, checked(db, given.filter));
  TRY(auto matches,
      monitor::search_sessions(db, given.query, filter, end_of_page(given), kMaxSearchedEvents));
  TRY(const auto page, page_of(std::move(matches.sessions), given.offset));
  SearchResult result;
  result.is_complete = matches.is_complete;
  TRY(result.rows, monitor::read_sessions(db, page));
  return result;
}

int search(const Config& config, const ListArguments& given) {
  const auto result = search_in(config, given);
  if (!result) return complain(result.error());
  if (given.as_json) {
    std::printf("{\"sessions\":[%s],\"total\":%zu,\"complete\":%s}\n", result->rows.rows.c_str(),
                result->rows.count, result->is_complete ? "true" : "false");
    return kDone;
  }
  if (result->rows.count == 0) std::printf("No session has it.\n");
  const int code = result->rows.count > 0 ? print_table(result->rows) : kDone;
  if (!result->is_complete)
    std::printf("Only the newest %lld events were searched.\n",
                static_cast<long long>(kMaxSearchedEvents));
  return code;
}

/// A stretch of a session's events, oldest first.
struct Window {
  std::int64_t begin = 0, count = kAll;
};

/// The entries in `window`, JSON with commas between.
Result<std::string> read_entries(store::Database& db, const std::string& id, Window window) {
  constexpr std::int64_t kPage = 1000;
  std::string entries;
  std::optional<monitor::EventPosition> after;
  while (window.count > 0) {
    std::int64_t& left = window.begin > 0 ? window.begin : window.count;
    TRY(auto page, monitor::read_transcript(db, id, after, std::min(left, kPage)));
    if (page.count == 0) break;
    after = page.end;
    if (&left == &window.count) entries += (entries.empty() ? "" : ",") + page.entries;
    left -= static_cast<std::int64_t>(page.count);
  }
  return entries;
}

/// A session with a part of its events.
struct Session {
  std::string row, entries;  // JSON
  Window window;
  std::int64_t total = 0;  // events
};

/// `choose` says which part of how many events is wanted.
template <class Choose>
Result<Session> read(const Config& config, const std::string& id, const Choose& choose) {
  TRY(auto db, open_to_read(config));
  TRY(auto row, monitor::read_session(db, id));
  if (!row) return Error{Errc::not_found, "no session " + printable(id, 100)};
  base::json::Document document;
  TRY(const Value value, document.parse(*row));
  Session session;
  session.total = integer_at(value, "event_count");
  session.window = choose(session.total);
  TRY(session.entries, read_entries(db, id, session.window));
  session.row = std::move(*row);
  return session;
}

void print_entry(const Value& entry) {
  std::string head =
      fmt::format("{}  {}", printable(text_at(entry, "timestamp"), 40), text_at(entry, "role"));
  if (const std::string tool = text_at(entry, "tool_name"); !tool.empty())
    head += fmt::format(" {}", printable(tool, 40));
  if (const std::string status = text_at(entry, "status"); !status.empty())
    head += fmt::format(" [{}]", printable(status, 20));
  if (const double cost = real_at(entry, "cost_usd"); cost > 0)
    head += fmt::format("  ${:.4f}", cost);
  std::printf("%s\n", head.c_str());
  const auto detail = entry.find("detail");
  if (!detail) return;
  std::string text(detail->text());
  if (!detail->is(Kind::string)) {  // a tool may say it with an object
    text.clear();
    base::json::append_value(text, *detail);
  }
  if (!text.empty()) std::printf("    %s\n", printable(text, 200).c_str());
}

int print_entries(const std::string& entries) {
  base::json::Document document;
  const auto json = document.parse("[" + entries + "]");
  if (!json) return complain(json.error());
  for (const Value entry : json->elements()) print_entry(entry);
  return kDone;
}

void print_head(const Value& row) {
  std::printf(
      "%s  %s  %s %s\n%lld events, %lld + %lld tokens, $%.4f, %lld files, +%lld -%lld\n",
      printable(text_at(row, "id"), 100).c_str(), printable(text_at(row, "status"), 10).c_str(),
      printable(text_at(row, "project"), 60).c_str(), printable(text_at(row, "branch"), 60).c_str(),
      static_cast<long long>(integer_at(row, "event_count")),
      static_cast<long long>(integer_at(row, "tokens_in")),
      static_cast<long long>(integer_at(row, "tokens_out")), real_at(row, "total_cost_usd"),
      static_cast<long long>(integer_at(row, "files_edited")),
      static_cast<long long>(integer_at(row, "lines_added")),
      static_cast<long long>(integer_at(row, "lines_removed")));
}

int show(const Config& config, const EntryArguments& given) {
  const std::int64_t limit = limit_of(given.limit.value_or(given.as_json ? 0 : 50));
  const auto session = read(config, given.id, [limit](std::int64_t total) {
    return Window{std::max<std::int64_t>(total - limit, 0), limit};
  });
  if (!session) return complain(session.error());
  if (given.as_json) {
    std::printf("{\"session\":%s,\"entries\":[%s]}\n", session->row.c_str(),
                session->entries.c_str());
    return kDone;
  }
  base::json::Document document;
  const auto row = document.parse(session->row);
  if (!row) return complain(row.error());
  print_head(*row);
  return print_entries(session->entries);
}

int messages(const Config& config, const EntryArguments& given) {
  if (given.offset < 0)
    return complain(
        {Errc::invalid_argument, fmt::format("--offset: \"{}\" must be at least 0", given.offset)});
  const std::int64_t limit = limit_of(given.limit.value_or(100));
  const auto session = read(config, given.id, [&given, limit](std::int64_t) {
    const std::int64_t begin = given.around ? *given.around - limit / 2 : given.offset;
    return Window{std::max<std::int64_t>(begin, 0), limit};
  });
  if (!session) return complain(session.error());
  if (!given.as_json) return print_entries(session->entries);
  std::string out;
  base::json::Writer json(out);
  json.begin_object().key("session_id").value(given.id).key("total").value(session->total);
  json.key("offset").value(session->window.begin);
  json.key("entries").raw("[" + session->entries + "]").end_object();
  std::printf("%s\n", out.c_str());
  return kDone;
}

template <class Arguments>
void run_on_choice(CLI::App* command, Action& action, std::shared_ptr<Arguments> given,
                   int (*run)(const Config&, const Arguments&)) {
  auto flags = std::make_shared<ConfigFlags>(*command, ConfigFlags::Offer::client_keys);
  command->add_flag("--json", given->as_json, "print JSON");
  command->callback([&action, flags, given, run] {
    action = [flags, given, run] {
      const auto config = flags->load();
      return config ? run(*config, *given) : complain(config.error());
    };
  });
}

void add_filters(CLI::App* command, ListArguments& given) {
  command->add_option("--status", given.filter.status, "active, idle or ended");
  command->add_option("--agent", given.filter.agent_type, "claude, codex, ...");
  command->add_option("--project", given.filter.project, "only of this project");
  command->add_option("--limit", given.limit, "how many; 0: all")
      ->default_str(std::to_string(given.limit));
  command->add_option("--offset", given.offset, "leave out so many before")->default_str("0");
}

void add_list(CLI::App& sessions, Action& action) {
  CLI::App* command = sessions.add_subcommand("list", "sessions, the active ones first");
  auto given = std::make_shared<ListArguments>();
  add_filters(command, *given);
  command->add_option("--since", given->filter.since, "with an event since this date (UTC)");
  command
      ->add_option("--sort", given->sort,
                   "status (active ones first), recent, events, tokens or cost")
      ->default_str("status");
  run_on_choice(command, action, given, list);
}

void add_search(CLI::App& sessions, Action& action) {
  CLI::App* command = sessions.add_subcommand(
      "search", "sessions with a text in the metadata, project, branch, tool or model of an event");
  auto given = std::make_shared<ListArguments>();
  command->add_option("QUERY", given->query, "the text")->required();
  add_filters(command, *given);
  run_on_choice(command, action, given, search);
}

void add_show(CLI::App& sessions, Action& action) {
  CLI::App* command = sessions.add_subcommand("show", "one session and what happened in it");
  auto given = std::make_shared<EntryArguments>();
  command->add_option("ID", given->id, "the session")->required();
  command->add_option("--limit", given->limit, "newest events; 0: all; default 50, in JSON all");
  run_on_choice(command, action, given, show);
}

void add_messages(CLI::App& sessions, Action& action) {
  CLI::App* command =
      sessions.add_subcommand("messages", "the events of a session as a conversation");
  auto given = std::make_shared<EntryArguments>();
  command->add_option("ID", given->id, "the session")->required();
  command->add_option("--limit", given->limit, "how many; 0: all; default 100");
  command->add_option("--offset", given->offset, "leave out so many before")->default_str("0");
  command->add_option("--around-ordinal", given->around,
                      "those around this one; the oldest is number 0");
  run_on_choice(command, action, given, messages);
}

}  // namespace

void add_sessions_command(CLI::App& cli, Action& action) {
  CLI::App* sessions = cli.add_subcommand("sessions", "what the agents did");
  sessions->require_subcommand(1);
  add_list(*sessions, action);
  add_show(*sessions, action);
  add_messages(*sessions, action);
  add_search(*sessions, action);
}

void add_top_sessions_command(CLI::App& cli, Action& action) {
  CLI::App* command = cli.add_subcommand("top-sessions", "the sessions with most events");
  auto given = std::make_shared<ListArguments>();
  given->sort = "events";
  given->limit = 10;
  add_filters(command, *given);
  run_on_choice(command, action, given, list);
}

}  // namespace app
