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
#include "monitor/usage.h"
#include "net/http_client.h"

namespace app {
namespace {

using base::Result;
using base::json::Kind;
using base::json::Value;

// A prompt waits for this line.
constexpr std::chrono::milliseconds kTimeLimit{200};

/// The last midnight of this machine's zone.
base::Time midnight() {
  ::time_t now = ::time(nullptr);
  ::tm local{};
  ::localtime_r(&now, &local);
  local.tm_hour = local.tm_min = local.tm_sec = 0;
  local.tm_isdst = -1;
  return base::Time{std::chrono::seconds{::mktime(&local)}};
}

/// The answer of GET /api/usage since then.
Result<std::string> ask_server(const Config& config, base::Time since) {
  TRY(auto response,
      net::http_get(config.text("host"), static_cast<std::uint16_t>(config.integer("port")),
                    "/api/usage?since=" + base::to_iso_ms(since), config.text("token"),
                    kTimeLimit));
  if (response.status != 200)
    return base::Error{base::Errc::unavailable, fmt::format("status {}", response.status)};
  return std::move(response.body);
}

Result<std::string> ask_database(const Config& config, base::Time since) {
  TRY(auto db, open_to_read(config));
  const std::int64_t from =
      std::chrono::floor<std::chrono::seconds>(since).time_since_epoch().count();
  return monitor::read_usage_sums(db, {from, std::nullopt, ""});
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

std::string line_of(const Value& usage) {
  double tokens = 0;
  if (const auto lines = usage.find("usage"); lines && lines->is(Kind::array))
    for (const Value line : lines->elements())
      tokens += number_at(line, "tokens_in") + number_at(line, "tokens_out");
  return fmt::format("today ${:.2f} · {} tokens · {:.0f} live", number_at(usage, "total_cost_usd"),
                     short_count(tokens), number_at(usage, "live_sessions"));
}

int print_line(const Config& config, bool as_json) {
  const base::Time since = midnight();
  auto answer = ask_server(config, since);
  if (!answer) answer = ask_database(config, since);
  if (!answer) return complain(answer.error());
  base::json::Document document;
  const auto usage = document.parse(*answer);
  if (!usage || !usage->is(Kind::object))
    return complain({base::Errc::unavailable, "the server's answer is not Sightline's"});
  if (as_json) {
    std::string out;
    base::json::Writer json(out);
    json.begin_object().key("since").value(base::to_iso_ms(since));
    json.key("usage").raw(*answer).end_object();
    std::printf("%s\n", out.c_str());
  } else {
    std::printf("%s\n", line_of(*usage).c_str());
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
