#include "collect_service.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "access.h"
#include "agents/discovery.h"
#include "base/log.h"
#include "collect_process.h"
#include "collection.h"
#include "command.h"
#include "ingest_routes.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "progress_bar.h"
#include "server_process.h"

namespace app {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using collector::Settings;
using namespace std::chrono_literals;

constexpr auto kProgressPeriod = 500ms;
constexpr auto kPatience = 3s;                 // with clients of the server, at the end
constexpr std::int64_t kMostDays = 100 * 366;  // of history

base::Time begin_of_history(const CollectOptions& options) {
  const base::Time now = base::Clock::system().now();
  if (!options.with_history) return now;
  return now - std::chrono::days{std::clamp<std::int64_t>(options.initial_sync_days, 0, kMostDays)};
}

/// Its server for events of others.
class IngestServer {
 public:
  static Result<std::unique_ptr<IngestServer>> open(const Settings& settings, std::uint16_t port,
                                                    Collection& collection);
  void start() { http_.start(); }
  void stop() {
    collection_.threads().at(0).post([this] { routes_.close(); });
    http_.stop(kPatience);
  }

 private:
  IngestServer(const Settings& settings, Collection& collection);
  net::ServerOptions options();

  Collection& collection_;
  IngestRoutes routes_;
  net::Router router_;
  Access access_;
  net::HttpServer http_;
};

IngestServer::IngestServer(const Settings& settings, Collection& collection)
    : collection_(collection),
      routes_(
          collection.buffer(), collection.metrics(), [&] { return collection.status(); },
          settings.server_ping_interval),
      router_([this] {
        net::Router router;
        routes_.add_to(router);
        return router;
      }()),
      access_({settings.server_bind,
               {},
               {},
               is_loopback(settings.server_bind) ? std::string() : settings.api_key,
               {}}),
      http_(collection.threads(), router_, options(), collection.metrics()) {}

net::ServerOptions IngestServer::options() {
  net::ServerOptions options;
  options.gate = [this](const net::Request& request) { return access_.check(request); };
  options.not_found = [this](const net::Request& request) {
    return unknown_route(router_, request);
  };
  return options;
}

Result<std::unique_ptr<IngestServer>> IngestServer::open(const Settings& settings,
                                                         std::uint16_t port,
                                                         Collection& collection) {
  const std::string& bind = settings.server_bind;
  if (!is_loopback(bind) && settings.api_key.empty())
    return Error{Errc::invalid_argument,
                 fmt::format("listening on {} lets others on the network write events; set an "
                             "apiKey, which they then need too",
                             bind)};
  std::unique_ptr<IngestServer> server(new IngestServer(settings, collection));
  TRY(const std::uint16_t bound, server->http_.listen(bind, port));
  base::log::info("taking events on http://{}:{}",
                  bind.find(':') == bind.npos ? bind : "[" + bind + "]", bound);
  return server;
}

void tell_what_is_set(const Settings& settings, const CollectOptions& options) {
  base::log::info("Sightline collector {}", SIGHTLINE_VERSION);
  base::log::info("configuration {}", options.settings_path);
  base::log::info("backend {}{}{}{}", net::shown_url(settings.backend_url),
                  base::log::field("project", settings.project_id),
                  base::log::field("batch_size", settings.batch_size),
                  base::log::field("batch_interval", settings.batch_interval_text));
  for (const auto& [name, agent] : settings.agents)
    if (agent.enabled)
      base::log::info("agent {}{}", name,
                      base::log::field("logs", agent.log_path.empty() ? "auto" : agent.log_path));
  base::log::info("Registered {} agent adapters", agents::agents_in_order().size());
}

void tell_what_is_watched(const std::vector<agents::Location>& locations) {
  for (const agents::Location& location : locations)
    for (const agents::Source& source : agents::find_sources(location))
      base::log::info("Watching {} logs at: {}", agents::short_name(source.agent), source.path);
}

/// Follows the history on its way in, until all of it is there or a signal comes. False: a signal.
bool watch_history(Collection& collection, StopSignals& signals) {
  const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  const auto begin = std::chrono::steady_clock::now();
  for (;;) {
    if (signals.wait_for(kProgressPeriod)) return false;
    const CollectionStatus status = collection.status();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    const bool is_done = status.logs.history_is_done && collection.has_read();
    if (is_terminal) {
      const std::string text =
          progress_text(status.logs.history_done, status.logs.history_bytes, elapsed);
      std::printf("\r🔄 Syncing %s\x1b[K%s", text.c_str(), is_done ? "\n" : "");
      std::fflush(stdout);
    }
    if (!is_done) continue;
    base::log::info(
        "✅ Historical sync complete in {:.1f}s: {} events synced, {} skipped (already synced)",
        elapsed.count(), status.items, collection.known_items());
    return true;
  }
}

}  // namespace

std::vector<agents::Location> locations_of(const Settings& settings) {
  std::vector<agents::Location> locations;
  for (const agents::Agent agent : agents::agents_in_order()) {
    const auto named =
        std::find_if(settings.agents.begin(), settings.agents.end(),
                     [&](const auto& entry) { return agents::parse_agent(entry.first) == agent; });
    if (named == settings.agents.end() || !named->second.enabled) continue;
    const std::string& path = named->second.log_path;
    if (!path.empty() && path != "auto") {
      locations.push_back(agents::location_at(agent, path, environment));
      continue;
    }
    for (agents::Location& location :
         agents::locations_of(agent, agents::this_system(), environment))
      locations.push_back(std::move(location));
  }
  return locations;
}

int run_collector(const Settings& settings, const CollectOptions& options) {
  StopSignals signals;
  prepare_server_process();
  prepare_log(settings);
  tell_what_is_set(settings, options);

  Collection::Options what;
  what.locations = locations_of(settings);
  what.from = begin_of_history(options);
  const std::vector<agents::Location> locations = what.locations;
  auto collection = Collection::open(settings, std::move(what));
  if (!collection) return complain(collection.error());
  std::unique_ptr<IngestServer> server;
  if (options.port || settings.server_port > 0) {
    const auto port = options.port.value_or(static_cast<std::uint16_t>(settings.server_port));
    auto opened = IngestServer::open(settings, port, **collection);
    if (!opened) return complain(opened.error());
    server = std::move(*opened);
  }
  (*collection)->start();
  if (server) server->start();
  tell_what_is_watched(locations);
  base::log::info("Collector started successfully");
  base::log::info("Press Ctrl+C to stop gracefully");

  if (!options.with_history || watch_history(**collection, signals)) signals.wait();

  base::log::info("Shutting down gracefully...");
  (*collection)->stop_reading();
  if (server) server->stop();
  (*collection)->stop();
  base::log::info("Collector stopped");
  return kDone;
}

}  // namespace app
