#include "monitor/pricing.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ranges>
#include <utility>

#include "base/assert.h"
#include "base/text.h"
#include "base/time_text.h"

// The table is CSV without quotes: a header line, then one row per model and day from which its
// price holds, in USD per million tokens.
//
//   aliases        separated by `;`, in any row of the model; a name belongs to one model only
//   from           YYYY-MM-DD, 00:00 UTC; the price holds until the next day of the same model
//   above_tokens   empty: the base price of that day; else the row holds, with all four rates, for
//                  prompts of more tokens than this
//   deprecated     `yes` or empty; for the reader of the file, such a model is priced like any
//   other
//
// Rows of one model follow each other, ascending by day; of one day, the base price stands first,
// then the tiers ascending.

namespace monitor {

extern const std::string_view prices_csv;  // generated from prices.csv

namespace {

constexpr std::string_view kHeader =
    "provider,model,aliases,from,above_tokens,input,output,cache_read,cache_write,deprecated";
constexpr std::size_t kColumns = 10;
constexpr double kUnit = 1'000'000;  // tokens that a price of the table is for
constexpr std::int64_t kBase = -1;   // above_tokens of a base price: every prompt is longer

using Columns = std::array<std::string_view, kColumns>;

base::Error wrong(std::string_view column, std::string_view text) {
  return {base::Errc::invalid_argument, fmt::format("{} '{}'", column, text)};
}

/// Takes the text before the next `separator`, and that too, from the front of `rest`.
std::string_view take(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view taken = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return taken;
}

base::Result<Columns> parse_columns(std::string_view line) {
  const auto count = static_cast<std::size_t>(std::ranges::count(line, ',')) + 1;
  if (count != kColumns) return wrong("number of columns", std::to_string(count));
  Columns columns;
  for (std::string_view& column : columns) column = take(line, ',');
  return columns;
}

base::Result<base::Time> parse_day(std::string_view text) {
  const auto time = base::parse_date(text);
  // Only the one form, and only days that exist: 2026-02-30 would come back as 2 March.
  if (!time || base::to_iso_ms(*time) != fmt::format("{}T00:00:00.000Z", text))
    return wrong("from", text);
  return *time;
}

base::Result<std::int64_t> parse_above_tokens(std::string_view text) {
  if (text.empty()) return kBase;
  std::int64_t tokens = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), tokens);
  if (error != std::errc{} || end != text.data() + text.size() || tokens < 0)
    return wrong("above_tokens", text);
  return tokens;
}

base::Result<double> parse_rate(std::string_view column, std::string_view text) {
  double usd = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), usd);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(usd) ||
      std::signbit(usd))
    return wrong(column, text);
  return usd / kUnit;
}

base::Result<Rates> parse_rates(const Columns& columns) {
  Rates rates;
  TRY(rates.input, parse_rate("input", columns[5]));
  TRY(rates.output, parse_rate("output", columns[6]));
  TRY(rates.cache_read, parse_rate("cache_read", columns[7]));
  TRY(rates.cache_write, parse_rate("cache_write", columns[8]));
  return rates;
}

/// Each prefix once, in this order: `openai/anthropic/x` keeps its second one.
std::string_view without_provider(std::string_view model) {
  constexpr std::array<std::string_view, 3> kPrefixes = {"anthropic/", "openai/", "google/"};
  for (std::string_view prefix : kPrefixes)
    if (model.starts_with(prefix)) model.remove_prefix(prefix.size());
  return model;
}

}  // namespace

