#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/jwt.h"

struct evp_mac_ctx_st;
struct evp_pkey_st;

namespace net {

struct EvpFree {
  void operator()(evp_mac_ctx_st* context) const;
  void operator()(evp_pkey_st* key) const;
};

/// Leaves OpenSSL's queue of errors as it was found: TLS on the same thread reads that queue, and
/// would take a refused token for a broken connection.
class OpensslErrors {
 public:
  OpensslErrors();
  ~OpensslErrors();
  OpensslErrors(const OpensslErrors&) = delete;
  OpensslErrors& operator=(const OpensslErrors&) = delete;
};

bool is_hmac(JwtAlgorithm algorithm);

/// HMAC with one key. Thread: any.
class HmacKey {
 public:
  /// `invalid_argument` unless `algorithm` is an HMAC and the secret is not empty.
  static base::Result<HmacKey> create(JwtAlgorithm algorithm, std::string_view secret);

  std::string sign(std::string_view text) const;
  /// Takes as long whichever byte is wrong.
  bool verify(std::string_view text, std::string_view signature) const;

 private:
  explicit HmacKey(std::unique_ptr<evp_mac_ctx_st, EvpFree> keyed) : keyed_(std::move(keyed)) {}

  std::unique_ptr<evp_mac_ctx_st, EvpFree> keyed_;  // copied for each text
};

/// A public key of a type that JWTs know. Thread: any.
class PublicKey {
 public:
  enum class Type : std::uint8_t { rsa, p256, p384, p521, ed25519 };

  /// `invalid_argument` on other types, and RSA of less than 2048 or more than 16384 bits.
  static base::Result<PublicKey> create(std::unique_ptr<evp_pkey_st, EvpFree> key);

  Type type() const { return type_; }
  /// Whether a key of this type makes signatures of `algorithm`: never an HMAC.
  bool fits(JwtAlgorithm algorithm) const;
  /// False too when the key does not fit `algorithm`.
  bool verify(JwtAlgorithm algorithm, std::string_view text, std::string_view signature) const;

 private:
  PublicKey(std::unique_ptr<evp_pkey_st, EvpFree> key, Type type)
      : key_(std::move(key)), type_(type) {}

  std::unique_ptr<evp_pkey_st, EvpFree> key_;
  Type type_;
};

}  // namespace net
