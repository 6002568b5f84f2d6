#include "net/jwt.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <memory>
#include <thread>
#include <vector>

#include "base/base64.h"
#include "jwt_keys.h"
#include "jwt_test_data.h"

namespace net {
namespace {

using namespace jwt_test;
using base::json::Document;

base::Time at(std::int64_t seconds) { return base::Time(std::chrono::seconds(seconds)); }

const base::Time kNow = at(1800000000);  // within the times of kClaims

std::string_view token_of(std::string_view alg) {
  for (const auto& [name, token] : kTokens)
    if (name == alg) return token;
  return {};
}

std::string jwk_set(const std::vector<std::string_view>& keys) {
  return fmt::format(R"({{"keys":[{}]}})", fmt::join(keys, ","));
}

/// `json`, an object, with one more member in front.
std::string with(std::string_view member, std::string_view json) {
  return fmt::format("{{{},{}", member, json.substr(1));
}

/// A JWK without the `kid` that stands at its end.
std::string without_id(std::string_view jwk) {
  return std::string(jwk.substr(0, jwk.rfind(",\"kid\""))) + "}";
}

JwtVerifier verifier(const JwtSettings& settings) {
  auto made = JwtVerifier::create(settings);
  EXPECT_TRUE(made.ok()) << made.error().what;
  return std::move(*made);
}

JwtSettings with_secret(JwtAlgorithm algorithm = JwtAlgorithm::hs256) {
  JwtSettings settings;
  settings.algorithm = algorithm;
  settings.secret = kSecret;
  return settings;
}

JwtSettings with_keys(std::string_view keys, std::optional<JwtAlgorithm> algorithm = {}) {
  JwtSettings settings;
  settings.algorithm = algorithm;
  settings.public_keys = keys;
  return settings;
}

/// `ok`, or why the token is refused.
std::string verdict(const JwtSettings& settings, std::string_view token, base::Time now = kNow) {
  Document claims;
  const auto verified = verifier(settings).verify(token, now, claims);
  return verified ? "ok" : verified.error().what;
}

std::string why_not_created(const JwtSettings& settings) {
  const auto made = JwtVerifier::create(settings);
  return made ? "created" : made.error().what;
}

/// What an HS256 verifier of `settings` says to a token with these claims.
std::string verdict_on(std::string_view claims, JwtSettings settings = with_secret(),
                       base::Time now = kNow) {
  return verdict(settings, *sign_jwt(JwtAlgorithm::hs256, kSecret, claims), now);
}

/// A token that is signed as it should be, whatever its header says.
std::string hs256(std::string_view header, std::string_view claims = "{}") {
  const std::string text = base::to_base64url(header) + '.' + base::to_base64url(claims);
  const auto key = HmacKey::create(JwtAlgorithm::hs256, kSecret);
  return text + '.' + base::to_base64url(key->sign(text));
}

const std::string kMismatch = "the signature is not that of a key for this token";

// ---- good tokens

TEST(JwtTest, TokensOfTheRfcsAreVerified) {
  JwtSettings hs = with_secret();
  hs.secret = *base::parse_base64url(kRfcHs256Secret);
  const base::Time then = at(1300819379);
  EXPECT_EQ(verdict(hs, kRfcHs256Token, then), "ok");
  EXPECT_EQ(verdict(with_keys(kRfcRs256Jwk), kRfcRs256Token, then), "ok");
  EXPECT_EQ(verdict(with_keys(kRfcEs256Jwk), kRfcEs256Token, then), "ok");
  EXPECT_EQ(verdict(with_keys(kRfcEs256Jwk), kRfcEs256Token, at(1300819380)), "expired");
  // Its payload is a sentence: the signature holds, and then the claims are none.
  EXPECT_EQ(verdict(with_keys(kRfcEdDsaJwk), kRfcEdDsaToken), "claims: not valid JSON");
}

TEST(JwtTest, TokensOfJoseAreVerifiedByPemAndByJwkSet) {
  const std::string set = jwk_set({kRsaJwk, kP256Jwk, kP384Jwk, kP521Jwk, kEd25519Jwk});
  const std::pair<std::string_view, std::vector<std::string_view>> kPems[] = {
      {"HS", {}},
      {"RS", {kRsaPem, kRsaPkcs1Pem, kRsaJwk}},
      {"PS", {kRsaPem, kRsaPkcs1Pem, kRsaJwk}},
      {"ES256", {kP256Pem, kP256Certificate, kP256Jwk}},
      {"ES384", {kP384Pem, kP384Jwk}},
      {"ES512", {kP521Pem, kP521Jwk}},
      {"Ed", {kEd25519Pem, kEd25519Jwk}}};
  for (const auto& [name, token] : kTokens) {
    const auto algorithm = parse_jwt_algorithm(name);
    ASSERT_TRUE(algorithm) << name;
    if (is_hmac(*algorithm)) {
      EXPECT_EQ(verdict(with_secret(*algorithm), token), "ok") << name;
      continue;
    }
    const auto pems =
        std::find_if(std::begin(kPems), std::end(kPems),
                     [alg = name](const auto& entry) { return alg.starts_with(entry.first); });
    for (const std::string_view pem : pems->second) {
      EXPECT_EQ(verdict(with_keys(pem), token), "ok") << name;
      EXPECT_EQ(verdict(with_keys(pem, algorithm), token), "ok") << name;
    }
    EXPECT_EQ(verdict(with_keys(set), token), "ok") << name;
    EXPECT_EQ(verdict(with_keys(set, algorithm), token), "ok") << name;
  }
}

TEST(JwtTest, ClaimsAreGivenAsTheyWereSigned) {
  const JwtVerifier by_secret = verifier(with_secret());
  Document document;
  const auto claims = by_secret.verify(token_of("HS256"), kNow, document);
  ASSERT_TRUE(claims.ok());
  EXPECT_EQ(claims->find("sub")->text(), "u1");
  EXPECT_EQ(claims->find("taskIds")->text(), "*");
  EXPECT_EQ(claims->find("scope")->size(), 1u);
}

TEST(JwtTest, WhatIsSignedIsVerifiedBySameSecretAlone) {
  for (const auto algorithm : {JwtAlgorithm::hs256, JwtAlgorithm::hs384, JwtAlgorithm::hs512}) {
    const auto token = sign_jwt(algorithm, kSecret, kClaims);
    ASSERT_TRUE(token.ok());
    JwtSettings settings = with_secret(algorithm);
    EXPECT_EQ(verdict(settings, *token), "ok");
    settings.secret.back() ^= 1;
    EXPECT_EQ(verdict(settings, *token), kMismatch);
  }
  EXPECT_FALSE(sign_jwt(JwtAlgorithm::es256, kSecret, "{}").ok());
  EXPECT_FALSE(sign_jwt(JwtAlgorithm::hs256, "", "{}").ok());
}

TEST(JwtTest, OneVerifierServesThreadsAtOnce) {
  const JwtVerifier keys = verifier(with_keys(jwk_set({kRsaJwk, kP256Jwk, kEd25519Jwk})));
  const JwtVerifier secret = verifier(with_secret());
  std::vector<std::thread> threads;
  std::array<int, 4> verified{};
  for (int& count : verified) {
    threads.emplace_back([&] {
      Document claims;
      for (int round = 0; round < 20; ++round) {
        for (const std::string_view alg : {"RS256", "PS256", "ES256", "EdDSA"})
          count += keys.verify(token_of(alg), kNow, claims).ok();
        count += secret.verify(token_of("HS256"), kNow, claims).ok();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : verified) EXPECT_EQ(count, 100);
}

// ---- signatures

TEST(JwtTest, ATokenIsRefusedWhenAnyPartIsChanged) {
  const JwtSettings keys = with_keys(jwk_set({kRsaJwk, kP256Jwk, kP384Jwk, kP521Jwk, kEd25519Jwk}));
  for (const auto& [name, token] : kTokens) {
    const auto algorithm = parse_jwt_algorithm(name);
    const JwtVerifier judge = verifier(is_hmac(*algorithm) ? with_secret(*algorithm) : keys);
    Document claims;
    for (std::size_t i = 0; i < token.size(); i += 7) {
      std::string changed(token);
      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      EXPECT_FALSE(judge.verify(changed, kNow, claims).ok()) << name << " at " << i;
    }
    const std::size_t last_dot = token.rfind('.');
    for (const std::size_t size : {last_dot + 1, last_dot + 5, token.size() - 4})
      EXPECT_FALSE(judge.verify(token.substr(0, size), kNow, claims).ok()) << name << size;
    EXPECT_FALSE(judge.verify(std::string(token) + "AAAA", kNow, claims).ok()) << name;
  }
}

TEST(JwtTest, AnEcdsaSignatureOfZerosIsRefused) {
  const std::string_view token = token_of("ES256");
  const std::string forged =
      std::string(token.substr(0, token.rfind('.') + 1)) + base::to_base64url(std::string(64, 0));
  EXPECT_EQ(verdict(with_keys(kP256Pem), forged), kMismatch);
}

TEST(JwtTest, ThePssSaltIsAsLongAsTheDigest) {
  std::unique_ptr<EVP_PKEY, EvpFree> pair(EVP_RSA_gen(2048));
  ASSERT_TRUE(pair);
  const auto signed_with_salt = [&](int bytes) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    EVP_PKEY_CTX* settings = nullptr;  // the context's
    std::size_t size = 256;
    std::string signature(size, '\0');
    EXPECT_EQ(EVP_DigestSignInit(context.get(), &settings, EVP_sha256(), nullptr, pair.get()), 1);
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING), 1);
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, bytes), 1);
    auto* out = reinterpret_cast<unsigned char*>(signature.data());
    EXPECT_EQ(EVP_DigestSign(context.get(), out, &size,
                             reinterpret_cast<const unsigned char*>("text"), 4),
              1);
    return signature;
  };
  const std::string right = signed_with_salt(32);
  const std::string wrong = signed_with_salt(20);
  const auto key = PublicKey::create(std::move(pair));
  ASSERT_TRUE(key.ok());
  EXPECT_TRUE(key->verify(JwtAlgorithm::ps256, "text", right));
  EXPECT_FALSE(key->verify(JwtAlgorithm::ps256, "text", wrong));
}

