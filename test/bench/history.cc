#include "history.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "child.h"
#include "socket.h"

namespace bench {
namespace {

namespace fs = std::filesystem;

struct Pages {
  std::size_t all = 0, in_memory = 0;
};

std::optional<Pages> pages_of(const fs::path& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) return std::nullopt;
  const auto bytes = static_cast<std::size_t>(status.st_size);
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> flags((bytes + page - 1) / page);
  if (flags.empty()) return Pages{};
  void* mapped = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file.get(), 0);
  if (mapped == MAP_FAILED) return std::nullopt;
  const int failed = ::mincore(mapped, bytes, flags.data());
  ::munmap(mapped, bytes);
  if (failed) return std::nullopt;
  const auto held =
      std::count_if(flags.begin(), flags.end(), [](unsigned char f) { return f & 1; });
  return Pages{flags.size(), static_cast<std::size_t>(held)};
}

}  // namespace

Result<AgentLogs> write_agent_logs(const fs::path& generator, const fs::path& home, int megabytes) {
  Command command{
      .arguments = {"node", generator.string(), home.string(), std::to_string(megabytes), "1"},
      .environment = environment_in(home),
      .directory = {},
      .input = {},
      .output = {}};
  TRY_OK(run_command(command));
  AgentLogs logs{home / ".claude", home / ".codex", {}, 0};
  // A file of this moment may still grow, so an import reads it again the next time.
  const auto an_hour_ago = fs::file_time_type::clock::now() - std::chrono::hours(1);
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(home)) {
    if (!entry.is_regular_file()) continue;
    const Fd file(::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC));
    if (!file || ::fsync(file.get()) != 0) return Error{"cannot sync " + entry.path().string()};
    fs::last_write_time(entry.path(), an_hour_ago);
    logs.bytes += entry.file_size();
    logs.files.push_back(entry.path());
  }
  return logs;
}

void drop_from_memory(const std::vector<fs::path>& files) {
  for (const fs::path& path : files) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
  }
}

void load_into_memory(const std::vector<fs::path>& files) {
  std::vector<char> buffer(std::size_t{1} << 20);
  for (const fs::path& path : files) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    while (::read(file.get(), buffer.data(), buffer.size()) > 0) {
    }
  }
}

std::optional<double> share_in_memory(const std::vector<fs::path>& files) {
  Pages sum;
  for (const fs::path& path : files) {
    const std::optional<Pages> pages = pages_of(path);
    if (!pages) return std::nullopt;
    sum.all += pages->all;
    sum.in_memory += pages->in_memory;
  }
  if (sum.all == 0) return 0;
  return static_cast<double>(sum.in_memory) / static_cast<double>(sum.all);
}

std::optional<std::uint64_t> number_of(std::string_view json, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":";
  const std::size_t at = json.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  std::uint64_t number = 0;
  const char* first = json.data() + at + key.size();
  const auto [after, error] = std::from_chars(first, json.data() + json.size(), number);
  if (error != std::errc{} || after == first) return std::nullopt;
  return number;
}

}  // namespace bench
