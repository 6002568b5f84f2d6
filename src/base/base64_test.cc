#include "base/base64.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(Base64Test, BytesAreThoseOfRfc4648) {
  const std::pair<std::string_view, std::string_view> kPairs[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbf", "-_-_"}};
  for (const auto& [bytes, text] : kPairs) {
    EXPECT_EQ(to_base64url(bytes), text);
    const auto back = parse_base64url(text);
    ASSERT_TRUE(back.ok()) << text;
    EXPECT_EQ(*back, bytes);
  }
}

TEST(Base64Test, EachByteComesBack) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const auto back = parse_base64url(to_base64url(bytes.substr(0, size)));
    ASSERT_TRUE(back.ok()) << size;
    EXPECT_EQ(*back, bytes.substr(0, size));
  }
}

TEST(Base64Test, WhatIsNotCanonicalIsRefused) {
  for (const std::string_view text : {"Zg==", "Zm8=", "Z", "Zm9vY", "Zm 9", "Zm9v\n", "Zm+v",
                                      "Zm/v", "Zm.v", "Zh", "Zm9", "\xC3\xA9"})
    EXPECT_FALSE(parse_base64url(text).ok()) << text;
  EXPECT_FALSE(parse_base64url(std::string_view("Zm\0v", 4)).ok());
}

}  // namespace
}  // namespace base
