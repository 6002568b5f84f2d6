#include "hook_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>

#include "base/ulid.h"
#include "base/utf8.h"
#include "command.h"
#include "hook_event.h"
#include "monitor/branches.h"
#include "net/http_client.h"
#include "spool.h"

namespace app {
namespace {

using base::Errc;
using base::Error;
using base::Result;

constexpr int kRefused = 2;
constexpr std::size_t kMaxInput = std::size_t{8} << 20;
// For a host that keeps the pipe open; others close it at once.
constexpr std::chrono::milliseconds kInputPatience{1000};
// A hook may take 50 ms in all: the rest is for the start of the process and for the spool.
constexpr std::chrono::milliseconds kSendLimit{35};
constexpr const char* kDefaultUrl = "http://127.0.0.1:3141";

struct HookArguments {
  std::string url;
  bool is_codex = false;
  std::optional<HookKind> kind;
  std::optional<std::string> notification;  // of Codex: its JSON is an argument
  std::string problem;                      // the first; what was understood is done all the same
};

void say(std::string_view line) {
  std::string text(line);
  text += '\n';
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

void warn(std::string_view what) { say(fmt::format("sightline hook: {}", what)); }

/// The value of `--name VALUE` or `--name=VALUE` at `at`, which moves to its end.
std::optional<std::string> option(std::span<char* const> arguments, std::size_t& at,
                                  std::string_view name) {
  const std::string_view argument = arguments[at];
  if (argument == name && at + 1 < arguments.size()) return arguments[++at];
  if (argument.starts_with(name) && argument.substr(name.size()).starts_with('='))
    return std::string(argument.substr(name.size() + 1));
  return std::nullopt;
}

HookArguments read_arguments(std::span<char* const> arguments) {
  HookArguments read;
  read.url = environment("AGENTMONITOR_URL").value_or("");
  if (read.url.empty()) read.url = kDefaultUrl;
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    const std::string_view argument = arguments[at];
    if (const auto url = option(arguments, at, "--url")) {
      read.url = *url;
    } else if (const auto agent = option(arguments, at, "--agent")) {
      read.is_codex = *agent == "codex";
      if (!read.is_codex && *agent != "claude")
        read.problem = fmt::format("--agent: \"{}\" must be claude or codex", *agent);
    } else if (read.is_codex && !argument.starts_with('-')) {
      read.notification = argument;
    } else if (const auto kind = parse_hook_kind(argument)) {
      read.kind = kind;
    } else if (read.problem.empty()) {
      read.problem = fmt::format("\"{}\" is no hook and no option; see sightline hook --help",
                                 argument.substr(0, 200));
    }
  }
  return read;
}

/// Standard input to its end. What is over the limit is read too, and dropped: a host that writes
/// into a closed pipe may take it amiss. Stops waiting after kInputPatience.
std::string read_input() {
  std::string input;
  const auto deadline = std::chrono::steady_clock::now() + kInputPatience;
  static char bytes[64 * 1024];
  if (::isatty(STDIN_FILENO)) return input;
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd entry{STDIN_FILENO, POLLIN, 0};
    const int ready = left.count() > 0 ? ::poll(&entry, 1, static_cast<int>(left.count())) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0 || (entry.revents & POLLNVAL) != 0) return input;
    const ssize_t got = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return input;
    // One byte over the limit stays, so that what was cut is told from what fits.
    input.append(bytes, std::min(static_cast<std::size_t>(got), kMaxInput + 1 - input.size()));
  }
}

bool is_on(const char* variable, bool otherwise) {
  const auto value = environment(variable);
  return value && !value->empty() ? *value == "1" : otherwise;
}

Result<HookOutcome> outcome_of(const HookArguments& arguments) {
  base::UlidGenerator ids;
  HookSurroundings surroundings;
  surroundings.now = base::Clock::system().now();
  surroundings.branch_of = [](const std::string& folder) {
    return monitor::branch_of(folder).value_or("");
  };
  surroundings.new_id = [&ids] { return ids.next(); };
  surroundings.is_safety_on = is_on("AGENTMONITOR_SAFETY", true);
  surroundings.are_instructions_told = is_on("AGENTMONITOR_INSTRUCTION_LOAD_INSTRUMENTED", false);
  // A byte that is no UTF-8 must not keep a command from being looked at.
  const std::string input =
      base::to_utf8(arguments.notification ? *arguments.notification : read_input());
  if (input.size() > kMaxInput)
    return Error{Errc::invalid_argument, fmt::format("more than {} bytes of input", kMaxInput)};
  return arguments.is_codex ? parse_codex_notification(input, surroundings)
                            : parse_claude_hook(input, arguments.kind, surroundings);
}

/// To the server; to the disk when it does not say in time that it has the event. It may have it
/// all the same: then the same event_id makes the second one harmless.
Result<void> deliver(const std::string& event, const net::HttpUrl& url) {
  const auto answer = net::http_post(
      url, "/api/events", environment("SIGHTLINE_TOKEN").value_or(""), event, kSendLimit);
  if (answer && (answer->status == 200 || answer->status == 201)) return {};
  const auto root = Spool::root(environment);
  if (!root) return Error{Errc::unavailable, "no server, and no home folder for the spool"};
  return Spool::for_server(*root, url.authority()).write(event);
}

/// `code` is right from the moment on at which it is known, also when the rest throws.
void do_hook(std::span<char* const> arguments, int& code) {
  const HookArguments read = read_arguments(arguments);
  if (!read.problem.empty()) warn(read.problem);
  const auto outcome = outcome_of(read);
  if (!outcome) return warn(outcome.error().what);
  if (!outcome->refusal.empty()) {
    code = kRefused;
    say(outcome->refusal);
  }
  if (outcome->event.empty()) return;
  const auto url = net::parse_http_url(read.url);
  const auto delivered = url ? deliver(outcome->event, *url) : Result<void>(url.error());
  if (!delivered) warn(delivered.error().what);
}

}  // namespace

int run_hook(std::span<char* const> arguments) {
  int code = kDone;
  try {
    do_hook(arguments, code);
  } catch (const std::exception& failure) {  // no memory, mostly: never the agent's trouble
    warn(failure.what());
  }
  return code;
}

/// For --help alone: `hook` is run before the command line is parsed.
void add_hook_command(CLI::App& cli, Action& action) {
  CLI::App* command = cli.add_subcommand(
      "hook", "tell the server what a hook of a coding agent reads on its standard input");
  auto unused = std::make_shared<std::array<std::string, 3>>();
  command->add_option("hook", (*unused)[0],
                      "which hook, such as post-tool-use; default its hook_event_name. With "
                      "--agent codex: the notification");
  command->add_option("--url", (*unused)[1], "the server [AGENTMONITOR_URL]")
      ->default_str(kDefaultUrl);
  command->add_option("--agent", (*unused)[2], "claude or codex")->default_str("claude");
  command->callback([&action, unused] { action = [] { return kDone; }; });
}

}  // namespace app
