#include "jwt_keys.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>

#include "base/base64.h"
#include "base/json_reader.h"
#include "base/text.h"

namespace net {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using base::json::Kind;
using base::json::Value;

constexpr std::size_t kEd25519Bytes = 32;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* parameters) const { OSSL_PARAM_free(parameters); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(unsigned char* bytes) const { OPENSSL_free(bytes); }
  void operator()(char* text) const { OPENSSL_free(text); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;
using OwnedKey = std::unique_ptr<EVP_PKEY, EvpFree>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// ---- PEM

/// The key in a PEM block; null when its bytes are broken.
Result<OwnedKey> key_of_block(std::string_view label, const unsigned char* der, long size) {
  if (label == PEM_STRING_PUBLIC) return OwnedKey(d2i_PUBKEY(nullptr, &der, size));
  if (label == PEM_STRING_RSA_PUBLIC)
    return OwnedKey(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &der, size));
  if (label == PEM_STRING_X509) {
    const Owned<X509> certificate(d2i_X509(nullptr, &der, size));
    return OwnedKey(certificate ? X509_get_pubkey(certificate.get()) : nullptr);
  }
  return Error{Errc::invalid_argument,
               fmt::format("the PEM block is a {}, not a public key or certificate", label)};
}

Result<std::vector<JwtKey>> keys_of_pem(std::string_view text) {
  const OpensslErrors errors;
  const Owned<BIO> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  char* label_text = nullptr;
  char* header_text = nullptr;
  unsigned char* der_bytes = nullptr;
  long size = 0;
  if (PEM_read_bio(bio.get(), &label_text, &header_text, &der_bytes, &size) != 1)
    return Error{Errc::invalid_argument, "the public key is neither PEM nor JSON"};
  const Owned<char> label(label_text);
  const Owned<char> header(header_text);
  const Owned<unsigned char> der(der_bytes);

  TRY(OwnedKey parsed, key_of_block(label.get(), der.get(), size));
  if (!parsed) return Error{Errc::invalid_argument, fmt::format("the {} is broken", label.get())};
  TRY(PublicKey key, PublicKey::create(std::move(parsed)));
  std::vector<JwtKey> keys;
  keys.push_back({std::move(key), std::nullopt, std::nullopt, /*has_ids=*/false});
  return keys;
}

// ---- JWK: in what follows nothing means that the key is one to skip

/// The text of a member; empty when it is absent or no string.
std::string_view text_of(const Value& object, std::string_view key) {
  const auto member = object.find(key);
  return member && member->is(Kind::string) ? member->text() : std::string_view();
}

/// The bytes of a member in base64url; empty when there are none.
std::string bytes_in(const Value& jwk, std::string_view key) {
  auto bytes = base::parse_base64url(text_of(jwk, key));
  return bytes ? std::move(*bytes) : std::string();
}

/// A key of `type` (OpenSSL's name of it) from the parameters in `builder`.
OwnedKey key_from(const char* type, OSSL_PARAM_BLD* builder) {
  const Owned<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(builder));
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    return nullptr;
  return OwnedKey(key);
}

OwnedKey rsa_key(const Value& jwk) {
  const std::string n = bytes_in(jwk, "n");
  const std::string e = bytes_in(jwk, "e");
  if (n.empty() || e.empty()) return nullptr;
  const Owned<BIGNUM> modulus(BN_bin2bn(bytes_of(n), static_cast<int>(n.size()), nullptr));
  const Owned<BIGNUM> exponent(BN_bin2bn(bytes_of(e), static_cast<int>(e.size()), nullptr));
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  return key_from("RSA", builder.get());
}

OwnedKey ec_key(const Value& jwk) {
  struct Curve {
    std::string_view name;
    const char* group;
    std::size_t bytes;  // of a coordinate
  };
  constexpr Curve kCurves[] = {
      {"P-256", SN_X9_62_prime256v1, 32}, {"P-384", SN_secp384r1, 48}, {"P-521", SN_secp521r1, 66}};
  const std::string_view name = text_of(jwk, "crv");
  const auto* curve = std::find_if(std::begin(kCurves), std::end(kCurves),
                                   [&](const Curve& known) { return known.name == name; });
  const std::string x = bytes_in(jwk, "x");
  const std::string y = bytes_in(jwk, "y");
  if (curve == std::end(kCurves) || x.size() != curve->bytes || y.size() != curve->bytes)
    return nullptr;
  const std::string point = '\x04' + x + y;  // uncompressed; OpenSSL checks that it is on the curve
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  return key_from("EC", builder.get());
}

OwnedKey okp_key(const Value& jwk) {
  const std::string x = bytes_in(jwk, "x");
  if (text_of(jwk, "crv") != "Ed25519" || x.size() != kEd25519Bytes) return nullptr;
  return OwnedKey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(x), x.size()));
}

bool may_verify(const Value& jwk) {
  if (const auto use = jwk.find("use"); use && text_of(jwk, "use") != "sig") return false;
  const auto operations = jwk.find("key_ops");
  if (!operations) return true;
  if (!operations->is(Kind::array)) return false;
  for (const Value operation : operations->elements())
    if (operation.is(Kind::string) && operation.text() == "verify") return true;
  return false;
}

std::optional<JwtKey> key_of_jwk(const Value& jwk) {
  if (!jwk.is(Kind::object) || !may_verify(jwk)) return std::nullopt;
  const std::string_view type = text_of(jwk, "kty");
  OwnedKey parsed;
  if (type == "RSA") parsed = rsa_key(jwk);
  if (type == "EC") parsed = ec_key(jwk);
  if (type == "OKP") parsed = okp_key(jwk);
  if (!parsed) return std::nullopt;
  auto key = PublicKey::create(std::move(parsed));
  if (!key) return std::nullopt;

  JwtKey result{std::move(*key), std::nullopt, std::nullopt, /*has_ids=*/true};
  if (jwk.find("alg")) {
    result.algorithm = parse_jwt_algorithm(text_of(jwk, "alg"));
    if (!result.algorithm || !result.key.fits(*result.algorithm)) return std::nullopt;
  }
  if (const auto id = jwk.find("kid"); id && id->is(Kind::string))
    result.id = std::string(id->text());
  return result;
}

Result<std::vector<JwtKey>> keys_of_json(std::string_view text) {
  base::json::Document document;
  TRY(const Value root, document.parse(text));  // an object, as it begins with a brace
  const auto set = root.find("keys");
  if (set && !set->is(Kind::array))
    return Error{Errc::invalid_argument, "the keys of a JWK Set are no array"};

  const OpensslErrors errors;
  std::vector<JwtKey> keys;
  const auto add = [&](const Value& jwk) {
    if (auto key = key_of_jwk(jwk)) keys.push_back(std::move(*key));
  };
  if (set) {
    if (set->size() > JwtVerifier::kMaxKeys)
      return Error{Errc::invalid_argument, fmt::format("a JWK Set of {} keys", set->size())};
    for (const Value jwk : set->elements()) add(jwk);
  } else {
    add(root);
  }
  if (keys.empty()) return Error{Errc::invalid_argument, "no JWK is a key that verifies"};
  return keys;
}

}  // namespace

Result<std::vector<JwtKey>> parse_jwt_keys(std::string_view text) {
  if (text.size() > JwtVerifier::kMaxKeyTextBytes)
    return Error{Errc::invalid_argument, fmt::format("public keys of {} bytes", text.size())};
  return base::trim(text).starts_with('{') ? keys_of_json(base::trim(text)) : keys_of_pem(text);
}

}  // namespace net