/// Adds row by row to the model that stood in the row before, or begins the next.
class Pricing::Builder {
 public:
  base::Result<> add(const Columns& columns) {
    const std::string_view provider = columns[0], id = columns[1], deprecated = columns[9];
    if (provider.empty()) return wrong("provider", provider);
    if (deprecated != "" && deprecated != "yes") return wrong("deprecated", deprecated);
    TRY(const base::Time from, parse_day(columns[3]));
    TRY(const std::int64_t above_tokens, parse_above_tokens(columns[4]));
    TRY(const Rates rates, parse_rates(columns));

    if (pricing_.models_.empty() || id != last_id_) {
      last_id_ = id;
      pricing_.models_.emplace_back();
      TRY_OK(add_name(id));
    }
    TRY_OK(add_aliases(columns[2]));
    return add_price(from, {above_tokens, rates});
  }

  Pricing take() { return std::move(pricing_); }

 private:
  base::Result<> add_name(std::string_view name) {
    const bool is_new = pricing_.by_name_.emplace(name, pricing_.models_.size() - 1).second;
    if (name.empty() || !is_new) return wrong("empty or repeated name", name);
    return {};
  }

  base::Result<> add_aliases(std::string_view aliases) {
    while (!aliases.empty()) TRY_OK(add_name(monitor::take(aliases, ';')));
    return {};
  }

  base::Result<> add_price(base::Time from, const Tier& tier) {
    std::vector<Price>& prices = pricing_.models_.back().prices;
    if (tier.above_tokens == kBase) {
      if (!prices.empty() && from <= prices.back().from)
        return wrong("from out of order", base::to_iso_ms(from));
      prices.push_back({from, {}});
    } else if (prices.empty() || from != prices.back().from ||
               tier.above_tokens <= prices.back().tiers.back().above_tokens) {
      return wrong("tier out of order", std::to_string(tier.above_tokens));
    }
    prices.back().tiers.push_back(tier);
    return {};
  }

  Pricing pricing_;
  std::string_view last_id_;
};

const Pricing& Pricing::builtin() {
  static const Pricing pricing = [] {
    auto parsed = parse(prices_csv);
    ASSERT(parsed.ok());  // a test reads it too
    return std::move(parsed).value();
  }();
  return pricing;
}

base::Result<Pricing> Pricing::parse(std::string_view csv) {
  if (take(csv, '\n') != kHeader)
    return base::Error{base::Errc::invalid_argument, fmt::format("line 1: not '{}'", kHeader)};

  Builder builder;
  for (int line = 2; !csv.empty(); ++line) {
    const auto columns = parse_columns(take(csv, '\n'));
    base::Result<> added = columns ? builder.add(*columns) : columns.error();
    if (!added) return std::move(added.error()).within(fmt::format("line {}", line));
  }
  return builder.take();
}

std::optional<double> Pricing::cost(std::string_view model, const Event& tokens,
                                    base::Time at) const {
  const auto named = by_name_.find(without_provider(base::trim(model)));
  if (named == by_name_.end()) return std::nullopt;

  const std::vector<Price>& prices = models_[named->second].prices;
  const auto later = std::ranges::upper_bound(prices, at, {}, &Price::from);
  // Before its first known day a model is priced as on that day: nearer to the truth than nothing.
  const Price& price = later == prices.begin() ? prices.front() : *std::prev(later);

  const Rates& r = rates(price, tokens);
  return static_cast<double>(tokens.tokens_in) * r.input +
         static_cast<double>(tokens.tokens_out) * r.output +
         static_cast<double>(tokens.cache_read_tokens) * r.cache_read +
         static_cast<double>(tokens.cache_write_tokens) * r.cache_write;
}

const Rates& Pricing::rates(const Price& price, const Event& tokens) {
  // As a real: the counts come from outside, and three of them can be more than 64 bits hold.
  const double prompt = static_cast<double>(tokens.tokens_in) +
                        static_cast<double>(tokens.cache_read_tokens) +
                        static_cast<double>(tokens.cache_write_tokens);
  const Tier* highest = &price.tiers.front();
  for (const Tier& tier : price.tiers)
    if (prompt > static_cast<double>(tier.above_tokens)) highest = &tier;
  return highest->rates;
}

}  // namespace monitor
