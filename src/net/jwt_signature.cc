#include "jwt_signature.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include <array>

namespace net {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using Type = PublicKey::Type;

constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 16384;  // OpenSSL verifies nothing longer

enum class Family : std::uint8_t { hmac, pkcs1, pss, ecdsa, eddsa };

struct Scheme {
  std::string_view name;
  Family family;
  const char* digest;  // null: the algorithm has its own
  Type type;           // of its key; none of hmac
};

// In the order of JwtAlgorithm.
constexpr std::array<Scheme, 13> kSchemes = {{
    {"HS256", Family::hmac, "SHA256", {}},
    {"HS384", Family::hmac, "SHA384", {}},
    {"HS512", Family::hmac, "SHA512", {}},
    {"RS256", Family::pkcs1, "SHA256", Type::rsa},
    {"RS384", Family::pkcs1, "SHA384", Type::rsa},
    {"RS512", Family::pkcs1, "SHA512", Type::rsa},
    {"PS256", Family::pss, "SHA256", Type::rsa},
    {"PS384", Family::pss, "SHA384", Type::rsa},
    {"PS512", Family::pss, "SHA512", Type::rsa},
    {"ES256", Family::ecdsa, "SHA256", Type::p256},
    {"ES384", Family::ecdsa, "SHA384", Type::p384},
    {"ES512", Family::ecdsa, "SHA512", Type::p521},
    {"EdDSA", Family::eddsa, nullptr, Type::ed25519},
}};

const Scheme& scheme_of(JwtAlgorithm algorithm) {
  return kSchemes[static_cast<std::size_t>(algorithm)];
}

struct Free {
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// Bytes of one coordinate, half of a raw signature.
std::size_t coordinate_bytes(Type curve) {
  return curve == Type::p256 ? 32 : curve == Type::p384 ? 48 : 66;
}

/// OpenSSL reads an ECDSA signature as DER, a JWT has its two numbers one after the other. Empty
/// when `raw` has not their length.
std::string to_der(std::string_view raw, Type curve) {
  const std::size_t half = coordinate_bytes(curve);
  if (raw.size() != 2 * half) return {};
  const Owned<ECDSA_SIG> signature(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(bytes_of(raw), static_cast<int>(half), nullptr);
  BIGNUM* s = BN_bin2bn(bytes_of(raw.substr(half)), static_cast<int>(half), nullptr);
  ASSERT(signature && ECDSA_SIG_set0(signature.get(), r, s) == 1);
  std::string der(static_cast<std::size_t>(i2d_ECDSA_SIG(signature.get(), nullptr)), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  i2d_ECDSA_SIG(signature.get(), &out);
  return der;
}

std::optional<Type> type_of(EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      return Type::rsa;
    case EVP_PKEY_ED25519:
      return Type::ed25519;
    case EVP_PKEY_EC:
      break;
    default:
      return std::nullopt;
  }
  char name[32] = {};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, name, sizeof name, &size) != 1) return std::nullopt;
  const std::string_view curve(name, size);
  if (curve == SN_X9_62_prime256v1) return Type::p256;
  if (curve == SN_secp384r1) return Type::p384;
  if (curve == SN_secp521r1) return Type::p521;
  return std::nullopt;
}

bool set_pss(EVP_PKEY_CTX* context) {
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

}  // namespace

void EvpFree::operator()(evp_mac_ctx_st* context) const { EVP_MAC_CTX_free(context); }
void EvpFree::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

OpensslErrors::OpensslErrors() { ERR_set_mark(); }
OpensslErrors::~OpensslErrors() { ERR_pop_to_mark(); }

std::optional<JwtAlgorithm> parse_jwt_algorithm(std::string_view name) {
  for (std::size_t i = 0; i < kSchemes.size(); ++i)
    if (kSchemes[i].name == name) return static_cast<JwtAlgorithm>(i);
  if (name == "Ed25519") return JwtAlgorithm::eddsa;
  return std::nullopt;
}

std::string_view jwt_algorithm_name(JwtAlgorithm algorithm) { return scheme_of(algorithm).name; }

bool is_hmac(JwtAlgorithm algorithm) { return scheme_of(algorithm).family == Family::hmac; }

Result<HmacKey> HmacKey::create(JwtAlgorithm algorithm, std::string_view secret) {
  if (!is_hmac(algorithm))
    return Error{Errc::invalid_argument,
                 fmt::format("a secret cannot be used with {}", jwt_algorithm_name(algorithm))};
  if (secret.empty()) return Error{Errc::invalid_argument, "the secret is empty"};

  const Owned<EVP_MAC> mac(EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr));
  ASSERT(mac);
  std::unique_ptr<EVP_MAC_CTX, EvpFree> keyed(EVP_MAC_CTX_new(mac.get()));
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                       const_cast<char*>(scheme_of(algorithm).digest), 0),
      OSSL_PARAM_construct_end()};
  ASSERT(keyed && EVP_MAC_init(keyed.get(), bytes_of(secret), secret.size(), parameters) == 1);
  return HmacKey(std::move(keyed));
}

std::string HmacKey::sign(std::string_view text) const {
  const std::unique_ptr<EVP_MAC_CTX, EvpFree> context(EVP_MAC_CTX_dup(keyed_.get()));
  std::string code(EVP_MAX_MD_SIZE, '\0');
  std::size_t size = 0;
  ASSERT(context && EVP_MAC_update(context.get(), bytes_of(text), text.size()) == 1 &&
         EVP_MAC_final(context.get(), reinterpret_cast<unsigned char*>(code.data()), &size,
                       code.size()) == 1);
  code.resize(size);
  return code;
}

bool HmacKey::verify(std::string_view text, std::string_view signature) const {
  const std::string code = sign(text);
  return code.size() == signature.size() &&
         CRYPTO_memcmp(code.data(), signature.data(), code.size()) == 0;
}

Result<PublicKey> PublicKey::create(std::unique_ptr<evp_pkey_st, EvpFree> key) {
  const auto type = type_of(key.get());
  if (!type)
    return Error{Errc::invalid_argument,
                 "the public key is not RSA, P-256, P-384, P-521 or Ed25519"};
  const int bits = EVP_PKEY_get_bits(key.get());
  if (*type == Type::rsa && (bits < kMinRsaBits || bits > kMaxRsaBits))
    return Error{Errc::invalid_argument, fmt::format("an RSA key of {} bits", bits)};
  return PublicKey(std::move(key), *type);
}

bool PublicKey::fits(JwtAlgorithm algorithm) const {
  const Scheme& scheme = scheme_of(algorithm);
  return scheme.family != Family::hmac && scheme.type == type_;
}

bool PublicKey::verify(JwtAlgorithm algorithm, std::string_view text,
                       std::string_view signature) const {
  if (!fits(algorithm)) return false;
  const Scheme& scheme = scheme_of(algorithm);
  std::string der;
  if (scheme.family == Family::ecdsa) {
    der = to_der(signature, type_);
    if (der.empty()) return false;
    signature = der;
  }

  const OpensslErrors errors;
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* settings = nullptr;  // the context's
  if (!context || EVP_DigestVerifyInit_ex(context.get(), &settings, scheme.digest, nullptr, nullptr,
                                          key_.get(), nullptr) != 1)
    return false;
  if (scheme.family == Family::pss && !set_pss(settings)) return false;
  return EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text),
                          text.size()) == 1;
}

}  // namespace net
