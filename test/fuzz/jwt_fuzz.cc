#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/base64.h"
#include "net/jwt.h"

// The input is a token up to its first newline, then what serves as the claims of another token and
// as the text of keys. No token that was not signed is accepted, what was signed says what it said
// before, and no text of keys breaks the verifier.

namespace {

constexpr std::string_view kSecret = "a secret that no input knows";

net::JwtVerifier verifier() {
  net::JwtSettings settings;
  settings.algorithm = net::JwtAlgorithm::hs256;
  settings.secret = kSecret;
  return std::move(*net::JwtVerifier::create(settings));
}

void check_token(std::string_view token, base::Time now) {
  static const net::JwtVerifier by_secret = verifier();
  base::json::Document document;
  ASSERT(!by_secret.verify(token, now, document).ok());
}

void check_signed(std::string_view claims, base::Time now) {
  static const net::JwtVerifier by_secret = verifier();
  const auto token = net::sign_jwt(net::JwtAlgorithm::hs256, kSecret, claims);
  ASSERT(token.ok());
  base::json::Document verified_text;
  const auto verified = by_secret.verify(*token, now, verified_text);
  if (!verified) return;

  base::json::Document document;
  const auto value = document.parse(claims);
  ASSERT(value.ok() && value->is(base::json::Kind::object) && value->size() == verified->size());
  const auto expires = value->find("exp");
  if (expires) ASSERT(expires->to_double() > 1800000000);
}

void check_keys(std::string_view keys, std::string_view token, base::Time now) {
  net::JwtSettings settings;
  settings.public_keys = keys;
  const auto by_keys = net::JwtVerifier::create(settings);
  if (!by_keys) return;
  base::json::Document document;
  const auto verified = by_keys->verify(token, now, document);
  if (verified) ASSERT(verified->is(base::json::Kind::object));
}

void check_base64(std::string_view text) {
  const auto bytes = base::parse_base64url(text);
  if (bytes) ASSERT(base::to_base64url(*bytes) == text);
  const auto back = base::parse_base64url(base::to_base64url(text));
  ASSERT(back.ok() && *back == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t newline = input.find('\n');
  const std::string_view token = input.substr(0, newline);
  const std::string_view rest = newline == input.npos ? "" : input.substr(newline + 1);
  const base::Time now{std::chrono::seconds(1800000000)};
  check_base64(token);
  check_token(token, now);
  check_signed(rest, now);
  check_keys(rest, token, now);
  return 0;
}
