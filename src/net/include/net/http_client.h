#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace net {

struct ClientResponse {
  int status = 0;
  std::string body;
};

/// One GET, on the calling thread, which it blocks for at most `time_limit` a step: for commands,
/// not for the server. `unavailable` when nobody answers.
base::Result<ClientResponse> http_get(const std::string& host, std::uint16_t port,
                                      const std::string& target, const std::string& bearer_token,
                                      std::chrono::milliseconds time_limit);

}  // namespace net
