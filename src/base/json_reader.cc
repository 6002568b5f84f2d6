#include "base/json_reader.h"

#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/text.h"

namespace base::json {
namespace {

using detail::Node;

constexpr std::size_t kKeptBytes = std::size_t{1} << 20;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool is_json_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A token as simdjson gives it reaches up to the next one: without the white space between.
std::string_view without_trailing_space(std::string_view token) {
  while (!token.empty() && is_json_space(token.back())) token.remove_suffix(1);
  return token;
}

bool is_number(std::string_view t) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t start = i;
    while (i < t.size() && is_digit(t[i])) ++i;
    return i > start;
  };
  if (i < t.size() && t[i] == '-') ++i;
  if (i < t.size() && t[i] == '0') {
    ++i;
  } else if (!digits()) {
    return false;
  }
  if (i < t.size() && t[i] == '.') {
    ++i;
    if (!digits()) return false;
  }
  if (i < t.size() && (t[i] == 'e' || t[i] == 'E')) {
    ++i;
    if (i < t.size() && (t[i] == '+' || t[i] == '-')) ++i;
    if (!digits()) return false;
  }
  return i == t.size() && i > 0;
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 32);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// The code unit of `XXXX` at `at`; -1 when those are not four hex digits.
int code_unit(const char* at, const char* end) {
  if (end - at < 4) return -1;
  int unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_digit(at[i]);
    if (digit < 0) return -1;
    unit = unit << 4 | digit;
  }
  return unit;
}

char* put_utf8(char* out, std::uint32_t code) {
  if (code < 0x80) {
    *out++ = static_cast<char>(code);
  } else if (code < 0x800) {
    *out++ = static_cast<char>(0xC0 | code >> 6);
    *out++ = static_cast<char>(0x80 | (code & 63));
  } else if (code < 0x10000) {
    *out++ = static_cast<char>(0xE0 | code >> 12);
    *out++ = static_cast<char>(0x80 | (code >> 6 & 63));
    *out++ = static_cast<char>(0x80 | (code & 63));
  } else {
    *out++ = static_cast<char>(0xF0 | code >> 18);
    *out++ = static_cast<char>(0x80 | (code >> 12 & 63));
    *out++ = static_cast<char>(0x80 | (code >> 6 & 63));
    *out++ = static_cast<char>(0x80 | (code & 63));
  }
  return out;
}

/// Unescapes [at, end) in place (no escape is shorter than what it stands for); null when an
/// escape is broken, else the end of the result.
char* unescape(char* at, char* end) {
  char* out = at;
  while (at < end) {
    if (*at != '\\') {
      *out++ = *at++;
      continue;
    }
    if (++at == end) return nullptr;
    switch (*at++) {
      case '"':
        *out++ = '"';
        break;
      case '\\':
        *out++ = '\\';
        break;
      case '/':
        *out++ = '/';
        break;
      case 'b':
        *out++ = '\b';
        break;
      case 'f':
        *out++ = '\f';
        break;
      case 'n':
        *out++ = '\n';
        break;
      case 'r':
        *out++ = '\r';
        break;
      case 't':
        *out++ = '\t';
        break;
      case 'u': {
        const int unit = code_unit(at, end);
        if (unit < 0) return nullptr;
        at += 4;
        std::uint32_t code = static_cast<std::uint32_t>(unit);
        if (code >= 0xD800 && code < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
          const int low = code_unit(at + 2, end);
          if (low >= 0xDC00 && low < 0xE000) {
            at += 6;
            code = 0x10000 + ((code - 0xD800) << 10) + (static_cast<std::uint32_t>(low) - 0xDC00);
          }
        }
        if (code >= 0xD800 && code < 0xE000) {
          out = std::copy(kReplacement.begin(), kReplacement.end(), out);
        } else {
          out = put_utf8(out, code);
        }
        break;
      }
      default:
        return nullptr;
    }
  }
  return out;
}

/// Where the tokens of a text begin, as simdjson finds them: each bracket, brace, colon, comma,
/// opening quote, and the first byte of anything else. The bytes up to the next token are the
/// token and white space.
class Tokens {
 public:
  Tokens(char* text, std::uint32_t size, const std::uint32_t* starts, std::uint32_t count)
      : text_(text), size_(size), starts_(starts), count_(count) {}

  bool at_end() const { return next_ == count_; }
  /// The first byte of the next token; NUL at the end.
  char peek() const { return at_end() ? '\0' : text_[starts_[next_]]; }

  /// Steps over the next token when it begins with `first`.
  bool take(char first) {
    if (at_end() || text_[starts_[next_]] != first) return false;
    ++next_;
    return true;
  }
  /// Steps over the next token, not asked for at the end.
  std::string_view take() {
    const std::uint32_t start = starts_[next_++];
    const std::uint32_t end = at_end() ? size_ : starts_[next_];
    return without_trailing_space({text_ + start, end - start});
  }

 private:
  char* text_;
  std::uint32_t size_;
  const std::uint32_t* starts_;
  std::uint32_t count_;
  std::uint32_t next_ = 0;
};

/// Reads the grammar from the tokens and writes the nodes. Any false means: not JSON.
class Builder {
 public:
  Builder(Tokens tokens, std::vector<Node>& nodes) : tokens_(tokens), nodes_(nodes) {}

  /// One value is the whole text.
  bool document() { return value(0) && tokens_.at_end(); }