TEST(JwtTest, NoneIsNoAlgorithm) {
  EXPECT_FALSE(parse_jwt_algorithm("none"));
  for (const std::string_view alg : {"none", "None", "NONE", ""}) {
    const std::string unsigned_token = base::to_base64url(fmt::format(R"({{"alg":"{}"}})", alg)) +
                                       '.' + base::to_base64url(kClaims) + '.';
    EXPECT_EQ(verdict(with_secret(), unsigned_token), "header: unknown alg");
    EXPECT_EQ(verdict(with_keys(kRsaPem), unsigned_token), "header: unknown alg");
  }
}

TEST(JwtTest, APublicKeyIsNeverASecret) {
  for (const std::string_view key : {kRsaPem, kRsaJwk, kP256Pem, kEd25519Pem}) {
    const auto forged = sign_jwt(JwtAlgorithm::hs256, key, kClaims);
    EXPECT_EQ(verdict(with_keys(key), *forged), kMismatch);
    EXPECT_EQ(why_not_created(with_keys(key, JwtAlgorithm::hs256)), "no public key is for HS256");
  }
}

TEST(JwtTest, TheAlgorithmIsTheConfiguredOne) {
  EXPECT_EQ(verdict(with_secret(JwtAlgorithm::hs256), token_of("HS512")), kMismatch);
  EXPECT_EQ(verdict(with_keys(kRsaPem, JwtAlgorithm::rs256), token_of("PS256")), kMismatch);
  EXPECT_EQ(verdict(with_keys(kRsaPem, JwtAlgorithm::rs256), token_of("RS512")), kMismatch);
  EXPECT_EQ(verdict(with_keys(with(R"("alg":"RS256")", kRsaJwk)), token_of("RS256")), "ok");
  EXPECT_EQ(verdict(with_keys(with(R"("alg":"RS256")", kRsaJwk)), token_of("RS384")), kMismatch);
}

