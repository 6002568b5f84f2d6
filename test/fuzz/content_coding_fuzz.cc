#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "net/content_coding.h"

// The first byte chooses a coding, the rest is the body. Whatever it promises, it becomes no larger
// than the limit, or is refused with a status and a reason. The same body gives the same result.

namespace {

constexpr std::size_t kMaxBytes = 64 * 1024;
constexpr std::size_t kMaxCharsetGrowth = 3;  // bytes of UTF-8 for one byte

struct Choice {
  std::string_view encoding, charset;
};
constexpr std::array<Choice, 16> kChoices = {{
    {"gzip", ""},
    {"deflate", ""},
    {"br", ""},
    {"", "utf-16"},
    {"", "utf-16le"},
    {"", "utf-16be"},
    {"", "iso-8859-1"},
    {"", "iso-8859-15"},
    {"", "windows-1252"},
    {"gzip, br", ""},
    {" X-GZIP ,, identity,gzip", ""},
    {"deflate, gzip", ""},
    {"gzip", "utf-16"},
    {"br", "iso-8859-1"},
    {"gzip, gzip, gzip, gzip, gzip", ""},
    {"compress", "ebcdic"},
}};

bool is_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t more = lead < 0x80   ? 0
                             : lead < 0xC2 ? text.size()
                             : lead < 0xE0 ? 1
                             : lead < 0xF0 ? 2
                             : lead < 0xF5 ? 3
                                           : text.size();
    if (more >= text.size() - i) return false;
    const std::string_view tail = text.substr(i + 1, more);
    const bool continues = std::all_of(tail.begin(), tail.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    });
    if (!continues) return false;
    i += more + 1;
  }
  return true;
}

void check_refusal(const net::BodyError& error) {
  ASSERT(error.status == 400 || error.status == 413 || error.status == 415);
  ASSERT(!error.message.empty());
}

/// The decoded body, or nothing when it is refused.
std::optional<std::string> decode(const Choice& choice, std::string body) {
  if (const auto error = net::decode_content(choice.encoding, kMaxBytes, body)) {
    check_refusal(*error);
    return std::nullopt;
  }
  if (!choice.encoding.empty()) ASSERT(body.size() <= kMaxBytes);
  const std::size_t before = body.size();
  if (const auto error = net::decode_charset(choice.charset, body)) {
    check_refusal(*error);
    return std::nullopt;
  }
  if (!choice.charset.empty()) {
    ASSERT(body.size() <= before * kMaxCharsetGrowth);
    ASSERT(is_utf8(body));
  }
  return body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Choice& choice = kChoices[data[0] % kChoices.size()];
  const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  ASSERT(decode(choice, body) == decode(choice, body));
  return 0;
}
