#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json_reader.h"
#include "base/result.h"

/// Signed JSON Web Tokens (RFC 7519) in compact form, as Authorization headers carry them.
namespace net {

/// The signatures of RFC 7518 and RFC 8037. `none` is not among them.
enum class JwtAlgorithm : std::uint8_t {
  hs256,  // hs: HMAC with a shared secret
  hs384,
  hs512,
  rs256,  // rs: RSA, PKCS #1 v1.5
  rs384,
  rs512,
  ps256,  // ps: RSA-PSS, salt as long as the digest
  ps384,
  ps512,
  es256,  // es: ECDSA on P-256, P-384, P-521
  es384,
  es512,
  eddsa,  // Ed25519
};

/// As the `alg` header has it: `HS256`, `EdDSA` and so on, `Ed25519` too (RFC 9864).
std::optional<JwtAlgorithm> parse_jwt_algorithm(std::string_view name);
std::string_view jwt_algorithm_name(JwtAlgorithm algorithm);

/// What a token has to satisfy. Exactly one of `secret` and `public_keys` is given.
struct JwtSettings {
  /// The one algorithm that is accepted. Without it each public key serves the algorithm that its
  /// JWK names, else all of its type; a secret needs it.
  std::optional<JwtAlgorithm> algorithm;

  /// The bytes of the HMAC key; a secret.
  std::string secret;

  /// One public key or certificate as PEM (`PUBLIC KEY`, `RSA PUBLIC KEY`, `CERTIFICATE`; the
  /// first block counts, a certificate's dates do not), or a JWK or JWK Set (RFC 7517) as JSON.
  std::string public_keys;

  std::string issuer;                  // `iss`; empty: any
  std::string audience;                // `aud` or one of its elements; empty: any
  std::chrono::seconds clock_skew{0};  // by which `exp` and `nbf` may be missed
};

/// Judges tokens by keys that were parsed once.
///
/// Of a JWK Set the keys of type RSA (2048 bits and more), EC and OKP (Ed25519) count that may
/// verify (`use`, `key_ops`); others are skipped, as RFC 7517 wants it. A token with a `kid` is
/// verified by the keys of that id, one without by each that admits its algorithm. The id of a PEM
/// key is not known and so not compared.
///
/// Thread: any; `verify` may run on several at once.
class JwtVerifier {
 public:
  static constexpr std::size_t kMaxTokenBytes = 16 * 1024;  // also the limit of a request's head
  static constexpr std::size_t kMaxKeys = 32;
  static constexpr std::size_t kMaxKeyTextBytes = 256 * 1024;

  /// `invalid_argument` when there is no key that could verify anything, when the algorithm does
  /// not fit it, and past kMaxKeys or kMaxKeyTextBytes.
  static base::Result<JwtVerifier> create(const JwtSettings& settings);

  ~JwtVerifier();
  JwtVerifier(JwtVerifier&&) noexcept;
  JwtVerifier& operator=(JwtVerifier&&) noexcept;

  /// The claims of `token`, an object, when its signature and its claims hold at `now`; read into
  /// `claims`, and valid until that parses again or ends.
  ///
  /// `exp`, `nbf` and `iat` may be absent, and are numbers when not; whole seconds of `now` are
  /// compared, and a token is expired in the second that `exp` names. An `iat` in the future is
  /// no fault. A header with `crit` is refused, since no extension is known.
  ///
  /// `invalid_argument` in any other case; `what` is for a log, never has the token in it, and is
  /// not to be told to who sent it. Claims are not looked at before the signature holds; their
  /// nesting is bounded by base::json::kMaxDepth.
  base::Result<base::json::Value> verify(std::string_view token, base::Time now,
                                         base::json::Document& claims) const;

 private:
  struct State;
  explicit JwtVerifier(std::unique_ptr<const State> state);

  std::unique_ptr<const State> state_;
};

/// `claims`, the text of a JSON object, signed with `secret`. `invalid_argument` unless
/// `algorithm` is an HMAC and the secret is not empty.
base::Result<std::string> sign_jwt(JwtAlgorithm algorithm, std::string_view secret,
                                   std::string_view claims);

}  // namespace net
