#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <limits>
#include <memory>

#include "base/json_reader.h"
#include "base/text.h"
#include "command.h"
#include "local_ledger.h"
#include "monitor/session_query.h"
#include "monitor/transcript.h"
#include "text_table.h"

namespace app {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using base::json::Kind;
using base::json::Value;

struct ListArguments {
  monitor::SessionFilter filter;
  std::int64_t limit = 50;
  bool as_json = false;
};
struct ShowArguments {
  std::string id;
  std::int64_t limit = 50;
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

/// What an agent or a tool wrote must not move the cursor or colour the terminal.
std::string printable(std::string_view text, std::size_t limit) {
  std::string line;
  for (const char c : base::cut_utf16(text, limit))
    line += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return line;
}

int list(const Config& config, const ListArguments& given) {
  auto db = open_to_read(config);
  if (!db) return complain(db.error());
  monitor::SessionFilter filter = given.filter;
  if (filter.agent_type == "claude") filter.agent_type = "claude_code";
  const std::int64_t limit =
      given.limit > 0 ? given.limit : std::numeric_limits<std::int64_t>::max();
  const auto found = monitor::find_sessions(*db, filter, limit);
  if (!found) return complain(found.error());
  const auto rows = monitor::read_sessions(*db, *found);
  if (!rows) return complain(rows.error());
  if (given.as_json) {
    std::printf("{\"sessions\":[%s],\"total\":%zu}\n", rows->rows.c_str(), rows->count);
    return kDone;
  }
  base::json::Document document;
  const auto json = document.parse("[" + rows->rows + "]");
  if (!json) return complain(json.error());
  TextTable table({"Status", "Session", "Agent", "Project", "Branch", "Last event", "Events",
                   "Tokens in", "Tokens out", "Cost"},
                  6);
  for (const Value row : json->elements())
    table.add({text_at(row, "status"), printable(text_at(row, "id"), 60),
               printable(text_at(row, "agent_type"), 20), printable(text_at(row, "project"), 24),
               printable(text_at(row, "branch"), 24), text_at(row, "last_event_at"),
               std::to_string(integer_at(row, "event_count")),
               std::to_string(integer_at(row, "tokens_in")),
               std::to_string(integer_at(row, "tokens_out")),
               fmt::format("${:.2f}", real_at(row, "total_cost_usd"))});
  std::printf("%s", table.text().c_str());
  return kDone;
}

void print_entry(const Value& entry) {
  std::string head = fmt::format("{}  {}", text_at(entry, "timestamp"), text_at(entry, "role"));
  if (const std::string tool = text_at(entry, "tool_name"); !tool.empty())
    head += fmt::format(" {}", printable(tool, 40));
  if (const std::string status = text_at(entry, "status"); !status.empty())
    head += fmt::format(" [{}]", status);
  if (const double cost = real_at(entry, "cost_usd"); cost > 0)
    head += fmt::format("  ${:.4f}", cost);
  std::printf("%s\n", head.c_str());
  if (const std::string detail = text_at(entry, "detail"); !detail.empty())
    std::printf("    %s\n", printable(detail, 200).c_str());
}

/// The newest `limit` entries, oldest first.
Result<std::vector<std::string>> last_entries(store::Database& db, const std::string& id,
                                              std::int64_t limit) {
  constexpr std::int64_t kPage = 1000;
  std::vector<std::string> pages;
  std::optional<monitor::EventPosition> after;
  std::int64_t kept = 0;
  for (;;) {
    TRY(auto page, monitor::read_transcript(db, id, after, kPage));
    if (page.count == 0) return pages;
    after = page.end;
    kept += static_cast<std::int64_t>(page.count);
    pages.push_back(std::move(page.entries));
    // Only what may be shown is kept, however long the session is.
    while (kept - kPage >= limit && pages.size() > 1) {
      pages.erase(pages.begin());
      kept -= kPage;
    }
  }
}

int show(const Config& config, const ShowArguments& given) {
  auto db = open_to_read(config);
  if (!db) return complain(db.error());
  const auto session = monitor::read_session(*db, given.id);
  if (!session) return complain(session.error());
  if (!*session) return complain(Error{Errc::not_found, "no session " + given.id});
  const std::int64_t limit =
      given.limit > 0 ? given.limit : std::numeric_limits<std::int64_t>::max();
  const auto pages = last_entries(*db, given.id, limit);
  if (!pages) return complain(pages.error());
  std::string entries;
  for (const std::string& page : *pages) entries += (entries.empty() ? "" : ",") + page;
  if (given.as_json) {
    std::printf("{\"session\":%s,\"entries\":[%s]}\n", (*session)->c_str(), entries.c_str());
    return kDone;
  }
  base::json::Document session_document, document;
  const auto row = session_document.parse(**session);
  const auto json = document.parse("[" + entries + "]");
  if (!row || !json) return complain(row ? json.error() : row.error());
  std::printf("%s  %s  %s %s\n%lld events, %lld + %lld tokens, $%.4f, %lld files, +%lld -%lld\n",
              printable(text_at(*row, "id"), 100).c_str(), text_at(*row, "status").c_str(),
              printable(text_at(*row, "project"), 60).c_str(),
              printable(text_at(*row, "branch"), 60).c_str(),
              static_cast<long long>(integer_at(*row, "event_count")),
              static_cast<long long>(integer_at(*row, "tokens_in")),
              static_cast<long long>(integer_at(*row, "tokens_out")),
              real_at(*row, "total_cost_usd"),
              static_cast<long long>(integer_at(*row, "files_edited")),
              static_cast<long long>(integer_at(*row, "lines_added")),
              static_cast<long long>(integer_at(*row, "lines_removed")));
  std::int64_t skip = static_cast<std::int64_t>(json->size()) - limit;
  for (const Value entry : json->elements())
    if (skip-- <= 0) print_entry(entry);
  return kDone;
}

}  // namespace

void add_sessions_command(CLI::App& cli, Action& action) {
  CLI::App* sessions = cli.add_subcommand("sessions", "what the agents did: list, show");
  sessions->require_subcommand(1);

  CLI::App* list_command = sessions->add_subcommand("list", "sessions, the active ones first");
  auto list_flags = std::make_shared<ConfigFlags>(*list_command, ConfigFlags::Offer::client_keys);
  auto wanted = std::make_shared<ListArguments>();
  list_command->add_option("--status", wanted->filter.status, "active, idle or ended");
  list_command->add_option("--agent", wanted->filter.agent_type, "claude, codex, ...");
  list_command->add_option("--since", wanted->filter.since, "with an event since this date (UTC)");
  list_command->add_option("--limit", wanted->limit, "how many; 0: all")->default_str("50");
  list_command->add_flag("--json", wanted->as_json, "print JSON");
  list_command->callback([&action, list_flags, wanted] {
    action = [list_flags, wanted] {
      const auto config = list_flags->load();
      return config ? list(*config, *wanted) : complain(config.error());
    };
  });

  CLI::App* show_command = sessions->add_subcommand("show", "one session and what happened in it");
  auto show_flags = std::make_shared<ConfigFlags>(*show_command, ConfigFlags::Offer::client_keys);
  auto given = std::make_shared<ShowArguments>();
  show_command->add_option("ID", given->id, "the session")->required();
  show_command->add_option("--limit", given->limit, "newest events; 0: all")->default_str("50");
  show_command->add_flag("--json", given->as_json, "print JSON, all events");
  show_command->callback([&action, show_flags, given] {
    action = [show_flags, given] {
      const auto config = show_flags->load();
      return config ? show(*config, *given) : complain(config.error());
    };
  });
}

}  // namespace app
