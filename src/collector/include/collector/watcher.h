#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "net/io_threads.h"

namespace collector {

/// Something happened in a folder that is watched.
struct FileChange {
  enum class What : std::uint8_t {
    changed,  // a file was written, made, or put into its place
    folder,   // a folder was made, or put there
    removed,  // a file or folder is not there any more
    moved,    // a file has the name `path`, which was `from`
    lost,     // more happened than was kept: look everywhere
  };
  What what;
  std::string path, from;
};

/// Tells what happens in folders, without looking.
///
/// Thread: `start` and its listener on one I/O thread; `watch` on any other.
/// Owner:  the follower's; outlives nothing that it has told.
class Watcher {
 public:
  enum class Depth : std::uint8_t {
    folder,  // what is in it
    tree,    // and in all folders below, those that come later too; links are not followed
  };
  using Listener = std::function<void(std::vector<FileChange>)>;

  virtual ~Watcher() = default;
  virtual void start(Listener listener) = 0;
  virtual void stop() = 0;
  /// False: nothing would be told of it (not there, a network or FUSE file system, too many
  /// watches), so that one has to look by oneself. Twice is no harm.
  virtual bool watch(const std::string& folder, Depth depth) = 0;
  virtual std::size_t watched_folders() const = 0;
};

/// By inotify(7): one descriptor for all folders.
base::Result<std::unique_ptr<Watcher>> make_inotify_watcher(net::IoThread& thread);

/// Where there is no such thing: tells nothing, so that all is looked at.
std::unique_ptr<Watcher> make_blind_watcher();

}  // namespace collector
