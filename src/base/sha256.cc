// The plain functions rather than EVP: linked statically they bring a few kilobytes, not megabytes.
#define OPENSSL_API_COMPAT 0x10100000L

#include "base/sha256.h"

#include <openssl/sha.h>

namespace base {

struct Sha256::State {
  SHA256_CTX context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) { SHA256_Init(&state_->context); }
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(std::string_view bytes) {
  SHA256_Update(&state_->context, bytes.data(), bytes.size());
}

Sha256::Digest Sha256::finish() {
  Digest digest;
  SHA256_Final(digest.data(), &state_->context);
  SHA256_Init(&state_->context);
  return digest;
}

std::string sha256_hex(std::string_view text, std::size_t digits) {
  // Not SHA256() itself: in OpenSSL 3 that looks up a provider, which takes microseconds and
  // megabytes.
  SHA256_CTX context;
  Sha256::Digest digest;
  SHA256_Init(&context);
  SHA256_Update(&context, text.data(), text.size());
  SHA256_Final(digest.data(), &context);
  return to_hex(digest, digits);
}

std::string to_hex(const Sha256::Digest& digest, std::size_t digits) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (std::size_t i = 0; i < digits; ++i)
    hex += kDigits[(digest[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 15];
  return hex;
}

}  // namespace base
