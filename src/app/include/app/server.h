#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "app/config.h"
#include "base/result.h"

namespace app {

/// Everything in one process: owns every thread, every connection and the database.
///
/// Thread: main, which starts it, waits and stops it.
/// Errors of `start`: `conflict` (another process owns the database), `unavailable` (the port is
/// taken, the disk is full), `invalid_argument` (an address that is refused), `corrupt`.
class Server {
 public:
  static base::Result<std::unique_ptr<Server>> start(const Config& config);
  ~Server();

  /// `http://127.0.0.1:3141`
  std::string url() const;
  std::uint16_t port() const;
  /// The admin token of the task server, if one was made for this start; a secret.
  std::string made_admin_token() const;

  /// Ends streams, finishes requests in flight, stores what was taken, joins all threads. May be
  /// called twice.
  void stop();

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace app
