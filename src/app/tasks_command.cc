#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "base/log.h"
#include "collect_process.h"
#include "command.h"
#include "process_memory.h"
#include "server_process.h"
#include "task_server.h"

// The commands of the task server: docs/commands.md, "tasks".

namespace app {
namespace {

int start(const TaskFlags& flags) {
  const auto settings = load_task_settings(flags, environment);
  if (!settings) return complain(settings.error());
  prepare_server_process();
  base::log::set_level(settings->log_level);
  StopSignals signals;
  auto server = TaskServer::start(*settings, flags.is_verbose);
  if (!server) return complain(server.error());
  const bool is_sqlite = settings->storage == TaskSettings::Storage::sqlite;
  const std::string sqlite = "sqlite @ " + settings->db_path;
  std::printf("[taskcast] Config: %s\n",
              settings->path.empty() ? "(none)" : settings->path.c_str());
  std::printf("[taskcast] Short-term store: %s\n", is_sqlite ? sqlite.c_str() : "memory");
  std::printf("[taskcast] Long-term store:  %s\n", is_sqlite ? sqlite.c_str() : "(none)");
  if (settings->has_made_admin_token)
    std::printf("[taskcast] Admin token (auto-generated): %s\n", settings->admin_token.c_str());
  std::printf("[taskcast] Server started on %s\n", (*server)->url().c_str());
  std::fflush(stdout);
  release_idle_memory();
  signals.wait();
  (*server)->stop();
  return kDone;
}

void add_start(CLI::App& group, Action& action) {
  CLI::App* command = group.add_subcommand("start", "run the task server, until SIGINT or SIGTERM");
  auto flags = std::make_shared<TaskFlags>();
  auto port = std::make_shared<std::uint16_t>(0);
  command->add_option("-c,--config", flags->config, "configuration file");
  const CLI::Option* has_port = command->add_option("-p,--port", *port, "port [3721]");
  command->add_option("--host", flags->host, "address to listen on [127.0.0.1]");
  command->add_option("-s,--storage", flags->storage, "memory or sqlite [memory]");
  command->add_option("--db-path", flags->db_path, "file of the SQLite store [./taskcast.db]");
  command->add_option("--allow-host", flags->allowed_hosts, "a further name for the Host header");
  command->add_option("--allow-origin", flags->allowed_origins,
                      "a web page that may use the server; *: every one");
  command->add_option("--max-connections", flags->max_connections, "open connections [20000]")
      ->check(CLI::PositiveNumber);
  command->add_flag("--resume-by-last-event-id", flags->resumes_by_header,
                    "a Last-Event-ID header counts as since.id");
  command->add_flag("-v,--verbose", flags->is_verbose,
                    "a line for each request, on standard error");
  command->callback([&action, flags, port, has_port] {
    if (has_port->count() > 0) flags->port = *port;
    action = [flags] { return start(*flags); };
  });
}

}  // namespace

void add_tasks_command(CLI::App& cli, Action& action) {
  CLI::App* group = add_group(cli, action, "tasks", "keep tasks and stream their events");
  add_start(*group, action);
}

}  // namespace app
