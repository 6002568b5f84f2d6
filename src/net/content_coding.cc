#include "net/content_coding.h"

#include <brotli/decode.h>
#include <fmt/format.h>
#include <iconv.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "base/assert.h"
#include "base/text.h"

namespace net {
namespace {

constexpr std::size_t kChunk = 64 * 1024;
constexpr std::size_t kMaxCodings = 4;  // a chain of codings is a way to build a bomb

BodyError too_large(std::size_t max_bytes) {
  return {413, fmt::format("request body is larger than {} bytes", max_bytes)};
}
BodyError broken(std::string_view coding) {
  return {400, fmt::format("request body is not valid {}", coding)};
}

enum class ZlibFormat : int {
  gzip = MAX_WBITS + 16,
  zlib = MAX_WBITS,
  raw = -MAX_WBITS,
};

std::optional<BodyError> inflate_into(std::string_view in, ZlibFormat format,
                                      std::string_view coding, std::size_t max_bytes,
                                      std::string& out) {
  z_stream stream{};
  if (inflateInit2(&stream, static_cast<int>(format)) != Z_OK) return broken(coding);
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());

  std::vector<char> chunk(kChunk);
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_out = static_cast<uInt>(chunk.size());
    const int code = inflate(&stream, Z_NO_FLUSH);
    out.append(chunk.data(), chunk.size() - stream.avail_out);
    if (out.size() > max_bytes) return too_large(max_bytes);
    if (code == Z_STREAM_END) {
      // A gzip body may have several members (RFC 1952 section 2.2).
      if (stream.avail_in == 0 || format != ZlibFormat::gzip) return std::nullopt;
      if (inflateReset(&stream) != Z_OK) return broken(coding);
    } else if (code != Z_OK) {
      return broken(coding);
    }
  }
}

std::optional<BodyError> inflate_deflate(std::string_view in, std::size_t max_bytes,
                                         std::string& out) {
  // RFC 9110 means the zlib format, but some clients send a bare deflate stream: the first byte
  // tells, for its low half is 8 in a zlib header only.
  const bool is_zlib = !in.empty() && (in[0] & 0x0F) == 0x08;
  return inflate_into(in, is_zlib ? ZlibFormat::zlib : ZlibFormat::raw, "deflate", max_bytes, out);
}

std::optional<BodyError> decode_brotli(std::string_view in, std::size_t max_bytes,
                                       std::string& out) {
  const std::unique_ptr<BrotliDecoderState, void (*)(BrotliDecoderState*)> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), BrotliDecoderDestroyInstance);
  if (!state) return broken("br");
  auto* next_in = reinterpret_cast<const std::uint8_t*>(in.data());
  std::size_t in_left = in.size();
  std::vector<char> chunk(kChunk);
  for (;;) {
    auto* next_out = reinterpret_cast<std::uint8_t*>(chunk.data());
    std::size_t out_left = chunk.size();
    const BrotliDecoderResult result = BrotliDecoderDecompressStream(
        state.get(), &in_left, &next_in, &out_left, &next_out, nullptr);
    out.append(chunk.data(), chunk.size() - out_left);
    if (out.size() > max_bytes) return too_large(max_bytes);
    if (result == BROTLI_DECODER_RESULT_SUCCESS) {
      if (in_left > 0) return broken("br");
      return std::nullopt;
    }
    if (result != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) return broken("br");
  }
}

}  // namespace

std::optional<BodyError> decode_content(std::string_view encoding, std::size_t max_bytes,
                                        std::string& body) {
  std::vector<std::string> codings;
  for (std::size_t at = 0; at <= encoding.size();) {
    const std::size_t comma = std::min(encoding.find(',', at), encoding.size());
    const std::string_view coding = base::trim(encoding.substr(at, comma - at));
    if (!coding.empty() && !base::iequals(coding, "identity"))
      codings.push_back(base::to_lower(coding));
    at = comma + 1;
  }
  if (codings.size() > kMaxCodings) return BodyError{415, "too many content encodings"};

  // Listed in the order in which they were applied: undone from the last.
  for (auto coding = codings.rbegin(); coding != codings.rend(); ++coding) {
    std::string decoded;
    std::optional<BodyError> error;
    if (*coding == "gzip" || *coding == "x-gzip") {
      error = inflate_into(body, ZlibFormat::gzip, "gzip", max_bytes, decoded);
    } else if (*coding == "deflate") {
      error = inflate_deflate(body, max_bytes, decoded);
    } else if (*coding == "br") {
      error = decode_brotli(body, max_bytes, decoded);
    } else {
      error =
          BodyError{415, fmt::format("unsupported content encoding \"{}\"; use gzip, deflate or br",
                                     base::cut_utf8(*coding, 64))};
    }
    if (error) return error;
    body = std::move(decoded);
  }
  return std::nullopt;
}

std::string to_gzip(std::string_view body) {
  z_stream stream{};
  // Fails for want of memory only.
  ASSERT(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
                      static_cast<int>(ZlibFormat::gzip), 8, Z_DEFAULT_STRATEGY) == Z_OK);
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, deflateEnd);
  std::string out(deflateBound(&stream, body.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  return out;
}

std::optional<BodyError> decode_charset(std::string_view charset, std::string& body) {
  if (charset.empty() || charset == "utf-8" || charset == "utf8" || charset == "us-ascii")
    return std::nullopt;
  // A fixed list: the names that iconv knows reach far into rarely used code.
  static constexpr std::array<std::string_view, 6> kCharsets = {
      "iso-8859-1", "iso-8859-15", "windows-1252", "utf-16", "utf-16le", "utf-16be"};
  const auto known = std::find(kCharsets.begin(), kCharsets.end(), charset);
  if (known == kCharsets.end())
    return BodyError{415, fmt::format("unsupported charset \"{}\"", base::cut_utf8(charset, 64))};

  const iconv_t converter = iconv_open("UTF-8", std::string(*known).c_str());
  if (converter == reinterpret_cast<iconv_t>(-1))
    return BodyError{415, fmt::format("unsupported charset \"{}\"", *known)};
  std::string converted(body.size() * 3, '\0');  // no character of these grows beyond three bytes
  char* in = body.data();
  char* out = converted.data();
  std::size_t in_left = body.size(), out_left = converted.size();
  const bool failed =
      iconv(converter, &in, &in_left, &out, &out_left) == static_cast<std::size_t>(-1);
  iconv_close(converter);
  if (failed) return broken(charset);
  converted.resize(converted.size() - out_left);
  body = std::move(converted);
  return std::nullopt;
}

}  // namespace net