// ---- keys

TEST(JwtTest, AKeyIsFoundByItsId) {
  const std::string renamed = with(R"("kid":"other")", without_id(kRsaJwk));
  EXPECT_EQ(verdict(with_keys(renamed), token_of("RS256")), kMismatch);
  EXPECT_EQ(verdict(with_keys(without_id(kRsaJwk)), token_of("RS256")), kMismatch);
  EXPECT_EQ(verdict(with_keys(jwk_set({renamed, kRsaJwk})), token_of("RS256")), "ok");
  // The other key of the same id: each is tried.
  const std::string twin = with(R"("kid":"rsa")", kRfcRs256Jwk);
  EXPECT_EQ(verdict(with_keys(jwk_set({twin, kRsaJwk})), token_of("RS256")), "ok");
}

TEST(JwtTest, ATokenWithoutIdIsVerifiedByAnyKeyThatFits) {
  const std::string set = jwk_set({kP256Jwk, kRsaJwk, kRfcRs256Jwk});
  EXPECT_EQ(verdict(with_keys(set), kRfcRs256Token, at(1300819379)), "ok");
  EXPECT_EQ(verdict(with_keys(jwk_set({kP256Jwk, kRsaJwk})), kRfcRs256Token), kMismatch);
}

TEST(JwtTest, KeysThatMayNotVerifyAreSkipped) {
  const std::string kNoKey = "no JWK is a key that verifies";
  const std::string_view kSkipped[] = {
      R"("use":"enc")",   R"("use":7)",       R"("key_ops":["encrypt"])", R"("key_ops":"verify")",
      R"("alg":"HS256")", R"("alg":"ES256")", R"("alg":"RSA-OAEP")",      R"("alg":null)"};
  for (const std::string_view member : kSkipped)
    EXPECT_EQ(why_not_created(with_keys(with(member, kRsaJwk))), kNoKey) << member;
  for (const std::string_view member : {R"("use":"sig")", R"("key_ops":["verify"])"})
    EXPECT_EQ(verdict(with_keys(with(member, kRsaJwk)), token_of("RS256")), "ok") << member;

  const std::string_view kBroken[] = {"{}",
                                      R"({"kty":"oct","k":"AAAA"})",
                                      R"({"kty":"RSA","n":"AQAB","e":"AQAB"})",
                                      R"({"kty":"RSA","n":"!","e":"AQAB"})",
                                      R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})",
                                      R"({"kty":"OKP","crv":"Ed448","x":"AA"})",
                                      R"({"kty":"OKP","crv":"Ed25519","x":"AA"})",
                                      R"({"keys":[]})",
                                      R"({"keys":[1,null]})"};
  for (const std::string_view json : kBroken)
    EXPECT_EQ(why_not_created(with_keys(json)), kNoKey) << json;
  EXPECT_EQ(verdict(with_keys(jwk_set({kBroken[1], "7", kRsaJwk})), token_of("RS256")), "ok");
}

