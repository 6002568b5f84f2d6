#include <fmt/format.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/time_text.h"
#include "command.h"
#include "local_ledger.h"
#include "monitor/statistics.h"
#include "monitor/usage.h"
#include "net/http_client.h"

namespace app {
namespace {

using base::Result;
using base::json::Kind;
using base::json::Value;

// A prompt waits for this line.
constexpr std::chrono::milliseconds kTimeLimit{200};

/// The answers of GET /api/usage since midnight and of GET /api/stats.
struct Answers {
  std::string usage, statistics;
};

/// The last midnight of this machine's zone.
base::Time midnight() {
  ::time_t now = ::time(nullptr);
  ::tm local{};
  ::localtime_r(&now, &local);
  local.tm_hour = local.tm_min = local.tm_sec = 0;
  local.tm_isdst = -1;
  return base::Time{std::chrono::seconds{::mktime(&local)}};
}

Result<Answers> ask_server(const Config& config, base::Time since) {
  const auto get = [&](const std::string& target) -> Result<std::string> {
    TRY(auto response,
        net::http_get(config.text("host"), static_cast<std::uint16_t>(config.integer("port")),
                      target, config.text("token"), kTimeLimit));
    if (response.status != 200)
      return base::Error{base::Errc::unavailable, fmt::format("status {}", response.status)};
    return std::move(response.body);
  };
  Answers answers;
  TRY(answers.usage, get("/api/usage?since=" + base::to_iso_ms(since)));
  TRY(answers.statistics, get("/api/stats"));
  return answers;
}

Result<Answers> ask_database(const Config& config, base::Time since) {
  TRY(auto db, open_to_read(config));
  Answers answers;
  const std::int64_t from =
      std::chrono::floor<std::chrono::seconds>(since).time_since_epoch().count();
  TRY(answers.usage, monitor::read_usage_sums(db, {from, std::nullopt, ""}));
  TRY(answers.statistics, monitor::read_statistics(db, {}));
  answers.statistics = "{" + answers.statistics + "}";
  return answers;
}

double number_at(const Value& object, std::string_view key) {
  const auto value = object.find(key);
  return value && value->is(Kind::number) ? value->to_double() : 0;
}

/// `950`, `12.3k`, `4.5M`
std::string short_count(double count) {
  if (count < 1000) return fmt::format("{:.0f}", count);
  if (count < 999950) return fmt::format("{:.1f}k", count / 1e3);
  if (count < 999950000) return fmt::format("{:.1f}M", count / 1e6);
  return fmt::format("{:.1f}G", count / 1e9);
}

std::string line_of(const Value& usage, const Value& statistics) {
  double tokens = 0;
  if (const auto lines = usage.find("usage"); lines && lines->is(Kind::array))
    for (const Value line : lines->elements())
      tokens += number_at(line, "tokens_in") + number_at(line, "tokens_out");
  return fmt::format("today ${:.2f} · {} tokens · {:.0f} live", number_at(usage, "total_cost_usd"),
                     short_count(tokens), number_at(statistics, "live_sessions"));
}

int print_line(const Config& config, bool as_json) {
  const base::Time since = midnight();
  auto answers = ask_server(config, since);
  if (!answers) answers = ask_database(config, since);
  if (!answers) return complain(answers.error());
  base::json::Document usage_document, statistics_document;
  const auto usage = usage_document.parse(answers->usage);
  const auto statistics = statistics_document.parse(answers->statistics);
  if (!usage || !statistics) return complain(usage ? statistics.error() : usage.error());
  if (!usage->is(Kind::object) || !statistics->is(Kind::object))
    return complain({base::Errc::unavailable, "the server's answer is not Sightline's"});
  if (as_json) {
    std::string out;
    base::json::Writer json(out);
    json.begin_object().key("since").value(base::to_iso_ms(since));
    json.key("usage").raw(answers->usage).key("stats").raw(answers->statistics).end_object();
    std::printf("%s\n", out.c_str());
  } else {
    std::printf("%s\n", line_of(*usage, *statistics).c_str());
  }
  return kDone;
}

}  // namespace

void add_statusline_command(CLI::App& cli, Action& action) {
  CLI::App* command =
      cli.add_subcommand("statusline", "one line for a prompt or a status bar: today's use");
  auto flags = std::make_shared<ConfigFlags>(*command, ConfigFlags::Offer::client_keys);
  auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "print JSON");
  command->callback([&action, flags, as_json] {
    action = [flags, as_json] {
      const auto config = flags->load();
      return config ? print_line(*config, *as_json) : complain(config.error());
    };
  });
}

}  // namespace app
