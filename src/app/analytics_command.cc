#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "base/json_reader.h"
#include "command.h"
#include "local_ledger.h"
#include "monitor/statistics.h"
#include "terminal_text.h"
#include "text_table.h"

namespace app {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using base::json::Kind;
using base::json::Value;

struct Arguments {
  monitor::StatisticsFilter filter;
  bool as_json = false;
};

using Read = Result<std::string> (*)(store::Database&, const monitor::StatisticsFilter&);
using Print = void (*)(const Value&);

double number_at(const Value& object, std::string_view key) {
  const auto value = object.find(key);
  return value && value->is(Kind::number) ? value->to_double() : 0;
}

/// `Bash 12, Edit 3`
std::string counts_of(const Value& statistics, std::string_view key) {
  const auto counts = statistics.find(key);
  std::string text;
  if (!counts || !counts->is(Kind::object)) return text;
  for (const base::json::Member member : counts->members())
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", printable(member.key, 60),
                        member.value.text());
  return text;
}

void print_summary(const Value& s) {
  std::printf("events    %.0f\nsessions  %.0f, %.0f live\n", number_at(s, "total_events"),
              number_at(s, "total_sessions"), number_at(s, "live_sessions"));
  std::printf("tokens    %.0f in, %.0f out\ncost      $%.2f\n", number_at(s, "total_tokens_in"),
              number_at(s, "total_tokens_out"), number_at(s, "total_cost_usd"));
  std::printf("agents    %s\n", counts_of(s, "agent_breakdown").c_str());
  std::printf("tools     %s\n", counts_of(s, "tool_breakdown").c_str());
  std::printf("models    %s\n", counts_of(s, "model_breakdown").c_str());
}

void print_tools(const Value& answer) {
  const auto tools = answer.find("tools");
  if (!tools || !tools->is(Kind::array) || tools->size() == 0) {
    std::printf("No tools.\n");
    return;
  }
  TextTable table({"Tool", "Calls", "Errors", "Error rate", "Mean duration"}, 1);
  for (const Value tool : tools->elements()) {
    const auto name = tool.find("tool_name");
    const auto mean = tool.find("avg_duration_ms");
    table.add({name ? printable(name->text(), 60) : "",
               fmt::format("{:.0f}", number_at(tool, "total_calls")),
               fmt::format("{:.0f}", number_at(tool, "error_count")),
               fmt::format("{:.1f} %", 100 * number_at(tool, "error_rate")),
               mean && mean->is(Kind::number) ? fmt::format("{:.0f} ms", mean->to_double()) : "-"});
  }
  std::printf("%s", table.text().c_str());
}

Result<std::string> read_summary(store::Database& db, const monitor::StatisticsFilter& filter) {
  TRY(const std::string members, monitor::read_statistics(db, filter));
  return "{" + members + "}";
}

Result<std::string> ask(const Config& config, monitor::StatisticsFilter filter, Read read) {
  TRY(auto db, open_to_read(config));
  if (filter.agent_type == "claude") filter.agent_type = "claude_code";
  TRY(const auto since, db.text("SELECT datetime(?1)", filter.since));
  if (!filter.since.empty() && !since)
    return Error{
        Errc::invalid_argument,
        fmt::format("--date-from: \"{}\" must be a date, such as 2026-03-01", filter.since)};
  return read(db, filter);
}

int answer(const Config& config, const Arguments& given, Read read, Print print) {
  const auto text = ask(config, given.filter, read);
  if (!text) return complain(text.error());
  if (given.as_json) {
    std::printf("%s\n", text->c_str());
    return kDone;
  }
  base::json::Document document;
  const auto value = document.parse(*text);
  if (!value) return complain(value.error());
  print(*value);
  return kDone;
}

void add_question(CLI::App& analytics, Action& action, const char* name, const char* what,
                  Read read, Print print) {
  CLI::App* command = analytics.add_subcommand(name, what);
  auto flags = std::make_shared<ConfigFlags>(*command, ConfigFlags::Offer::client_keys);
  auto given = std::make_shared<Arguments>();
  command->add_option("--agent", given->filter.agent_type, "claude, codex, ...");
  command->add_option("--date-from,--since", given->filter.since, "nothing before this date (UTC)");
  command->add_flag("--json", given->as_json, "print JSON");
  command->callback([&action, flags, given, read, print] {
    action = [flags, given, read, print] {
      const auto config = flags->load();
      return config ? answer(*config, *given, read, print) : complain(config.error());
    };
  });
}

}  // namespace

void add_analytics_command(CLI::App& cli, Action& action) {
  CLI::App* analytics = cli.add_subcommand("analytics", "events, tools and sessions in numbers");
  analytics->require_subcommand(1);
  add_question(*analytics, action, "summary", "all of it in a few lines", read_summary,
               print_summary);
  add_question(*analytics, action, "tools", "how often each tool ran and failed",
               monitor::read_tools, print_tools);
  add_top_sessions_command(*analytics, action);
}

}  // namespace app
