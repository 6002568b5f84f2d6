#include "server_process.h"

#include <fmt/format.h>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace app {
namespace {

// mallopt(3): otherwise the threshold grows with every large block that is freed, and those after
// it leave holes in the heap that are not given back.
constexpr int kMappedBytes = 256 << 10;

}  // namespace

void prepare_server_process() {
  ::umask(S_IRWXG | S_IRWXO);
  ::signal(SIGPIPE, SIG_IGN);
  ::mallopt(M_MMAP_THRESHOLD, kMappedBytes);
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string authority_of(const std::string& host, std::uint16_t port) {
  const bool v6 = host.find(':') != host.npos;
  return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

}  // namespace app
