#include <fcntl.h>
#include <fmt/format.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <unordered_map>

#include "base/log.h"
#include "base/mutex.h"
#include "collector/watcher.h"

namespace collector {
namespace {

namespace fs = std::filesystem;
using base::MutexLock;
using What = FileChange::What;

constexpr std::uint32_t kEvents = IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                  IN_DELETE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;
constexpr std::size_t kReadBytes = std::size_t{64} << 10;
constexpr int kMaxDepth = 32;

/// What happens on another machine, or inside a FUSE server, is not told here.
bool tells_changes(const std::string& folder) {
  struct statfs status {};
  if (::statfs(folder.c_str(), &status) != 0) return false;
  constexpr std::array<std::uint32_t, 6> kSilent = {
      0x6969,       // NFS
      0xFF534D42u,  // CIFS
      0xFE534D42u,  // SMB2
      0x65735546u,  // FUSE
      0x01021997u,  // 9P
      0x00C36400u,  // Ceph
  };
  const auto type = static_cast<std::uint32_t>(status.f_type);
  return std::find(kSilent.begin(), kSilent.end(), type) == kSilent.end();
}

class InotifyWatcher : public Watcher {
 public:
  InotifyWatcher(net::IoThread& thread, int file) : thread_(thread), file_(file) {}
  ~InotifyWatcher() override { ::close(file_); }

  void start(Listener listener) override {
    listener_ = std::move(listener);
    readable_ = thread_.on_readable(file_, [this] { read(); });
  }
  void stop() override { readable_.reset(); }

  bool watch(const std::string& folder, Depth depth) override {
    if (!tells_changes(folder) || !add(folder)) return false;
    return depth == Depth::folder || add_below(folder, 0);
  }

  std::size_t watched_folders() const override {
    const MutexLock lock(mutex_);
    return folders_.size();
  }

 private:
  bool add(const std::string& folder, std::uint32_t links = 0) {
    const MutexLock lock(mutex_);  // else an event could come before its folder is known
    const int watch = ::inotify_add_watch(file_, folder.c_str(), kEvents | links);
    if (watch < 0) {
      const int error = errno;
      if (error == ENOSPC && !has_complained_) {
        has_complained_ = true;
        base::log::warn(
            "no more folders can be watched (fs.inotify.max_user_watches): they are looked at "
            "every few seconds instead");
      }
      return false;
    }
    folders_[watch] = folder;
    return true;
  }

  bool add_below(const std::string& folder, int depth) {
    std::error_code error;
    bool all = true;
    fs::directory_iterator entries(folder, fs::directory_options::skip_permission_denied, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      std::error_code ignored;
      if (entries->is_symlink(ignored) || !entries->is_directory(ignored)) continue;
      if (depth >= kMaxDepth) return false;
      const std::string path = entries->path().string();
      // One that goes meanwhile is no failure.
      if (!add(path, IN_DONT_FOLLOW) && fs::exists(path, ignored)) all = false;
      if (!add_below(path, depth + 1)) all = false;
    }
    return all;
  }

  void read() {
    alignas(inotify_event) std::array<char, kReadBytes> buffer;
    const ssize_t count = ::read(file_, buffer.data(), buffer.size());
    if (count <= 0) return;
    std::vector<FileChange> changes;
    std::map<std::uint32_t, std::string> leaving;  // by cookie
    for (ssize_t at = 0; at < count;) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* name = event.len ? buffer.data() + at + sizeof event : "";
      at += static_cast<ssize_t>(sizeof event + event.len);
      take(event, name, leaving, changes);
    }
    for (auto& [cookie, path] : leaving) changes.push_back({What::removed, std::move(path), {}});
    if (!changes.empty()) listener_(std::move(changes));
  }

  void take(const inotify_event& event, const char* name,
            std::map<std::uint32_t, std::string>& leaving, std::vector<FileChange>& changes) {
    if (event.mask & IN_Q_OVERFLOW) {
      changes.push_back({What::lost, {}, {}});
      return;
    }
    std::string path;
    {
      const MutexLock lock(mutex_);
      const auto folder = folders_.find(event.wd);
      if (folder == folders_.end()) return;
      if (event.mask & IN_IGNORED) {
        folders_.erase(folder);
        return;
      }
      path = folder->second;
    }
    if (event.mask & IN_DELETE_SELF) return;
    path.append("/").append(name);
    const bool is_folder = event.mask & IN_ISDIR;
    if (is_folder) {
      // A folder that was renamed leaves watches behind that tell its old path.
      if (event.mask & IN_MOVED_FROM) forget_below(path);
      if (event.mask & (IN_CREATE | IN_MOVED_TO))
        changes.push_back({What::folder, std::move(path), {}});
      else if (event.mask & (IN_DELETE | IN_MOVED_FROM))
        changes.push_back({What::removed, std::move(path), {}});
    } else if (event.mask & IN_MOVED_FROM) {
      leaving[event.cookie] = std::move(path);
    } else if (event.mask & IN_MOVED_TO) {
      const auto from = leaving.find(event.cookie);
      if (from == leaving.end()) {
        changes.push_back({What::changed, std::move(path), {}});
      } else {
        changes.push_back({What::moved, std::move(path), std::move(from->second)});
        leaving.erase(from);
      }
    } else if (event.mask & IN_DELETE) {
      changes.push_back({What::removed, std::move(path), {}});
    } else if (changes.empty() || changes.back().what != What::changed ||
               changes.back().path != path) {
      changes.push_back({What::changed, std::move(path), {}});
    }
  }

  void forget_below(const std::string& folder) {
    const MutexLock lock(mutex_);
    const std::string prefix = folder + "/";
    for (const auto& [watch, known] : folders_)
      if (known == folder || known.starts_with(prefix)) ::inotify_rm_watch(file_, watch);
  }

  net::IoThread& thread_;
  const int file_;
  Listener listener_;
  std::unique_ptr<net::IoThread::Readable> readable_;
  mutable base::Mutex mutex_;
  std::unordered_map<int, std::string> folders_ GUARDED_BY(mutex_);
  bool has_complained_ GUARDED_BY(mutex_) = false;
};

class BlindWatcher : public Watcher {
 public:
  void start(Listener) override {}
  void stop() override {}
  bool watch(const std::string&, Depth) override { return false; }
  std::size_t watched_folders() const override { return 0; }
};

}  // namespace

base::Result<std::unique_ptr<Watcher>> make_inotify_watcher(net::IoThread& thread) {
  const int file = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (file < 0)
    return base::Error{base::Errc::unavailable, fmt::format("inotify: {}", std::strerror(errno))};
  return std::unique_ptr<Watcher>(new InotifyWatcher(thread, file));
}

std::unique_ptr<Watcher> make_blind_watcher() { return std::make_unique<BlindWatcher>(); }

}  // namespace collector
