#include "machine.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <thread>

#include "report.h"

namespace bench {
namespace {

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

// It paces the server's writes even on the loopback.
std::string congestion_control() {
  std::ifstream file("/proc/sys/net/ipv4/tcp_congestion_control");
  std::string name = "unknown";
  file >> name;
  return name;
}

double machine_busy_seconds() {
  std::ifstream file("/proc/stat");
  std::string label;
  double user = 0, nice = 0, system = 0, idle = 0, wait = 0, interrupt = 0, soft = 0, stolen = 0;
  file >> label >> user >> nice >> system >> idle >> wait >> interrupt >> soft >> stolen;
  const double ticks = user + nice + system + interrupt + soft + stolen;
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double seconds_of(int who) {
  rusage usage{};
  ::getrusage(who, &usage);
  const auto to_seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return to_seconds(usage.ru_utime) + to_seconds(usage.ru_stime);
}

double own_seconds() { return seconds_of(RUSAGE_SELF) + seconds_of(RUSAGE_CHILDREN); }

}  // namespace

std::string filesystem_name(const std::filesystem::path& directory) {
  static const std::map<long, std::string> kNames = {{0xEF53, "ext4"},
                                                     {0x58465342, "xfs"},
                                                     {0x9123683E, "btrfs"},
                                                     {0x794C7630, "overlayfs"},
                                                     {0x01021994, "tmpfs"}};
  struct statfs information {};
  if (::statfs(directory.c_str(), &information) != 0) return "unknown";
  const auto found = kNames.find(static_cast<long>(information.f_type));
  return found != kNames.end() ? found->second : "unknown";
}

std::string describe_machine(const std::filesystem::path& directory) {
  utsname system{};
  ::uname(&system);
  return "{\"processor\":" + to_json_string(processor_name()) +
         ",\"processors\":" + std::to_string(std::thread::hardware_concurrency()) +
         ",\"kernel\":" + to_json_string(system.release) +
         ",\"congestion_control\":" + to_json_string(congestion_control()) +
         ",\"filesystem\":" + to_json_string(filesystem_name(directory)) + "}";
}

OtherUse::OtherUse()
    : busy_seconds_(machine_busy_seconds()),
      own_seconds_(own_seconds()),
      since_(std::chrono::steady_clock::now()) {}

double OtherUse::cores() const {
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - since_;
  const double other = (machine_busy_seconds() - busy_seconds_) - (own_seconds() - own_seconds_);
  return std::max(other, 0.0) / std::max(time.count(), 1e-9);
}

}  // namespace bench
