#pragma once

#include <string>

#include "base/task.h"
#include "base/worker_pool.h"
#include "net/http.h"

namespace net {

/// Serves the files below one folder: conditional requests (RFC 9110 section 13), single byte
/// ranges (section 14), `index.html` for a folder, a redirect to the path with a slash.
///
/// Dotfiles, what lies outside the folder, links that lead out of it and what is no regular file
/// are not found. Files are read on a worker.
class StaticFiles {
 public:
  static constexpr std::size_t kMaxFileBytes = std::size_t{32} << 20;

  StaticFiles(std::string root, base::WorkerPool& pool) : root_(std::move(root)), pool_(pool) {}

  /// The answer to a GET or HEAD; status 404 with an empty body when there is no such file.
  base::Task<Response> serve(const Request& request) const;

 private:
  std::string root_;
  base::WorkerPool& pool_;
};

/// The Content-Type for a file name, by its ending.
std::string_view content_type_of(std::string_view path);

/// A file that is part of the program.
Response embedded_file(const Request& request, std::string_view path, std::string_view content);

}  // namespace net
