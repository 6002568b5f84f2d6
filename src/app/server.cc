#include "app/server.h"

#include <fmt/format.h>

#include <filesystem>
#include <thread>
#include <vector>

#include "access.h"
#include "auto_import.h"
#include "base/log.h"
#include "base/text.h"
#include "base/worker_pool.h"
#include "command.h"
#include "event_feed.h"
#include "hub_routes.h"
#include "local_collector.h"
#include "local_ledger.h"
#include "monitor/ledger.h"
#include "monitor_routes.h"
#include "net/http_server.h"
#include "net/static_files.h"
#include "otlp_routes.h"
#include "process_memory.h"
#include "server_process.h"
#include "spool_delivery.h"
#include "store/owner_lock.h"
#include "task_log.h"
#include "task_service.h"

namespace app {

extern const std::string_view start_page_html;

namespace {

using base::Errc;
using base::Error;
using base::Result;
using net::Request;
using net::Response;

constexpr std::size_t kWorkers = 2;
constexpr std::chrono::seconds kStopPatience{3};
constexpr std::chrono::seconds kIdleCheckPeriod{60};

/// The page that AgentMonitor's clients know for a path that is none.
Response not_found(const Request& request) {
  Response page = Response::text(
      404, Response::kHtml,
      fmt::format(
          "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<title>Error</title>\n</head>\n<body>\n<pre>Cannot {} {}</pre>\n</body>\n</html>\n",
          base::escape_html(request.method_text),
          base::escape_html(request.target.substr(0, request.target.find('?')))));
  page.headers.emplace_back("Content-Security-Policy", "default-src 'none'");
  page.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return page;
}

Result<void> check_exposure(const Config& config) {
  if (is_loopback(config.text("host")) || !config.text("token").empty() || config.flag("insecure"))
    return {};
  return Error{
      Errc::invalid_argument,
      fmt::format("listening on {} lets others on the network read and write everything; set "
                  "a token (SIGHTLINE_TOKEN) or say --insecure",
                  config.text("host"))};
}

}  // namespace

// In the order of making; destroyed the other way round.
struct Server::Parts {
  explicit Parts(const Config& from)
      : config(from),
        settings(from.monitor_settings()),
        threads(static_cast<std::size_t>(from.integer("io-threads"))),
        readers(from.text("db"), pool, kWorkers),
        feed(threads, readers, settings.heartbeat, metrics),
        branches(settings.projects_dir, pool),
        files(from.text("ui-dir"), pool),
        access({from.text("host"), from.list("allow-host"), from.list("allow-origin"),
                from.text("token"),
                [this](std::string_view path) { return is_guarded_by_tasks(path); }}) {}

  const Config config;
  const monitor::Settings settings;
  monitor::Pricing pricing = monitor::Pricing::builtin();
  base::Metrics metrics;
  base::WorkerPool pool;
  net::IoThreads threads;
  store::SnapshotReaders readers;
  EventFeed feed;
  monitor::Branches branches;
  net::StaticFiles files;
  Access access;
  std::optional<store::OwnerLock> lock;
  std::unique_ptr<monitor::Ledger> ledger;
  std::unique_ptr<HubRoutes> hub_routes;
  std::unique_ptr<MonitorRoutes> monitor_routes;
  std::unique_ptr<AutoImport> auto_import;
  std::unique_ptr<LocalCollector> collector;  // null: agents' logs are not followed
  std::unique_ptr<OtlpRoutes> otlp_routes;
  std::unique_ptr<TaskService> tasks;  // null: there are none here
  net::Router router;
  std::unique_ptr<net::HttpServer> http;
  std::unique_ptr<SpoolDelivery> spool;                             // null without a data folder
  std::vector<std::unique_ptr<net::IoThread::Periodic>> periodics;  // of the first I/O thread
  std::vector<std::thread> io_threads, worker_threads;
  std::thread ledger_thread;
  std::uint16_t port = 0;
  bool stopped = false;

