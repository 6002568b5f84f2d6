#pragma once

#include <string>

#include "base/result.h"

namespace store {

/// The right to write a database file, held by one process at a time.
///
/// A file `<real path of the database>.runtime.lock` holds `{"pid","startedAt","token","dbPath"}`,
/// the format in which AgentMonitor marks its own databases, so that neither program opens what
/// the other serves. Sightline also holds an flock on it, which the kernel gives back however the
/// process ends; a mark without a living owner is taken over.
class OwnerLock {
 public:
  /// `conflict` with the owner's pid when another process owns `database_path`.
  static base::Result<OwnerLock> acquire(const std::string& database_path);

  OwnerLock(OwnerLock&& other) noexcept;
  OwnerLock& operator=(OwnerLock&&) = delete;
  ~OwnerLock();

 private:
  OwnerLock(std::string path, int file) : path_(std::move(path)), file_(file) {}
  std::string path_;
  int file_;
};

}  // namespace store
