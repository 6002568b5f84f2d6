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
#include "net/http_client.h"

namespace app {
namespace {

using base::Result;
using base::json::Kind;
using base::json::Value;

// A prompt waits for this line.
constexpr std::chrono::milliseconds kTimeLimit{200};

/// The answers of GET /api/stats since midnight and of GET /api/stats/usage-monitor.
struct Answers {
  std::string statistics, usage;
};

/// The last midnight of this machine's zone, in UTC.
std::string midnight() {
  ::time_t now = ::time(nullptr);
  ::tm local{};
  ::localtime_r(&now, &local);
  local.tm_hour = local.tm_min = local.tm_sec = 0;
  local.tm_isdst = -1;
  return base::to_iso_ms(base::Time{std::chrono::seconds{::mktime(&local)}});
}

Result<Answers> ask_server(const Config& config, const std::string& since) {
  const auto get = [&](const std::string& target) -> Result<std::string> {
    TRY(auto response,
        net::http_get(config.text("host"), static_cast<std::uint16_t>(config.integer("port")),
                      target, config.text("token"), kTimeLimit));
    if (response.status != 200)
      return base::Error{base::Errc::unavailable, fmt::format("status {}", response.status)};
    return std::move(response.body);
  };
  Answers answers;
  TRY(answers.statistics, get("/api/stats?since=" + since));
  TRY(answers.usage, get("/api/stats/usage-monitor"));
  return answers;
}

Result<Answers> ask_database(const Config& config, const std::string& since) {
  TRY(auto db, open_to_read(config));
  Answers answers;
  TRY(answers.statistics, monitor::read_statistics(db, {"", since}));
  answers.statistics = "{" + answers.statistics + "}";
  TRY(answers.usage,
      monitor::read_usage_monitor(db, config.monitor_settings(), base::Clock::system().now()));
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

std::string line_of(const Value& statistics, const Value& usage) {
  std::string line = fmt::format("today ${:.2f} · {} tokens · {:.0f} live",
                                 number_at(statistics, "total_cost_usd"),
                                 short_count(number_at(statistics, "total_tokens_in") +
                                             number_at(statistics, "total_tokens_out")),
                                 number_at(statistics, "live_sessions"));
  for (const Value agent : usage.elements()) {
    const auto session = agent.find("session");
    const auto name = agent.find("agent_type");
    if (!session || !name) continue;
    const double limit = number_at(*session, "limit");
    if (limit > 0)
      line += fmt::format(" · {} {:.0f} % of {:.0f} h", name->text(),
                          100 * number_at(*session, "used") / limit,
                          number_at(*session, "windowHours"));
  }
  return line;
}

int print_line(const Config& config, bool as_json) {
  const std::string since = midnight();
  auto answers = ask_server(config, since);
  if (!answers) answers = ask_database(config, since);
  if (!answers) return complain(answers.error());
  base::json::Document statistics_document, usage_document;
  const auto statistics = statistics_document.parse(answers->statistics);
  const auto usage = usage_document.parse(answers->usage);
  if (!statistics || !usage) return complain(statistics ? usage.error() : statistics.error());
  if (!statistics->is(Kind::object) || !usage->is(Kind::array))
    return complain({base::Errc::unavailable, "the server's answer is not Sightline's"});
  if (as_json) {
    std::string out;
    base::json::Writer json(out);
    json.begin_object().key("since").value(since).key("stats").raw(answers->statistics);
    json.key("usage_monitor").raw(answers->usage).end_object();
    std::printf("%s\n", out.c_str());
  } else {
    std::printf("%s\n", line_of(*statistics, *usage).c_str());
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
