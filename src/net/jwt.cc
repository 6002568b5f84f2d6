#include "net/jwt.h"

#include <fmt/format.h>

#include <vector>

#include "base/base64.h"
#include "jwt_keys.h"
#include "jwt_signature.h"

namespace net {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using base::json::Document;
using base::json::Kind;
using base::json::Value;

Error refused(std::string what) { return {Errc::invalid_argument, std::move(what)}; }

/// The parts of a compact token, as they stand in it.
struct Parts {
  std::string_view header, payload, signature;
  std::string_view signed_text;  // header and payload with the dot between
};

Result<Parts> parts_of(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == token.npos ? first : token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos)
    return refused("a token has three parts");
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
               token.substr(second + 1), token.substr(0, second)};
}

/// What the header says about how the token was signed.
struct Header {
  JwtAlgorithm algorithm;
  std::optional<std::string> key_id;
};

Result<Value> parse_object(std::string_view part, std::string_view what, Document& document) {
  auto json = base::parse_base64url(part);
  if (!json) return std::move(json.error()).within(what);
  auto value = document.parse(*json);
  if (!value) return std::move(value.error()).within(what);
  if (!value->is(Kind::object)) return refused(fmt::format("{}: not an object", what));
  return value;
}

Result<Header> header_of(std::string_view part, Document& document) {
  TRY(const Value header, parse_object(part, "header", document));
  if (header.find("crit")) return refused("header: crit, and no extension is known");
  const auto name = header.find("alg");
  if (!name || !name->is(Kind::string)) return refused("header: no alg");
  const auto algorithm = parse_jwt_algorithm(name->text());
  if (!algorithm) return refused("header: unknown alg");
  const auto id = header.find("kid");
  if (!id) return Header{*algorithm, std::nullopt};
  if (!id->is(Kind::string)) return refused("header: kid is no string");
  return Header{*algorithm, std::string(id->text())};
}

/// A time in seconds since the epoch; nothing when the claim is absent.
Result<std::optional<double>> time_of(const Value& claims, std::string_view name) {
  const auto claim = claims.find(name);
  if (!claim) return std::optional<double>();
  if (!claim->is(Kind::number)) return refused(fmt::format("{} is no number", name));
  return std::optional<double>(claim->to_double());
}

base::Result<> check_times(const Value& claims, base::Time now, std::chrono::seconds skew) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch();
  TRY(const auto expires, time_of(claims, "exp"));
  TRY(const auto begins, time_of(claims, "nbf"));
  TRY_OK(time_of(claims, "iat"));
  if (expires && *expires <= static_cast<double>((seconds - skew).count()))
    return refused("expired");
  if (begins && *begins > static_cast<double>((seconds + skew).count()))
    return refused("not valid yet");
  return {};
}

bool is_text(const Value& value, std::string_view text) {
  return value.is(Kind::string) && value.text() == text;
}

base::Result<> check_parties(const Value& claims, const std::string& issuer,
                             const std::string& audience) {
  if (!issuer.empty()) {
    const auto claim = claims.find("iss");
    if (!claim || !is_text(*claim, issuer)) return refused("another issuer");
  }
  if (audience.empty()) return {};
  const auto claim = claims.find("aud");
  if (claim && is_text(*claim, audience)) return {};
  if (claim && claim->is(Kind::array))
    for (const Value element : claim->elements())
      if (is_text(element, audience)) return {};
  return refused("another audience");
}

}  // namespace

struct JwtVerifier::State {
  std::optional<JwtAlgorithm> algorithm;
  std::optional<HmacKey> secret;  // when there is none, the keys count
  std::vector<JwtKey> keys;
  std::string issuer, audience;
  std::chrono::seconds clock_skew;

  bool has_signed(const Header& header, std::string_view text, std::string_view signature) const;
};

bool JwtVerifier::State::has_signed(const Header& header, std::string_view text,
                                    std::string_view signature) const {
  if (algorithm && *algorithm != header.algorithm) return false;
  if (secret) return secret->verify(text, signature);
  for (const JwtKey& key : keys) {
    if (key.admits(header.algorithm) && key.is_named(header.key_id) &&
        key.key.verify(header.algorithm, text, signature))
      return true;
  }
  return false;
}

JwtVerifier::JwtVerifier(std::unique_ptr<const State> state) : state_(std::move(state)) {}
JwtVerifier::~JwtVerifier() = default;
JwtVerifier::JwtVerifier(JwtVerifier&&) noexcept = default;
JwtVerifier& JwtVerifier::operator=(JwtVerifier&&) noexcept = default;

Result<JwtVerifier> JwtVerifier::create(const JwtSettings& settings) {
  if (settings.secret.empty() == settings.public_keys.empty())
    return refused("either a secret or public keys are needed");
  auto state = std::make_unique<State>();
  state->algorithm = settings.algorithm;
  state->issuer = settings.issuer;
  state->audience = settings.audience;
  state->clock_skew = settings.clock_skew;
  if (!settings.secret.empty()) {
    if (!settings.algorithm) return refused("a secret needs an algorithm");
    TRY(state->secret, HmacKey::create(*settings.algorithm, settings.secret));
    return JwtVerifier(std::move(state));
  }

  TRY(state->keys, parse_jwt_keys(settings.public_keys));
  if (settings.algorithm) {
    std::erase_if(state->keys, [&](const JwtKey& k) { return !k.admits(*settings.algorithm); });
    if (state->keys.empty())
      return refused(
          fmt::format("no public key is for {}", jwt_algorithm_name(*settings.algorithm)));
  }
  return JwtVerifier(std::move(state));
}

Result<Value> JwtVerifier::verify(std::string_view token, base::Time now, Document& claims) const {
  if (token.size() > kMaxTokenBytes)
    return refused(fmt::format("a token of {} bytes", token.size()));
  TRY(const Parts parts, parts_of(token));
  TRY(const Header header, header_of(parts.header, claims));
  TRY(const std::string signature, base::parse_base64url(parts.signature));
  if (!state_->has_signed(header, parts.signed_text, signature))
    return refused("the signature is not that of a key for this token");

  TRY(const Value body, parse_object(parts.payload, "claims", claims));
  TRY_OK(check_times(body, now, state_->clock_skew));
  TRY_OK(check_parties(body, state_->issuer, state_->audience));
  return body;
}

Result<std::string> sign_jwt(JwtAlgorithm algorithm, std::string_view secret,
                             std::string_view claims) {
  TRY(const HmacKey key, HmacKey::create(algorithm, secret));
  const std::string header =
      fmt::format(R"({{"alg":"{}","typ":"JWT"}})", jwt_algorithm_name(algorithm));
  std::string token = base::to_base64url(header) + '.' + base::to_base64url(claims);
  const std::string signature = key.sign(token);
  return token + '.' + base::to_base64url(signature);
}

}  // namespace net
