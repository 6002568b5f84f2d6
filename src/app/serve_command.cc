#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "app/server.h"
#include "base/log.h"
#include "command.h"
#include "process_memory.h"
#include "server_process.h"

namespace app {
namespace {

base::log::Level log_level(const std::string& name) {
  using base::log::Level;
  if (name == "debug") return Level::debug;
  if (name == "warn") return Level::warn;
  if (name == "error") return Level::error;
  if (name == "off") return Level::off;
  return Level::info;
}

std::string with_tilde(const std::string& path) {
  const auto home = environment("HOME");
  if (!home || home->empty() || !path.starts_with(*home + "/")) return path;
  return "~" + path.substr(home->size());
}

/// Waits for SIGINT or SIGTERM, which all threads have blocked.
void wait_for_stop(const sigset_t& signals) {
  int received = 0;
  ::sigwait(&signals, &received);
  base::log::info("stopping on {}", received == SIGINT ? "SIGINT" : "SIGTERM");
  // A second signal ends the process at once: what is acknowledged is on disk.
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace

int serve(const Config& config) {
  prepare_server_process();
  base::log::set_level(log_level(config.text("log-level")));
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // inherited by the threads

  auto server = Server::start(config);
  if (!server) return complain(server.error());
  std::error_code ignored;
  const auto database = std::filesystem::absolute(config.text("db"), ignored);
  const std::string folder = database.parent_path().string();
  std::printf("Sightline %s   %s   data %s\n", SIGHTLINE_VERSION, (*server)->url().c_str(),
              with_tilde(folder).c_str());
  if (const auto token = (*server)->made_admin_token(); !token.empty())
    std::printf("admin token of the task server (made for this start): %s\n", token.c_str());
  std::fflush(stdout);
  base::log::info("AgentMonitor listening on {}", (*server)->url());
  base::log::info("Dashboard: http://localhost:{}", (*server)->port());
  release_idle_memory();
  wait_for_stop(signals);
  (*server)->stop();
  return kDone;
}

void add_serve_command(CLI::App& cli, Action& action) {
  CLI::App* command = cli.add_subcommand("serve", "run the server: API, live stream, web page");
  auto flags = std::make_shared<ConfigFlags>(*command);
  command->callback([&action, flags] {
    action = [flags] {
      const auto config = flags->load();
      return config ? serve(*config) : complain(config.error());
    };
  });
}

}  // namespace app
