#include "collect_process.h"

#include <sys/stat.h>

#include <filesystem>

#include "base/log.h"
#include "command.h"

namespace app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDefaultLog = "~/.devlog/collector.log";

base::log::Level level_of(const std::string& name) {
  using base::log::Level;
  if (name == "debug") return Level::debug;
  if (name == "warn") return Level::warn;
  if (name == "error") return Level::error;
  return Level::info;
}

}  // namespace

StopSignals::StopSignals() {
  ::sigemptyset(&signals_);
  ::sigaddset(&signals_, SIGINT);
  ::sigaddset(&signals_, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  listener_ = std::thread([this] { listen(); });
}

StopSignals::~StopSignals() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  ::pthread_kill(listener_.native_handle(), SIGTERM);
  listener_.join();
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

/// Takes the later ones too, until the end.
void StopSignals::listen() {
  for (;;) {
    int received = 0;
    ::sigwait(&signals_, &received);
    const std::lock_guard lock(mutex_);
    if (is_ending_) return;
    came_ = true;
    changed_.notify_all();
  }
}

void StopSignals::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return came_; });
}

bool StopSignals::wait_for(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [this] { return came_; });
}

void prepare_log(const collector::Settings& settings) {
  base::log::set_level(level_of(settings.log_level));
  if (!settings.log_file.empty()) {
    // Nobody asked for the default one: it is written where its folder is there.
    const fs::path folder = fs::path(settings.log_file).parent_path();
    const bool is_default = settings.log_file == collector::expand_path(kDefaultLog, environment);
    std::error_code ignored;
    if (!is_default) fs::create_directories(folder, ignored);
    ::umask(S_IRWXG | S_IRWXO);
    if (!is_default || fs::is_directory(folder, ignored)) {
      const auto opened = base::log::also_to(settings.log_file);
      if (!opened) base::log::warn("the log file: {}", opened.error().what);
    }
  }
  ::umask(S_IRWXG | S_IRWXO);
  for (const std::string& warning : settings.warnings) base::log::warn("{}", warning);
}

}  // namespace app
