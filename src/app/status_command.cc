#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "command.h"
#include "net/http_client.h"
#include "progress_bar.h"

namespace app {
namespace {

constexpr std::chrono::seconds kTimeLimit{3};

std::int64_t number(const base::json::Value& object, std::string_view name) {
  const auto value = object.find(name);
  return value && value->is(base::json::Kind::number) ? value->to_int().value_or(0) : 0;
}

std::string duration(std::int64_t seconds) {
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min", seconds / 60);
  if (seconds < 86400) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{} d {} h", seconds / 86400, seconds / 3600 % 24);
}

base::Error is_down(const std::string& why) {
  return {base::Errc::unavailable,
          fmt::format("{}; start the server with: {} serve", why, program_name())};
}

/// Asks the server that the configuration points to and prints how it is.
int print_status(const Config& config, bool as_json) {
  const std::string& host = config.text("host");
  const auto port = static_cast<std::uint16_t>(config.integer("port"));
  const auto get = [&](const std::string& path) {
    return net::http_get(host, port, path, config.text("token"), kTimeLimit);
  };
  const auto health = get("/api/health");
  const auto stats = health ? get("/api/stats") : health;
  base::json::Document health_document, stats_document;
  const bool answered = stats && health->status == 200 && stats->status == 200;
  const auto h = health_document.parse(answered ? health->body : "");
  const auto s = stats_document.parse(answered ? stats->body : "");
  if (!answered || !h || !s) {
    const std::string why =
        !health  ? health.error().what
        : !stats ? stats.error().what
                 : fmt::format("http://{}:{} answers with status {}", host, port,
                               health->status != 200 ? health->status : stats->status);
    return complain(is_down(why));
  }
  const std::string url = fmt::format("http://{}:{}", host, port);
  if (as_json) {
    std::string out;
    base::json::Writer json(out);
    json.begin_object().key("url").value(url).key("health").raw(health->body);
    json.key("stats").raw(stats->body).end_object();
    std::printf("%s\n", out.c_str());
    return kDone;
  }
  std::printf(
      "running  %s  up %s\nevents   %lld\nsessions %lld, %lld live\nstream   %lld "
      "clients\ndatabase %s\n",
      url.c_str(), duration(number(*h, "uptime")).c_str(),
      static_cast<long long>(number(*s, "total_events")),
      static_cast<long long>(number(*s, "total_sessions")),
      static_cast<long long>(number(*s, "live_sessions")),
      static_cast<long long>(number(*h, "sse_clients")),
      to_size(static_cast<std::uint64_t>(number(*h, "db_size_bytes"))).c_str());
  return kDone;
}

/// Whether it answers and can do its work: one line, or its own answer as JSON.
int print_health(const Config& config, bool as_json) {
  const std::string& host = config.text("host");
  const auto port = static_cast<std::uint16_t>(config.integer("port"));
  const auto health = net::http_get(host, port, "/api/health", config.text("token"), kTimeLimit);
  if (!health) return complain(is_down(health.error().what));
  base::json::Document document;
  const auto answer = document.parse(health->body);
  const auto status =
      answer && answer->is(base::json::Kind::object) ? answer->find("status") : std::nullopt;
  if (health->status != 200 || !status || status->text() != "ok")
    return complain(is_down(fmt::format("http://{}:{} is not healthy: it answers with status {}",
                                        host, port, health->status)));
  if (as_json) {
    std::printf("%s\n", health->body.c_str());
  } else {
    std::printf("ok  http://%s:%d  up %s\n", host.c_str(), port,
                duration(number(*answer, "uptime")).c_str());
  }
  return kDone;
}

void add_question(CLI::App& cli, Action& action, const char* name, const char* what,
                  int (*print)(const Config&, bool)) {
  CLI::App* command = cli.add_subcommand(name, what);
  auto flags = std::make_shared<ConfigFlags>(*command, ConfigFlags::Offer::client_keys);
  auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "print JSON");
  command->callback([&action, flags, as_json, print] {
    action = [flags, as_json, print] {
      const auto config = flags->load();
      return config ? print(*config, *as_json) : complain(config.error());
    };
  });
}

}  // namespace

void add_health_command(CLI::App& cli, Action& action) {
  add_question(cli, action, "health", "ask the running server whether it works", print_health);
}

void add_status_command(CLI::App& cli, Action& action) {
  add_question(cli, action, "status", "ask the running server how it is", print_status);
}

}  // namespace app
