#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

/// Reading a whole file, of any size, without ever holding it.
namespace agents {

/// Hands the bytes of the file at `path` to `take`, block by block. `not_found`, `unavailable`,
/// `cancelled`.
base::Result<void> read_blocks(const std::string& path,
                               const std::function<void(std::string_view)>& take,
                               const std::atomic<bool>& stopping);

/// The file's text, long strings shortened as StringShortener does; `corrupt` when it is longer
/// than LineSplitter::kMaxBytes even so.
base::Result<std::string> read_shortened(const std::string& path,
                                         const std::atomic<bool>& stopping);

/// `json` shortened in the same way; empty when it is too long.
std::string shortened(std::string json);

}  // namespace agents
