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
    std::fprintf(stderr, "sightline: %s; start the server with: sightline serve\n", why.c_str());
    return kFailed;
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

}  // namespace

void add_status_command(CLI::App& cli, Action& action) {
  CLI::App* command = cli.add_subcommand("status", "ask the running server how it is");
  auto flags = std::make_shared<ConfigFlags>(*command);
  auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "print JSON");
  command->callback([&action, flags, as_json] {
    action = [flags, as_json] {
      const auto config = flags->load();
      return config ? print_status(*config, *as_json) : complain(config.error());
    };
  });
}

}  // namespace app