  Result<void> open_ledger();
  Result<void> open_tasks();
  Result<void> listen();
  void open_spool();
  void add_routes();
  void add_collector();
  void add_auto_import();
  void start_threads();
  void start_periodics();
  void tend();
  base::Task<Response> get_file(Request& request);
  bool is_guarded_by_tasks(std::string_view path) const;
  Response unknown(const Request& request) const;
};

Result<void> Server::Parts::open_ledger() {
  const std::string& path = config.text("db");
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  TRY(auto owned, store::OwnerLock::acquire(path));
  lock.emplace(std::move(owned));
  TRY(pricing, load_prices(config));
  const monitor::Ledger::Options options{settings, config.text("durability") == "full",
                                         release_idle_memory};
  TRY(ledger,
      monitor::Ledger::open(path, options, pricing, branches, base::Clock::system(), metrics));
  if (config.flag("collect")) {
    TRY(auto db, store::Database::open(path, store::Access::read_write));
    TRY_OK(collector::cursors::create(db));
  }
  ledger->set_listener(feed);
  feed.live().announce(ledger->newest_id());
  return {};
}

/// Kept beside the monitor's database, unless their own settings say otherwise.
Result<void> Server::Parts::open_tasks() {
  if (!config.flag("tasks")) return {};
  const auto folder = std::filesystem::path(config.text("db")).parent_path();
  const TaskDefaults defaults{TaskSettings::Storage::sqlite, (folder / "tasks.db").string()};
  auto loaded = load_task_settings({}, environment, defaults);
  if (!loaded) return std::move(loaded.error()).within("tasks (--tasks=false serves without them)");
  TaskSettings found = std::move(*loaded);
  TRY(tasks, TaskService::open(std::move(found), threads, &pool, metrics));
  tasks->routes().add_to(router);
  return {};
}

/// Whose callers prove themselves to the task server.
bool Server::Parts::is_guarded_by_tasks(std::string_view path) const {
  return tasks && tasks->settings().auth.mode != TaskAuthSettings::Mode::none &&
         TaskRoutes::is_protected(path);
}

Result<void> Server::Parts::listen() {
  net::ServerOptions options;
  options.max_connections = static_cast<std::size_t>(config.integer("max-connections"));
  options.gate = [this](const Request& request) { return access.check(request); };
  options.decorate = [this](const Request& request, Response& response) {
    access.decorate(request, response);
    const bool is_of_tasks = TaskRoutes::is_protected(request.path) || !response.cause.empty();
    if (response.status >= 500 && tasks && is_of_tasks)
      log_task_failure(request, response, base::Clock::system().now());
  };
  options.not_found = [this](const Request& request) { return unknown(request); };
  http = std::make_unique<net::HttpServer>(threads, router, std::move(options), metrics);
  TRY(port, http->listen(config.text("host"), static_cast<std::uint16_t>(config.integer("port"))));
  return {};
}

/// What hooks could not tell a server at this address while there was none.
void Server::Parts::open_spool() {
  const auto root = Spool::root(environment);
  if (!root) return;
  const std::string authority = authority_of(config.text("host"), port);
  const monitor::ContractLimits limits{settings.max_metadata_bytes};
  spool = std::make_unique<SpoolDelivery>(Spool::for_server(*root, authority), limits, *ledger,
                                          pool, metrics);
}

void Server::Parts::add_routes() {
  const monitor::ContractLimits limits{settings.max_metadata_bytes};
  hub_routes = std::make_unique<HubRoutes>(*ledger, readers, limits);
  hub_routes->add_to(router);
  monitor_routes = std::make_unique<MonitorRoutes>(MonitorRoutes::Parts{
      *ledger, *hub_routes, readers, feed, settings, base::Clock::system(), config.text("db")});
  monitor_routes->add_to(router);
  otlp_routes = std::make_unique<OtlpRoutes>(*ledger, pool, limits, metrics);
  otlp_routes->add_to(router);
  router.get("/metrics", [this](Request&) -> base::Task<Response> {
    std::string text = metrics.text();
    co_return Response::text(200, "text/plain; version=0.0.4; charset=utf-8", std::move(text));
  });
  router.fallback([this](Request& request) { return get_file(request); });
  metrics.gauge("sightline_stream_clients", "clients of the live stream",
                [this] { return static_cast<double>(feed.live().subscribers()); });
  metrics.gauge("sightline_queries_waiting", "queries that wait for a reader",
                [this] { return static_cast<double>(pool.waiting()); });
}

Response Server::Parts::unknown(const Request& request) const {
  return tasks && TaskRoutes::is_protected(request.path)
             ? tasks->routes().not_found(router, request)
             : not_found(request);
}

base::Task<Response> Server::Parts::get_file(Request& request) {
  // Clients of the task server ask for JSON where a browser asks for a page.
  if (tasks && request.path == "/" && request.header("accept") == "application/json")
    co_return tasks->routes().describe_server();
  if (!request.path.starts_with("/api/")) {
    if (!config.text("ui-dir").empty()) {
      Response file = co_await files.serve(request);
      if (file.status != 404) co_return file;
    } else if (request.path == "/" || request.path == "/index.html") {
      co_return net::embedded_file(request, "index.html", start_page_html);
    }
  }
  co_return unknown(request);
}

/// All agents' logs, where their own settings say that they are.
void Server::Parts::add_collector() {
  if (!config.flag("collect")) return;
  std::vector<agents::Location> locations;
  for (const agents::Agent agent : agents::agents_in_order())
    for (agents::Location& location :
         agents::locations_of(agent, agents::this_system(), environment))
      locations.push_back(std::move(location));
  collector = std::make_unique<LocalCollector>(
      LocalCollector::Parts{*ledger, readers, pool, threads.at(threads.size() - 1), metrics,
                            settings.max_metadata_bytes},
      std::move(locations));
  collector->add_to(router);
}

/// What is followed need not be looked at every few minutes.
void Server::Parts::add_auto_import() {
  if (collector || settings.auto_import_interval.count() == 0) return;
  base::log::info("Auto-import: every {}m", settings.auto_import_interval.count());
  monitor::Importer::Parts from{ledger.get(), readers, pool, agents::Places::of(environment),
                                settings.max_metadata_bytes};
  auto_import = std::make_unique<AutoImport>(std::move(from), settings.auto_import_interval, feed);
}

void Server::Parts::start_threads() {
  for (std::size_t i = 0; i < threads.size(); ++i)
    io_threads.emplace_back([this, i] { threads.at(i).run(); });
  for (std::size_t i = 0; i < kWorkers; ++i)
    worker_threads.emplace_back([this, i] { pool.work(i); });
  ledger_thread = std::thread([this] { ledger->run(); });
}

/// What is done every few seconds, and costs nothing when there is nothing to do.
void Server::Parts::tend() {
  ledger->expire();
  if (tasks) tasks->tick();
  if (spool) spool->deliver().detach();
}

void Server::Parts::start_periodics() {
  net::IoThread& first = threads.at(0);
  first.post([this, &first] {
    // One wake-up for both, with the intervals as they are unless set otherwise.
    const bool is_one = settings.stats_interval == SpoolDelivery::kPeriod;
    periodics.push_back(first.every(settings.stats_interval, [this, is_one] {
      monitor_routes->broadcast_statistics().detach();
      if (is_one) tend();
    }));
    if (!is_one) periodics.push_back(first.every(SpoolDelivery::kPeriod, [this] { tend(); }));
    periodics.push_back(
        first.every(kIdleCheckPeriod, [this] { monitor_routes->check_idle().detach(); }));
    if (auto_import)
      periodics.push_back(first.every(AutoImport::kFirst, [this] { auto_import->tick(); }));
    tend();
  });
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::~Server() { stop(); }

Result<std::unique_ptr<Server>> Server::start(const Config& config) {
  TRY_OK(check_exposure(config));
  raise_descriptor_limit();
  auto parts = std::make_unique<Parts>(config);
  TRY_OK(parts->open_ledger());
  TRY_OK(parts->open_tasks());
  parts->add_routes();
  parts->add_collector();
  parts->add_auto_import();
  TRY_OK(parts->listen());
  parts->open_spool();
  parts->start_threads();
  parts->start_periodics();
  if (parts->tasks) parts->tasks->start();
  if (parts->collector) parts->collector->start();
  parts->http->start();
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

std::string Server::url() const {
  return "http://" + authority_of(parts_->config.text("host"), port());
}

std::string Server::made_admin_token() const {
  if (!parts_->tasks || !parts_->tasks->settings().has_made_admin_token) return {};
  return parts_->tasks->settings().admin_token;
}

std::uint16_t Server::port() const { return parts_->port; }

void Server::stop() {
  Parts& p = *parts_;
  if (p.stopped) return;
  p.stopped = true;
  p.threads.at(0).post([&p] { p.periodics.clear(); });
  if (p.auto_import) p.auto_import->stop();
  if (p.collector) p.collector->stop();
  if (p.tasks) p.tasks->stop_timer();
  p.http->stop(kStopPatience);
  // From here on nobody asks for anything: what was asked for is finished, then the threads end.
  if (p.tasks) p.tasks->stop();
  p.ledger->stop();
  p.ledger_thread.join();
  p.pool.stop();
  for (std::thread& thread : p.worker_threads) thread.join();
  p.readers.close();
  if (p.tasks) p.tasks->close();
  for (std::size_t i = 0; i < p.threads.size(); ++i) {
    net::IoThread& thread = p.threads.at(i);
    thread.post([&thread] { thread.stop(); });  // behind all that was posted before
  }
  for (std::thread& thread : p.io_threads) thread.join();
}

}  // namespace app
