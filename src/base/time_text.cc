#include "base/time_text.h"

#include <array>
#include <ctime>

#include "base/text.h"

// ISO forms follow ECMA-262 "Date Time String Format"; the legacy form is RFC 2822 section 3.3.

namespace base {
namespace {

using namespace std::chrono;

struct Fields {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, millisecond = 0;
};

void put(char* at, int digits, int value) {
  for (int i = digits - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

/// `YYYY-MM-DD?HH:MM:SS` into `out`, which has 19 places.
void put_datetime(char* out, Time time, char separator) {
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(time - day));
  put(out, 4, static_cast<int>(date.year()));
  put(out + 5, 2, static_cast<int>(static_cast<unsigned>(date.month())));
  put(out + 8, 2, static_cast<int>(static_cast<unsigned>(date.day())));
  put(out + 11, 2, static_cast<int>(clock.hours().count()));
  put(out + 14, 2, static_cast<int>(clock.minutes().count()));
  put(out + 17, 2, static_cast<int>(clock.seconds().count()));
  out[4] = out[7] = '-';
  out[10] = separator;
  out[13] = out[16] = ':';
}

/// Days and hours past their range roll over, as a JavaScript date does.
Time utc(const Fields& f) {
  const sys_days month_start{year{f.year} / month{static_cast<unsigned>(f.month)} / 1};
  return Time{month_start + days{f.day - 1}} + hours{f.hour} + minutes{f.minute} +
         seconds{f.second} + milliseconds{f.millisecond};
}

/// Takes digits, one by one, from the front of a text; remembers the first thing that did not fit.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  bool next_is(char c) const { return rest_.starts_with(c); }
  bool take(char c) {
    if (!next_is(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Exactly `digits` digits, as a number from `low` to `high`.
  bool number(int digits, int low, int high, int& value) {
    if (rest_.size() < static_cast<std::size_t>(digits)) return false;
    int n = 0;
    for (int i = 0; i < digits; ++i) {
      const char c = rest_[static_cast<std::size_t>(i)];
      if (c < '0' || c > '9') return false;
      n = n * 10 + (c - '0');
    }
    if (n < low || n > high) return false;
    rest_.remove_prefix(static_cast<std::size_t>(digits));
    value = n;
    return true;
  }
  /// One digit or more; keeps the first three, as milliseconds.
  bool fraction(int& value) {
    int digits = 0, n = 0;
    for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; rest_.remove_prefix(1))
      if (digits < 3) n = n * 10 + (rest_[0] - '0'), ++digits;
    if (digits == 0) return false;
    for (; digits < 3; ++digits) n *= 10;
    value = n;
    return true;
  }
  std::string_view word() {
    std::size_t n = 0;
    while (n < rest_.size() && ((rest_[n] | 32) >= 'a' && (rest_[n] | 32) <= 'z')) ++n;
    const std::string_view taken = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return taken;
  }
  void spaces() {
    while (take(' ')) {
    }
  }

 private:
  std::string_view rest_;
};

/// `Z`, `+05:30`, `-0800`; nothing left after it.
bool parse_zone(Scanner& in, int& offset_minutes) {
  if (in.take('Z') || in.take('z')) {
    offset_minutes = 0;
    return in.done();
  }
  const bool west = in.next_is('-');
  if (!in.take('+') && !in.take('-')) return false;
  int h = 0, m = 0;
  if (!in.number(2, 0, 23, h)) return false;
  in.take(':');
  if (!in.number(2, 0, 59, m) || !in.done()) return false;
  offset_minutes = (h * 60 + m) * (west ? -1 : 1);
  return true;
}

std::optional<Time> local(const Fields& f) {
  std::tm tm{};
  tm.tm_year = f.year - 1900;
  tm.tm_mon = f.month - 1;
  tm.tm_mday = f.day;
  tm.tm_hour = f.hour;
  tm.tm_min = f.minute;
  tm.tm_sec = f.second;
  tm.tm_isdst = -1;
  const std::time_t seconds_utc = std::mktime(&tm);
  return Time{seconds{seconds_utc}} + milliseconds{f.millisecond};
}

bool parse_clock(Scanner& in, Fields& f) {
  if (!in.number(2, 0, 24, f.hour) || !in.take(':') || !in.number(2, 0, 59, f.minute)) return false;
  if (in.take(':')) {
    if (!in.number(2, 0, 59, f.second)) return false;
    if ((in.take('.') || in.take(',')) && !in.fraction(f.millisecond)) return false;
  }
  return f.hour < 24 || (f.minute == 0 && f.second == 0 && f.millisecond == 0);
}

std::optional<Time> parse_iso(std::string_view text) {
  Scanner in(text);
  Fields f;
  if (!in.number(4, 0, 9999, f.year)) return std::nullopt;
  if (in.take('-')) {
    if (!in.number(2, 1, 12, f.month)) return std::nullopt;
    if (in.take('-') && !in.number(2, 1, 31, f.day)) return std::nullopt;
  }
  if (in.done()) return utc(f);
  if (!in.take('T') && !in.take('t') && !in.take(' ')) return std::nullopt;
  if (!parse_clock(in, f)) return std::nullopt;
  if (in.done()) return local(f);
  in.spaces();
  int offset = 0;
  if (!parse_zone(in, offset)) return std::nullopt;
  return utc(f) - minutes{offset};
}

/// `[Wed, ]18 Feb 2026[ 10:00[:00]][ GMT|+0100]`
std::optional<Time> parse_rfc2822(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kMonths = {
      "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
  Scanner in(text);
  Fields f;
  if (!in.word().empty()) {
    if (!in.take(',')) return std::nullopt;
    in.spaces();
  }
  if (!in.number(2, 1, 31, f.day) && !in.number(1, 1, 9, f.day)) return std::nullopt;
  in.spaces();
  const std::string name = to_lower(in.word());
  f.month = 0;
  for (std::size_t i = 0; i < kMonths.size(); ++i)
    if (name == kMonths[i]) f.month = static_cast<int>(i) + 1;
  if (f.month == 0) return std::nullopt;
  in.spaces();
  if (!in.number(4, 0, 9999, f.year)) return std::nullopt;
  in.spaces();
  if (in.done()) return local(f);
  if (!parse_clock(in, f)) return std::nullopt;
  in.spaces();
  if (in.done()) return local(f);
  int offset = 0;
  if (in.next_is('+') || in.next_is('-')) {
    if (!parse_zone(in, offset)) return std::nullopt;
  } else {
    const std::string zone = to_lower(in.word());
    if ((zone != "gmt" && zone != "utc" && zone != "ut" && zone != "z") || !in.done())
      return std::nullopt;
  }
  return utc(f) - minutes{offset};
}

}  // namespace

std::string to_iso_ms(Time time) {
  std::string text(24, 'Z');
  put_datetime(text.data(), time, 'T');
  text[19] = '.';
  const auto ms = (time - floor<seconds>(time)).count();
  put(text.data() + 20, 3, static_cast<int>(ms));
  return text;
}

std::string to_sql_datetime(Time time) {
  std::string text(19, ' ');
  put_datetime(text.data(), time, ' ');
  return text;
}

std::optional<Time> parse_date(std::string_view text) {
  text = trim(text);
  if (const auto time = parse_iso(text)) return time;
  return parse_rfc2822(text);
}

}  // namespace base
