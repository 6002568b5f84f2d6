#pragma once

#include <string>

#include "base/result.h"
#include "collector/settings.h"

namespace collector {

/// The machine that the collector runs on, as the backend knows it.
struct Machine {
  std::string machine_id;  // `714516873f57b8de-build-box-linux`: the same at every start
  std::string hostname, username;
  std::string os_type;       // `linux`, `darwin`, `windows`
  std::string os_version;    // `Debian GNU/Linux 12`, or `unknown`
  std::string machine_type;  // `local`, `remote`, `cloud`, `ci`
  std::string arch;          // `amd64`, `arm64`, ...
  unsigned cpus = 0;
};

std::string machine_id(const std::string& hostname, const std::string& username,
                       const std::string& os_type);

/// `ci`, `cloud`, `remote` or `local`, by what the environment tells; the first that holds.
std::string machine_type(const Environment& environment);

/// `NAME VERSION_ID` of an os-release file; `unknown` when it has no name.
std::string os_version(const std::string& os_release);

/// `unavailable`: "failed to get hostname: ...", "failed to get current user: ...".
base::Result<Machine> detect_machine(const Environment& environment);

/// The body of its registration.
std::string to_json(const Machine& machine);

}  // namespace collector
