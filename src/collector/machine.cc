#include "collector/machine.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/json_writer.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/utf8.h"

namespace collector {
namespace {

using base::Errc;
using base::Error;
using base::Result;

#ifdef __APPLE__
constexpr const char* kOsType = "darwin";
#else
constexpr const char* kOsType = "linux";
#endif

std::string read_start(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(16 * 1024, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return text;
}

std::string unquoted(std::string_view value) {
  value = base::trim(value);
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
      value.back() == value.front())
    value = value.substr(1, value.size() - 2);
  return std::string(value);
}

/// As Go names it.
std::string arch_of(std::string_view machine) {
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  if (machine == "i686" || machine == "i386") return "386";
  return std::string(machine);
}

Result<std::string> user_name() {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> names;
  const int error = ::getpwuid_r(::geteuid(), &entry, names.data(), names.size(), &found);
  if (found) return std::string(found->pw_name);
  return Error{Errc::unavailable,
               fmt::format("failed to get current user: {}",
                           error ? std::strerror(error) : "the user has no name")};
}

}  // namespace

std::string machine_id(const std::string& hostname, const std::string& username,
                       const std::string& os_type) {
  std::string name = base::to_lower(hostname) + "-" + os_type;
  for (char& c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) c = '-';
  return fmt::format(
      "{}-{}", base::sha256_hex(fmt::format("{}-{}-{}", hostname, username, os_type), 16), name);
}

std::string machine_type(const Environment& environment) {
  const auto value = [&](const char* name) { return environment(name).value_or(""); };
  if (value("GITHUB_ACTIONS") == "true") return "ci";
  if (value("CODESPACES") == "true" || !value("GITPOD_WORKSPACE_ID").empty()) return "cloud";
  if (!value("SSH_CONNECTION").empty() || !value("SSH_CLIENT").empty()) return "remote";
  return "local";
}

std::string os_version(const std::string& os_release) {
  std::string name, version, line;
  for (std::istringstream lines(os_release); std::getline(lines, line);) {
    const std::size_t equals = line.find('=');
    if (equals == line.npos) continue;
    const std::string_view key = std::string_view(line).substr(0, equals);
    if (key == "NAME") name = unquoted(std::string_view(line).substr(equals + 1));
    if (key == "VERSION_ID") version = unquoted(std::string_view(line).substr(equals + 1));
  }
  if (name.empty()) return "unknown";
  return version.empty() ? name : fmt::format("{} {}", name, version);
}

Result<Machine> detect_machine(const Environment& environment) {
  Machine machine;
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0)
    return Error{Errc::unavailable,
                 fmt::format("failed to get hostname: {}", std::strerror(errno))};
  machine.hostname = base::to_utf8(host.data());
  TRY(machine.username, user_name());
  machine.os_type = kOsType;
  machine.machine_id = machine_id(machine.hostname, machine.username, machine.os_type);
  std::string os_release = read_start("/etc/os-release");
  if (os_release.empty()) os_release = read_start("/usr/lib/os-release");
  machine.os_version = base::to_utf8(os_version(os_release));
  machine.machine_type = machine_type(environment);
  utsname system{};
  if (::uname(&system) == 0) machine.arch = arch_of(system.machine);
  machine.cpus = std::thread::hardware_concurrency();
  return machine;
}

std::string to_json(const Machine& machine) {
  std::string text;
  base::json::Writer out(text);
  out.begin_object();
  out.key("machineId").value(machine.machine_id);
  out.key("hostname").value(machine.hostname);
  out.key("username").value(machine.username);
  out.key("osType").value(machine.os_type);
  if (!machine.os_version.empty()) out.key("osVersion").value(machine.os_version);
  out.key("machineType").value(machine.machine_type);
  out.key("metadata").begin_object();
  out.key("arch").value(machine.arch).key("numCPU").value(machine.cpus).end_object();
  out.end_object();
  return text;
}

}  // namespace collector