TEST(JwtTest, APointThatIsNotOnTheCurveIsNoKey) {
  std::string moved(kP256Jwk);
  char& digit = moved[moved.find("\"y\":\"") + 8];
  digit = digit == 'A' ? 'B' : 'A';
  EXPECT_EQ(why_not_created(with_keys(moved)), "no JWK is a key that verifies");
}

TEST(JwtTest, SettingsThatVerifyNothingAreRefused) {
  JwtSettings both = with_secret();
  both.public_keys = kRsaPem;
  EXPECT_EQ(why_not_created(both), "either a secret or public keys are needed");
  EXPECT_EQ(why_not_created({}), "either a secret or public keys are needed");
  JwtSettings unnamed;
  unnamed.secret = kSecret;
  EXPECT_EQ(why_not_created(unnamed), "a secret needs an algorithm");
  EXPECT_EQ(why_not_created(with_secret(JwtAlgorithm::rs256)),
            "a secret cannot be used with RS256");
  EXPECT_EQ(why_not_created(with_keys(kP256Pem, JwtAlgorithm::es384)),
            "no public key is for ES384");
}

TEST(JwtTest, TextThatHoldsNoPublicKeyIsRefused) {
  EXPECT_EQ(why_not_created(with_keys("secret")), "the public key is neither PEM nor JSON");
  EXPECT_EQ(why_not_created(with_keys("{")), "not valid JSON");
  EXPECT_EQ(why_not_created(with_keys(R"({"keys":{}})")), "the keys of a JWK Set are no array");
  EXPECT_EQ(
      why_not_created(with_keys("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")),
      "the PUBLIC KEY is broken");
  EXPECT_EQ(
      why_not_created(with_keys("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")),
      "the PEM block is a PRIVATE KEY, not a public key or certificate");
}

