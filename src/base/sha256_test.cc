#include "base/sha256.h"

#include <gtest/gtest.h>

namespace base {
namespace {

// FIPS 180-4, example values of NIST.
TEST(Sha256Test, DigestsAreThoseOfTheStandard) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256Test, PiecesGiveWhatTheWholeGives) {
  Sha256 hash;
  for (int round = 0; round < 2; ++round) {
    hash.add("a");
    hash.add("");
    hash.add("bc");
    EXPECT_EQ(to_hex(hash.finish(), 9), sha256_hex("abc", 9)) << round;
  }
}

}  // namespace
}  // namespace base
