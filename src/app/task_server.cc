#include "task_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "access.h"
#include "net/http_server.h"
#include "server_process.h"
#include "task_log.h"
#include "task_service.h"

namespace app {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using namespace std::chrono_literals;

constexpr auto kPatience = 10s;
constexpr std::size_t kMostIoThreads = 4;

std::size_t io_threads() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kMostIoThreads);
}

Result<void> check_exposure(const TaskSettings& settings) {
  if (is_loopback(settings.host) || settings.auth.mode != TaskAuthSettings::Mode::none) return {};
  return Error{Errc::invalid_argument,
               fmt::format("listening on {} lets others on the network read and change all tasks; "
                           "set auth.mode: jwt (TASKCAST_AUTH_MODE)",
                           settings.host)};
}

}  // namespace

// In the order of making; destroyed the other way round.
struct TaskServer::Parts {
  explicit Parts(const TaskSettings& settings)
      : threads(io_threads()),
        access({settings.host, settings.allowed_hosts, settings.cors_origins, {}, {}}) {}

  base::Metrics metrics;
  net::IoThreads threads;
  std::unique_ptr<TaskService> tasks;
  Access access;
  net::Router router;
  std::unique_ptr<net::HttpServer> http;
  std::unique_ptr<net::IoThread::Periodic> ticks;  // of the first I/O thread
  std::vector<std::thread> io;
  std::uint16_t port = 0;
  bool is_stopped = false;

  Result<void> listen(bool is_verbose);
  void start();
};

Result<void> TaskServer::Parts::listen(bool is_verbose) {
  tasks->routes().add_to(router);
  tasks->routes().add_root_to(router);
  router.get("/metrics", [this](net::Request&) -> base::Task<net::Response> {
    std::string text = metrics.text();
    co_return net::Response::text(200, "text/plain; version=0.0.4; charset=utf-8", std::move(text));
  });
  net::ServerOptions options;
  options.max_connections = tasks->settings().max_connections;
  options.gate = [this](const net::Request& request) { return access.check(request); };
  options.decorate = [this](const net::Request& request, net::Response& response) {
    access.decorate(request, response);
    if (response.status >= 500) log_task_failure(request, response, base::Clock::system().now());
  };
  if (is_verbose)
    options.observe = [](const net::Request& request, const net::Response& response,
                         std::chrono::nanoseconds took) {
      write_log_line(describe_task_request(request, response, base::Clock::system().now(), took));
    };
  options.not_found = [this](const net::Request& request) {
    return tasks->routes().not_found(router, request);
  };
  http = std::make_unique<net::HttpServer>(threads, router, std::move(options), metrics);
  TRY(port, http->listen(tasks->settings().host, tasks->settings().port));
  return {};
}

void TaskServer::Parts::start() {
  for (std::size_t i = 0; i < threads.size(); ++i)
    io.emplace_back([this, i] { threads.at(i).run(); });
  tasks->start();
  net::IoThread& first = threads.at(0);
  first.post([this, &first] {
    ticks = first.every(tasks::Engine::kDuePeriod, [this] { tasks->tick(); });
    tasks->tick();
  });
  http->start();
}

TaskServer::TaskServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
TaskServer::~TaskServer() { stop(); }

Result<std::unique_ptr<TaskServer>> TaskServer::start(const TaskSettings& settings,
                                                      bool is_verbose) {
  TRY_OK(check_exposure(settings));
  raise_descriptor_limit();
  auto parts = std::make_unique<Parts>(settings);
  TRY(parts->tasks, TaskService::open(settings, parts->threads, nullptr, parts->metrics));
  TRY_OK(parts->listen(is_verbose));
  parts->start();
  return std::unique_ptr<TaskServer>(new TaskServer(std::move(parts)));
}

std::string TaskServer::url() const {
  return "http://" + authority_of(parts_->tasks->settings().host, parts_->port);
}

void TaskServer::stop() {
  Parts& p = *parts_;
  if (p.is_stopped) return;
  p.is_stopped = true;
  p.threads.at(0).post([&p] { p.ticks.reset(); });
  p.tasks->stop_timer();
  p.http->stop(kPatience);
  p.tasks->stop();
  for (std::size_t i = 0; i < p.threads.size(); ++i) {
    net::IoThread& thread = p.threads.at(i);
    thread.post([&thread] { thread.stop(); });  // behind all that was posted before
  }
  for (std::thread& thread : p.io) thread.join();
}

}  // namespace app