TEST(JwtTest, KeysAreLimitedInNumberAndSize) {
  const std::vector<std::string_view> most(JwtVerifier::kMaxKeys, kEd25519Jwk);
  EXPECT_EQ(verdict(with_keys(jwk_set(most)), token_of("EdDSA")), "ok");
  const std::vector<std::string_view> more(JwtVerifier::kMaxKeys + 1, kEd25519Jwk);
  EXPECT_EQ(why_not_created(with_keys(jwk_set(more))), "a JWK Set of 33 keys");
  const std::string long_text(JwtVerifier::kMaxKeyTextBytes + 1, ' ');
  EXPECT_EQ(why_not_created(with_keys(long_text)), "public keys of 262145 bytes");
}

// ---- claims

TEST(JwtTest, ATokenExpiresInTheSecondItNames) {
  EXPECT_EQ(verdict_on(R"({"exp":1800000001})"), "ok");
  EXPECT_EQ(verdict_on(R"({"exp":1800000000})"), "expired");
  EXPECT_EQ(verdict_on(R"({"exp":1800000000.5})"), "ok");
  EXPECT_EQ(verdict_on(R"({"exp":-1})"), "expired");
  EXPECT_EQ(verdict_on("{}"), "ok");
  EXPECT_EQ(
      verdict_on(R"({"exp":1800000001})", with_secret(), kNow + std::chrono::milliseconds(999)),
      "ok");
}

TEST(JwtTest, ATokenBeginsInTheSecondItNames) {
  EXPECT_EQ(verdict_on(R"({"nbf":1800000000})"), "ok");
  EXPECT_EQ(verdict_on(R"({"nbf":1800000001})"), "not valid yet");
  EXPECT_EQ(verdict_on(R"({"iat":1900000000})"), "ok");
}

TEST(JwtTest, TimesMayBeMissedByTheSkew) {
  JwtSettings settings = with_secret();
  settings.clock_skew = std::chrono::seconds(60);
  EXPECT_EQ(verdict_on(R"({"exp":1799999941})", settings), "ok");
  EXPECT_EQ(verdict_on(R"({"exp":1799999940})", settings), "expired");
  EXPECT_EQ(verdict_on(R"({"nbf":1800000060})", settings), "ok");
  EXPECT_EQ(verdict_on(R"({"nbf":1800000061})", settings), "not valid yet");
}

TEST(JwtTest, ATimeIsANumber) {
  for (const std::string_view name : {"exp", "nbf", "iat"})
    for (const std::string_view value : {R"("1900000000")", "null", "true", "[]"})
      EXPECT_EQ(verdict_on(fmt::format(R"({{"{}":{}}})", name, value)),
                fmt::format("{} is no number", name));
}

TEST(JwtTest, TheIssuerIsTheConfiguredOne) {
  JwtSettings settings = with_secret();
  settings.issuer = "acme";
  EXPECT_EQ(verdict_on(R"({"iss":"acme"})", settings), "ok");
  for (const std::string_view claims : {R"({"iss":"acme2"})", R"({"iss":["acme"]})", "{}"})
    EXPECT_EQ(verdict_on(claims, settings), "another issuer") << claims;
}

TEST(JwtTest, TheAudienceHasTheConfiguredOne) {
  JwtSettings settings = with_secret();
  settings.audience = "tasks";
  for (const std::string_view claims : {R"({"aud":"tasks"})", R"({"aud":[1,"x","tasks"]})"})
    EXPECT_EQ(verdict_on(claims, settings), "ok") << claims;
  for (const std::string_view claims :
       {R"({"aud":"task"})", R"({"aud":[]})", R"({"aud":{}})", "{}"})
    EXPECT_EQ(verdict_on(claims, settings), "another audience") << claims;
}

