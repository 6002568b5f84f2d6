#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "base/json_writer.h"
#include "command.h"

namespace app {
namespace {

struct Arguments {
  bool no_input = false, as_json = false;
};

/// Where a browser on this machine reaches the server.
std::string page_url(const Config& config) {
  std::string host = config.text("host");
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (host.find(':') != host.npos) host = "[" + host + "]";
  return fmt::format("http://{}:{}/", host, config.integer("port"));
}

bool has_display() {
  return !environment("DISPLAY").value_or("").empty() ||
         !environment("WAYLAND_DISPLAY").value_or("").empty();
}

/// Whether there is an xdg-open; it goes on by itself.
bool start_browser(std::string url) {
  std::string program = "xdg-open";
  char* const arguments[] = {program.data(), url.data(), nullptr};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  ::pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, program.c_str(), &actions, nullptr, arguments, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  return error == 0;
}

int open_page(const Config& config, const Arguments& given) {
  const std::string url = page_url(config);
  const bool is_opened = !given.no_input && has_display() && start_browser(url);
  if (given.as_json) {
    std::string out;
    base::json::Writer json(out);
    json.begin_object().key("url").value(url).key("opened").value(is_opened).end_object();
    std::printf("%s\n", out.c_str());
  } else {
    std::printf("%s\n", url.c_str());
  }
  return kDone;
}

}  // namespace

void add_open_command(CLI::App& cli, Action& action) {
  CLI::App* command = cli.add_subcommand("open", "show the server's page in a browser");
  auto flags = std::make_shared<ConfigFlags>(*command, ConfigFlags::Offer::client_keys);
  auto given = std::make_shared<Arguments>();
  command->add_flag("--no-input", given->no_input, "only print the address");
  command->add_flag("--json", given->as_json, "print JSON");
  command->callback([&action, flags, given] {
    action = [flags, given] {
      const auto config = flags->load();
      return config ? open_page(*config, *given) : complain(config.error());
    };
  });
}

}  // namespace app
