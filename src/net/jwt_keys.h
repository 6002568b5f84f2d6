#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jwt_signature.h"

namespace net {

/// A public key and what its JWK says about it.
struct JwtKey {
  PublicKey key;
  std::optional<JwtAlgorithm> algorithm;  // `alg`, which fits the key
  std::optional<std::string> id;          // `kid`
  bool has_ids = true;                    // false: PEM, which has no place for one

  bool admits(JwtAlgorithm asked) const {
    return key.fits(asked) && (!algorithm || *algorithm == asked);
  }
  /// Whether a token that names the key `asked`, or none, may have been signed by this one.
  bool is_named(const std::optional<std::string>& asked) const {
    return !asked || !has_ids || id == asked;
  }
};

/// The keys in `text`: one as PEM, a JWK or a JWK Set, as net/jwt.h describes them. At least one,
/// else `invalid_argument`; so too on a private key as PEM.
base::Result<std::vector<JwtKey>> parse_jwt_keys(std::string_view text);

}  // namespace net