 private:
  bool value(std::size_t depth) {
    if (tokens_.at_end()) return false;
    switch (tokens_.peek()) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        return string();
      default:
        return word();
    }
  }

  bool object(std::size_t depth) {
    if (depth >= kMaxDepth) return false;
    const std::uint32_t self = open(Kind::object);
    std::uint32_t count = 0;
    if (tokens_.peek() != '}') {
      do {
        if (tokens_.peek() != '"' || !string()) return false;
        if (!tokens_.take(':') || !value(depth + 1)) return false;
        ++count;
      } while (tokens_.take(','));
    }
    close(self, count);
    return tokens_.take('}');
  }

  bool array(std::size_t depth) {
    if (depth >= kMaxDepth) return false;
    const std::uint32_t self = open(Kind::array);
    std::uint32_t count = 0;
    if (tokens_.peek() != ']') {
      do {
        if (!value(depth + 1)) return false;
        ++count;
      } while (tokens_.take(','));
    }
    close(self, count);
    return tokens_.take(']');
  }

  bool string() {
    const std::string_view token = tokens_.take();
    if (token.size() < 2 || token.back() != '"') return false;
    std::string_view raw = token.substr(1, token.size() - 2);
    if (std::memchr(raw.data(), '\\', raw.size())) {
      // The document's own copy of the text: nobody reads these bytes again.
      char* begin = const_cast<char*>(raw.data());
      const char* end = unescape(begin, begin + raw.size());
      if (!end) return false;
      raw = {begin, static_cast<std::size_t>(end - begin)};
    }
    push(Kind::string, raw);
    return true;
  }

  /// A number or a literal name.
  bool word() {
    const std::string_view token = tokens_.take();
    Kind kind = Kind::number;
    if (token == "null") {
      kind = Kind::null;
    } else if (token == "true" || token == "false") {
      kind = Kind::boolean;
    } else if (!is_number(token)) {
      return false;
    }
    push(kind, token);
    return true;
  }

  void push(Kind kind, std::string_view text) {
    const auto end = static_cast<std::uint32_t>(nodes_.size() + 1);
    nodes_.push_back({text.data(), static_cast<std::uint32_t>(text.size()), end, 0, kind,
                      kind == Kind::boolean && text.front() == 't'});
  }
  /// The node of a container whose content follows; steps over its bracket.
  std::uint32_t open(Kind kind) {
    tokens_.take();
    nodes_.push_back({nullptr, 0, 0, 0, kind, false});
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }
  void close(std::uint32_t self, std::uint32_t count) {
    nodes_[self].end = static_cast<std::uint32_t>(nodes_.size());
    nodes_[self].count = count;
  }

  Tokens tokens_;
  std::vector<Node>& nodes_;
};

}  // namespace

/// simdjson's first stage, which finds the tokens and checks UTF-8 and control characters. The
/// grammar is read here: simdjson's on demand iteration steps over what stands between a value and
/// the next one without judging it (`{"a":"b":2}}` passes), and looks at bytes behind the text.
struct Document::Parser {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
  std::vector<char> text;
  std::vector<Node> nodes;

  bool build(std::size_t size);
};

/// Parses the first `size` bytes of `text` into `nodes`.
bool Document::Parser::build(std::size_t size) {
  if (!stage || stage->capacity() < text.size()) {
    const simdjson::implementation* simd = simdjson::get_active_implementation();
    if (simd->create_dom_parser_implementation(text.size(), kMaxDepth, stage)) return false;
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  if (stage->stage1(bytes, size, simdjson::stage1_mode::regular)) return false;
  const Tokens tokens(text.data(), static_cast<std::uint32_t>(size),
                      stage->structural_indexes.get(), stage->n_structural_indexes);
  return Builder(tokens, nodes).document();
}

Document::Document() = default;
Document::~Document() = default;

Result<Value> Document::parse(std::string_view text) {
  if (text.size() >= std::numeric_limits<std::uint32_t>::max())
    return Error{Errc::invalid_argument, "JSON text of 4 GiB or more"};
  if (!parser_ || parser_->text.size() > kKeptBytes) parser_ = std::make_unique<Parser>();

  const std::size_t padded = text.size() + simdjson::SIMDJSON_PADDING;
  if (parser_->text.size() < padded) parser_->text.resize(padded);
  std::copy(text.begin(), text.end(), parser_->text.begin());
  parser_->nodes.clear();
  if (!parser_->build(text.size()) || parser_->nodes.empty())
    return Error{Errc::invalid_argument, "not valid JSON"};
  return Value(parser_->nodes.data(), 0);
}

double Value::to_double() const {
  double value = 0;
  const auto [end, error] = std::from_chars(text().data(), text().data() + text().size(), value);
  if (error != std::errc::result_out_of_range) return value;
  // from_chars leaves the value alone: strtod tells a huge number from a tiny one.
  return std::strtod(std::string(text()).c_str(), nullptr);
}

std::optional<std::int64_t> Value::to_int() const {
  std::int64_t integer = 0;
  const char* last = text().data() + text().size();
  const auto [end, error] = std::from_chars(text().data(), last, integer);
  if (error == std::errc{} && end == last) return integer;

  const double real = to_double();
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (!(real >= -kLimit && real < kLimit) || real != std::trunc(real)) return std::nullopt;
  return static_cast<std::int64_t>(real);
}

std::optional<Value> Value::find(std::string_view key) const {
  std::optional<Value> found;
  for (const Member& member : members())
    if (member.key == key) found = member.value;
  return found;
}

}  // namespace base::json
