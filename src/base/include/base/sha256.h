#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace base {

/// SHA-256 (FIPS 180-4), piece by piece. Thread: one.
class Sha256 {
 public:
  using Digest = std::array<std::uint8_t, 32>;

  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void add(std::string_view bytes);
  /// Of all that was added; begins anew.
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The first `digits` hex digits, in lower case, of the SHA-256 of `text`.
std::string sha256_hex(std::string_view text, std::size_t digits = 64);
std::string to_hex(const Sha256::Digest& digest, std::size_t digits = 64);

}  // namespace base
