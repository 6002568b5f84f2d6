#include "net/content_coding.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace net {
namespace {

std::string deflated(std::string_view text, int window_bits) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string out(text.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}
std::string gzipped(std::string_view text) { return deflated(text, MAX_WBITS + 16); }

/// The decoded body, or the status of the refusal.
std::string decoded(std::string_view encoding, std::string body, std::size_t limit = 1000) {
  const auto error = decode_content(encoding, limit, body);
  return error ? std::to_string(error->status) : body;
}

TEST(ContentCodingTest, EachCodingIsUndone) {
  EXPECT_EQ(decoded("gzip", gzipped("hello")), "hello");
  EXPECT_EQ(decoded("GZIP", gzipped("hello")), "hello");
  EXPECT_EQ(decoded("deflate", deflated("hello", MAX_WBITS)), "hello");
  EXPECT_EQ(decoded("deflate", deflated("hello", -MAX_WBITS)), "hello");
  EXPECT_EQ(decoded("br", "\x0f\x02\x80hello\x03"), "hello");
  EXPECT_EQ(decoded("identity", "hello"), "hello");
  EXPECT_EQ(decoded("", "hello"), "hello");
  EXPECT_EQ(decoded("gzip, gzip", gzipped(gzipped("hello"))), "hello");
  EXPECT_EQ(decoded("gzip", gzipped("hel") + gzipped("lo")), "hello");
}

TEST(ContentCodingTest, WhatCannotBeUndoneIsRefused) {
  EXPECT_EQ(decoded("gzip", "no gzip"), "400");
  EXPECT_EQ(decoded("gzip", gzipped("hello").substr(0, 10)), "400");
  EXPECT_EQ(decoded("br", "no brotli at all"), "400");
  EXPECT_EQ(decoded("zstd", "x"), "415");
  EXPECT_EQ(decoded("gzip,gzip,gzip,gzip,gzip", "x"), "415");
}

TEST(ContentCodingTest, ABombStopsAtTheLimit) {
  EXPECT_EQ(decoded("gzip", gzipped(std::string(1000, 'x'))).size(), 1000u);
  EXPECT_EQ(decoded("gzip", gzipped(std::string(100000, 'x'))), "413");
}

TEST(ContentCodingTest, CharsetsAreConvertedToUtf8) {
  std::string latin = "gr\xFC\xDF";
  EXPECT_FALSE(decode_charset("iso-8859-1", latin));
  EXPECT_EQ(latin, "gr\xC3\xBC\xC3\x9F");
  std::string wide("h\0i\0", 4);
  EXPECT_FALSE(decode_charset("utf-16le", wide));
  EXPECT_EQ(wide, "hi");
  std::string any = "x";
  EXPECT_EQ(decode_charset("iso-2022-cn-ext", any)->status, 415);
  std::string odd("h", 1);
  EXPECT_EQ(decode_charset("utf-16le", odd)->status, 400);
}

TEST(ContentCodingTest, WhatIsCompressedReadsBack) {
  for (std::string text : {std::string(), std::string("a"), std::string(300'000, 'x')}) {
    std::string body = to_gzip(text);
    EXPECT_FALSE(decode_content("gzip", 1 << 20, body));
    EXPECT_EQ(body, text);
  }
}

}  // namespace
}  // namespace net