TEST(JwtTest, ClaimsAreAnObject) {
  EXPECT_EQ(verdict_on("[]"), "claims: not an object");
  EXPECT_EQ(verdict_on(""), "claims: not valid JSON");
  EXPECT_EQ(verdict_on("{\"a\":\"\xff\"}"), "claims: not valid JSON");
  EXPECT_EQ(verdict_on("{\"a\":" + std::string(600, '[') + std::string(600, ']') + "}"),
            "claims: not valid JSON");
}

// ---- form

TEST(JwtTest, AHeaderThatIsNotUnderstoodIsRefused) {
  EXPECT_EQ(verdict(with_secret(), hs256(R"({"alg":"HS256"})")), "ok");
  EXPECT_EQ(verdict(with_secret(), hs256(R"({"alg":"HS256","crit":["exp"],"exp":1})")),
            "header: crit, and no extension is known");
  EXPECT_EQ(verdict(with_secret(), hs256(R"({"alg":"HS256","crit":null})")),
            "header: crit, and no extension is known");
  EXPECT_EQ(verdict(with_secret(), hs256(R"({"alg":"HS256","kid":1})")),
            "header: kid is no string");
  EXPECT_EQ(verdict(with_secret(), hs256(R"({"alg":256})")), "header: no alg");
  EXPECT_EQ(verdict(with_secret(), hs256("{}")), "header: no alg");
  EXPECT_EQ(verdict(with_secret(), hs256(R"("HS256")")), "header: not an object");
  EXPECT_EQ(verdict(with_secret(), hs256(R"({"alg":"HS256"})"
                                         "\n{}")),
            "header: not valid JSON");
}

TEST(JwtTest, ATokenHasThreePartsInBase64url) {
  const std::string token(token_of("HS256"));
  for (const std::string_view other : {"", ".", "a.b", "a.b.c.d", "...", "Bearer"})
    EXPECT_EQ(verdict(with_secret(), other), "a token has three parts") << other;
  EXPECT_EQ(verdict(with_secret(), ".."), "header: not valid JSON");
  EXPECT_EQ(verdict(with_secret(), " " + token), "header: not base64url");
  EXPECT_EQ(verdict(with_secret(), token + "="), "not base64url");
  EXPECT_EQ(verdict(with_secret(), token + "\n"), "not base64url");

  // The claims are signed, and still not base64url.
  const std::string text = base::to_base64url(R"({"alg":"HS256"})") + ".e30=";
  const auto key = HmacKey::create(JwtAlgorithm::hs256, kSecret);
  EXPECT_EQ(verdict(with_secret(), text + '.' + base::to_base64url(key->sign(text))),
            "claims: not base64url");
}

TEST(JwtTest, ATokenHasALimitedSize) {
  const auto token_of_claims = [](std::size_t bytes) {
    return *sign_jwt(JwtAlgorithm::hs256, kSecret, "{\"a\":\"" + std::string(bytes, 'x') + "\"}");
  };
  EXPECT_EQ(verdict(with_secret(), token_of_claims(12000)), "ok");
  const std::string long_token = token_of_claims(12288);
  EXPECT_EQ(verdict(with_secret(), long_token),
            fmt::format("a token of {} bytes", long_token.size()));
}

TEST(JwtTest, OpensslHasNoErrorsLeftAfterwards) {
  ERR_clear_error();
  std::string tampered(token_of("RS256"));
  tampered[tampered.size() - 10] ^= 1;
  EXPECT_NE(verdict(with_keys(kRsaPem), tampered), "ok");
  EXPECT_NE(why_not_created(with_keys("no key")), "created");
  std::string moved(kP256Jwk);
  moved[moved.find("\"y\":\"") + 8] ^= 1;
  EXPECT_NE(why_not_created(with_keys(moved)), "created");
  EXPECT_EQ(ERR_peek_error(), 0u);
}

}  // namespace
}  // namespace net
