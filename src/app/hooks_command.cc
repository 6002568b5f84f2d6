#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "base/ulid.h"
#include "claude_settings.h"
#include "command.h"
#include "net/http_client.h"

namespace app {
namespace {

namespace fs = std::filesystem;
using base::Errc;
using base::Error;
using base::Result;

constexpr const char* kDefaultUrl = "http://127.0.0.1:3141";
constexpr std::uintmax_t kMaxSettingsBytes = std::uintmax_t{16} << 20;

struct InstallFlags {
  std::string url;
  bool is_dry_run = false, is_forced = false, is_python = false, is_uninstall = false;
};

/// The URL as it is given to hooks: checked, without a slash at its end.
Result<std::string> server_url(const std::string& given) {
  std::string text = given;
  if (text.empty()) text = environment("AGENTMONITOR_URL").value_or("");
  if (text.empty()) text = kDefaultUrl;
  TRY(const net::HttpUrl url, net::parse_http_url(text));
  return fmt::format("http://{}{}", url.authority(), url.path);
}

Result<std::string> own_path() {
  std::error_code error;
  const fs::path path = fs::read_symlink("/proc/self/exe", error);
  if (error) return Error{Errc::unavailable, "cannot find out where this program is"};
  return path.string();
}

Result<fs::path> settings_path() {
  const auto folder = environment("CLAUDE_CONFIG_DIR");
  if (folder && !folder->empty()) return fs::path(*folder) / "settings.json";
  const auto home = environment("HOME");
  if (!home || home->empty())
    return Error{Errc::invalid_argument, "HOME is not set; set it or CLAUDE_CONFIG_DIR"};
  return fs::path(*home) / ".claude" / "settings.json";
}

std::vector<HookEntry> entries_for(const std::string& program, const std::string& url) {
  const std::string command =
      fmt::format("{} hook --url {}", shell_quoted(program), shell_quoted(url));
  return {
      {"SessionStart", true, "", "AGENTMONITOR_INSTRUCTION_LOAD_INSTRUMENTED=1 " + command, true,
       ""},
      {"Stop", false, "", command, true, ""},
      {"PostToolUse", true, "", command, true, ""},
      {"UserPromptSubmit", true, "", command, true, ""},
      {"InstructionsLoaded", true, "", command, true, ""},
      {"PreToolUse", true, "Bash", command, false, "AgentMonitor: checking safety..."},
  };
}

Result<std::string> read_settings(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return std::string();
  if (fs::file_size(path, error) > kMaxSettingsBytes || error)
    return Error{Errc::invalid_argument, fmt::format("{} is no settings file", path.string())};
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return Error{Errc::unavailable, fmt::format("cannot read {}", path.string())};
  return text.str();
}

std::string timestamp() {
  char text[32];
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  std::strftime(text, sizeof text, "%Y%m%d%H%M%S", &local);
  return text;
}

/// The file as a whole or not at all, with the rights of the one before.
Result<void> write_settings(const fs::path& path, const std::string& text) {
  struct stat before {};
  const mode_t mode = ::stat(path.c_str(), &before) == 0 ? before.st_mode & 07777 : 0600;
  const std::string temporary =
      fmt::format("{}.{}.tmp", path.string(), base::UlidGenerator().next());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool written =
      file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fchmod(file, mode) == 0 && ::fsync(file) == 0;
  if (file >= 0) ::close(file);
  if (written && ::rename(temporary.c_str(), path.c_str()) == 0) return {};
  Error error{Errc::unavailable,
              fmt::format("cannot write {}: {}", path.string(), std::strerror(errno))};
  ::unlink(temporary.c_str());
  return error;
}

/// Replaces the settings; returns the name of the backup, empty when there was no file.
Result<std::string> replace_settings(const fs::path& path, const std::string& text) {
  std::error_code error;
  // Through a link to where the settings really are: a link stays a link.
  const fs::path real = fs::exists(path, error) ? fs::canonical(path, error) : path;
  fs::create_directories(real.parent_path(), error);
  std::string backup;
  if (fs::exists(real, error)) {
    backup = fmt::format("{}.bak.{}", path.string(), timestamp());
    fs::copy_file(real, backup, fs::copy_options::skip_existing, error);
    if (error)
      return Error{Errc::unavailable, fmt::format("cannot write {}: {}", backup, error.message())};
  }
  TRY_OK(write_settings(real, text));
  return backup;
}

Result<void> install(const InstallFlags& flags) {
  if (flags.is_python)
    return Error{Errc::invalid_argument,
                 "--python: this command installs the program itself as a hook; the Python and "
                 "bash scripts are installed by hooks/claude-code/install.sh [--python]"};
  TRY(const std::string url, server_url(flags.url));
  TRY(const std::string program, own_path());
  TRY(const fs::path path, settings_path());
  TRY(const std::string before, read_settings(path));
  const auto entries = flags.is_uninstall ? std::vector<HookEntry>() : entries_for(program, url);
  const auto in_file = [&](Error error) { return std::move(error).within(path.string()); };
  auto after = with_hooks(before, entries);
  if (!after) return in_file(std::move(after.error()));
  auto now = formatted(before);
  if (!now) return in_file(std::move(now.error()));

  if (flags.is_dry_run) {
    std::printf("%s", after->c_str());
    return {};
  }
  if (*after == *now && !flags.is_forced) {
    std::printf("%s: %s\n", path.c_str(),
                flags.is_uninstall ? "no hooks of Sightline are installed"
                                   : "the hooks are installed already");
    return {};
  }
  TRY(const std::string backup, replace_settings(path, *after));
  std::printf("%s: hooks %s%s%s\n", path.c_str(), flags.is_uninstall ? "removed" : "installed",
              backup.empty() ? "" : "; it was before: ", backup.c_str());
  return {};
}

Result<void> print_codex_config(const std::string& given) {
  TRY(const std::string url, server_url(given));
  TRY(const std::string program, own_path());
  if (program.find_first_of("\"\\\n") != program.npos)
    return Error{Errc::invalid_argument, fmt::format("{} cannot stand in a TOML string", program)};
  std::printf(
      "# for ~/.codex/config.toml; `notify` must stand above the first [section]\n"
      "notify = [\"%s\", \"hook\", \"--agent\", \"codex\", \"--url\", \"%s\"]\n"
      "\n"
      "[otel]\n"
      "log_user_prompt = true\n"
      "exporter = { otlp-http = { endpoint = \"%s/api/otel/v1/logs\", protocol = \"json\" } }\n"
      "metrics_exporter = { otlp-http = { endpoint = \"%s/api/otel/v1/metrics\", protocol = "
      "\"json\" } }\n",
      program.c_str(), url.c_str(), url.c_str(), url.c_str());
  return {};
}

int exit_code(const Result<void>& result) { return result ? kDone : complain(result.error()); }

void add_install_command(CLI::App& hooks, Action& action) {
  CLI::App* install_command = hooks.add_subcommand("install", "install hooks into an agent");
  install_command->require_subcommand(1);
  CLI::App* claude = install_command->add_subcommand(
      "claude",
      "have Claude Code call this program; writes settings.json in $CLAUDE_CONFIG_DIR "
      "or ~/.claude, and keeps everything in it that is not ours");
  auto flags = std::make_shared<InstallFlags>();
  claude->add_option("--url", flags->url, "the server [AGENTMONITOR_URL]")
      ->default_str(kDefaultUrl);
  claude->add_flag("--dry-run", flags->is_dry_run, "print the new settings, write nothing");
  claude->add_flag("--force", flags->is_forced, "write, with a backup, even if nothing changes");
  claude->add_flag("--python", flags->is_python, "says how to install the scripts instead");
  claude->add_flag("--uninstall", flags->is_uninstall, "remove our hooks");
  claude->callback([&action, flags] { action = [flags] { return exit_code(install(*flags)); }; });
}

}  // namespace

void add_hooks_command(CLI::App& cli, Action& action) {
  CLI::App* hooks = cli.add_subcommand("hooks", "connect coding agents with the server");
  hooks->require_subcommand(1);
  add_install_command(*hooks, action);
  CLI::App* codex =
      hooks->add_subcommand("print-codex-config", "print what goes into Codex' config.toml");
  auto url = std::make_shared<std::string>();
  codex->add_option("--url", *url, "the server [AGENTMONITOR_URL]")->default_str(kDefaultUrl);
  codex->callback(
      [&action, url] { action = [url] { return exit_code(print_codex_config(*url)); }; });
}

}  // namespace app
