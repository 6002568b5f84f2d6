#include "websocket_frames.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/utf8.h"

// The bytes of a WebSocket's client make the same messages, however the network cuts them: the
// first byte chooses the cuts, the rest is what the peer sends. No message is larger than the
// limit, texts are UTF-8, and behind the end comes nothing.

namespace {

using net::WebSocketFrames;
using What = WebSocketFrames::Event::What;

constexpr std::size_t kMaxControlBytes = 125;
constexpr std::size_t kMaxBytesOneByOne = 4096;  // more would take most of the time

struct Seen {
  What what;
  std::string data;
  std::optional<std::uint16_t> code;
  bool operator==(const Seen&) const = default;
};

void check(const Seen& seen) {
  const bool is_message = seen.what == What::text || seen.what == What::binary;
  ASSERT(seen.data.size() <= (is_message ? net::WebSocket::kMaxMessageBytes : kMaxControlBytes));
  if (seen.what == What::text) ASSERT(base::to_utf8(seen.data) == seen.data);
  if (seen.what == What::broken) ASSERT(seen.code && !seen.data.empty());
  if (is_message || seen.what == What::ping || seen.what == What::pong) ASSERT(!seen.code);
}

std::vector<Seen> read(std::string_view bytes, const std::vector<std::size_t>& pieces) {
  WebSocketFrames frames;
  std::vector<Seen> all;
  std::size_t next = 0;
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), pieces[next++ % pieces.size()]);
    frames.feed(bytes.substr(0, size));
    bytes.remove_prefix(size);
    while (auto event = frames.next()) {
      ASSERT(all.empty() || (all.back().what != What::close && all.back().what != What::broken));
      all.push_back({event->what, std::move(event->data), event->code});
      check(all.back());
    }
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t seed = data[0];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = read(bytes, {bytes.size()});
  if (bytes.size() <= kMaxBytesOneByOne) ASSERT(read(bytes, {1}) == whole);
  ASSERT(read(bytes, {1 + seed % 7, 1 + seed / 7, 64 + seed}) == whole);
  return 0;
}
