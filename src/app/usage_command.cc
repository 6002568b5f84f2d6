#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <span>

#include "base/json_writer.h"
#include "command.h"
#include "local_ledger.h"
#include "terminal_text.h"
#include "text_table.h"
#include "usage_report.h"

namespace app {
namespace {

struct Arguments {
  UsageRequest request;
  std::string timezone;
  bool as_json = false, breakdown = false, from_logs = false;
};

struct Kind {
  UsageBy by;
  const char* name;    // of the command
  const char* what;    // for --help
  const char* column;  // over the keys
  const char* member;  // of the keys in JSON
};
constexpr Kind kKinds[] = {{UsageBy::day, "daily", "by day", "Date", "date"},
                           {UsageBy::month, "monthly", "by month", "Month", "month"},
                           {UsageBy::session, "session", "by session", "Session", "sessionId"},
                           {UsageBy::model, "model", "by model", "Model", "model"},
                           {UsageBy::project, "project", "by project", "Project", "project"}};
constexpr Kind kAgentMonitorKinds[] = {
    {UsageBy::all, "summary", "in all", "", "period"},
    {UsageBy::day, "daily", "by day", "Date", "date"},
    {UsageBy::model, "models", "by model", "Model", "model"},
    {UsageBy::project, "projects", "by project", "Project", "project"}};

std::span<const Kind> kinds() {
  return front() == Front::sightline ? std::span<const Kind>(kKinds) : kAgentMonitorKinds;
}

/// `1,234,567`
std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3 && text[at - 4] != '-';) text.insert(at -= 3, ",");
  return text;
}

std::vector<std::string> cells(std::string key, std::string agent, const UsageSums& s) {
  return {std::move(key),         std::move(agent),
          grouped(s.input),       grouped(s.output),
          grouped(s.cache_write), grouped(s.cache_read),
          grouped(s.total),       fmt::format("${:.2f}", s.cost_usd)};
}

void print(const Kind& kind, const UsageReport& report, bool breakdown) {
  if (report.rows.empty()) {
    std::printf("No usage. Bring in what the agents have logged with: %s import\n",
                program_name().c_str());
    return;
  }
  TextTable table(
      {kind.column, "Agent", "Input", "Output", "Cache write", "Cache read", "Total", "Cost"}, 2);
  for (const UsageRow& row : report.rows) {
    table.add(cells(row.key, row.agent_type, row.sums));
    if (!breakdown || kind.by == UsageBy::model) continue;
    for (const auto& [model, sums] : row.models)
      table.add(cells("  " + (model.empty() ? std::string("(none)") : model), "", sums));
  }
  table.add_rule();
  table.add(cells("Total", "", report.sums));
  std::printf("%s", table.text().c_str());
  if (report.sums.unpriced == 0) return;
  std::string models;
  for (const std::string& model : report.unpriced_models)
    models += (models.empty() ? "" : ", ") + printable(model);
  std::printf("%s events have no price and no part in the cost: %s\n",
              grouped(report.sums.unpriced).c_str(), models.c_str());
}

void write(base::json::Writer& json, const UsageSums& s) {
  json.key("inputTokens").value(s.input).key("outputTokens").value(s.output);
  json.key("cacheCreationTokens").value(s.cache_write).key("cacheReadTokens").value(s.cache_read);
  json.key("reasoningTokens").value(s.reasoning).key("totalTokens").value(s.total);
  json.key("totalCost").value(s.cost_usd).key("unpricedEvents").value(s.unpriced);
}

void print_json(const Kind& kind, const UsageReport& report) {
  std::string out;
  base::json::Writer json(out);
  json.begin_object().key(kind.name).begin_array();
  for (const UsageRow& row : report.rows) {
    json.begin_object().key(kind.member).value(row.key).key("agent").value(row.agent_type);
    if (kind.by == UsageBy::session) {
      json.key("project").value_or_null(row.project);
      json.key("lastActivity").value_or_null(row.last_activity);
    }
    write(json, row.sums);
    json.key("modelBreakdowns").begin_array();
    for (const auto& [model, sums] : row.models) {
      json.begin_object().key("modelName").value_or_null(model);
      write(json, sums);
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().key("totals").begin_object();
  write(json, report.sums);
  json.end_object().key("unpricedModels").begin_array();
  for (const std::string& model : report.unpriced_models) json.value(model);
  json.end_array().end_object();
  std::printf("%s\n", out.c_str());
}

base::Result<UsageReport> report_from_database(const Config& config, const UsageRequest& request) {
  TRY(auto db, open_to_read(config));
  return make_usage_report(db, request);
}

base::Result<UsageReport> report_from_logs(const Config& config, const UsageRequest& request) {
  TRY(const monitor::Pricing pricing, load_prices(config));
  return make_usage_report(agents::Places::of(environment), pricing, request);
}

int report_usage(const Config& config, const Kind& kind, const Arguments& given) {
  const auto zone = use_time_zone(given.timezone);
  if (!zone) return complain(zone.error());
  UsageRequest request = given.request;
  request.by = kind.by;
  const auto report =
      given.from_logs ? report_from_logs(config, request) : report_from_database(config, request);
  if (!report) return complain(report.error());
  given.as_json ? print_json(kind, *report) : print(kind, *report, given.breakdown);
  return kDone;
}

}  // namespace

void add_usage_command(CLI::App& cli, Action& action) {
  CLI::App* usage = cli.add_subcommand("usage", "tokens and cost");
  usage->require_subcommand(1);
  for (const Kind& kind : kinds()) {
    CLI::App* command =
        usage->add_subcommand(kind.name, fmt::format("tokens and cost {}", kind.what));
    auto flags = std::make_shared<ConfigFlags>(*command, ConfigFlags::Offer::client_keys);
    auto given = std::make_shared<Arguments>();
    command->add_option("--since,--date-from", given->request.since, "first day, YYYY-MM-DD");
    command->add_option("--until,--date-to", given->request.until, "last day, YYYY-MM-DD");
    command->add_option("--agent", given->request.agent_type, "only this one: claude, codex, ...");
    command->add_option("--project", given->request.project, "only this one");
    command->add_option("--timezone", given->timezone,
                        "zone whose days count, such as Europe/Berlin; default the machine's");
    command->add_flag("--logs", given->from_logs,
                      "from the agents' logs as they are now, without the database");
    command->add_flag("--breakdown", given->breakdown, "a line for each model, too");
    command->add_flag("--json", given->as_json, "print JSON");
    command->callback([&action, &kind, flags, given] {
      action = [&kind, flags, given] {
        const auto config = flags->load();
        return config ? report_usage(*config, kind, *given) : complain(config.error());
      };
    });
  }
}

}  // namespace app
