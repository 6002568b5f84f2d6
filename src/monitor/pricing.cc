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
//   cache_write_1h of cache writes that are kept for an hour; empty: like cache_write
//   reasoning      of output tokens that nobody sees; empty: like output
//   deprecated     `yes` or empty; for the reader of the file, such a model is priced like any
//   other
//
// Rows of one model follow each other, ascending by day; of one day, the base price stands first,
// then the tiers ascending.

namespace monitor {

extern const std::string_view prices_csv;  // generated from prices.csv

namespace {

constexpr std::string_view kHeader =
    "provider,model,aliases,from,above_tokens,input,output,cache_read,cache_write,cache_write_1h,"
    "reasoning,deprecated";
constexpr std::size_t kColumns = 12;
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
  rates.cache_write_1h = rates.cache_write;
  rates.reasoning = rates.output;
  if (!columns[9].empty()) {
    TRY(rates.cache_write_1h, parse_rate("cache_write_1h", columns[9]));
  }
  if (!columns[10].empty()) {
    TRY(rates.reasoning, parse_rate("reasoning", columns[10]));
  }
  return rates;
}

double real(std::int64_t count) { return static_cast<double>(count); }

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
    const std::string_view provider = columns[0], id = columns[1], deprecated = columns[11];
    if (provider.empty()) return wrong("provider", provider);
    if (deprecated != "" && deprecated != "yes") return wrong("deprecated", deprecated);
    TRY(const base::Time from, parse_day(columns[3]));
    TRY(const std::int64_t above_tokens, parse_above_tokens(columns[4]));
    TRY(const Rates rates, parse_rates(columns));

    if (pricing_.models_.empty() || id != last_id_) {
      last_id_ = id;
      pricing_.models_.push_back({std::string(id), {}});
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

Pricing Pricing::with(const Pricing& overrides) const {
  Pricing merged = *this;
  std::unordered_map<std::size_t, std::size_t> replaced;  // old model to new
  for (const auto& [name, index] : overrides.by_name_) {
    const std::size_t moved = merged.models_.size() + index;
    const auto known = by_name_.find(name);
    if (known != by_name_.end() && overrides.models_[index].id == name)
      replaced[known->second] = moved;
  }
  for (auto& [name, index] : merged.by_name_)
    if (const auto found = replaced.find(index); found != replaced.end()) index = found->second;
  for (const auto& [name, index] : overrides.by_name_)
    merged.by_name_[name] = models_.size() + index;
  merged.models_.insert(merged.models_.end(), overrides.models_.begin(), overrides.models_.end());
  return merged;
}

const Pricing::Model* Pricing::find(std::string_view model) const {
  const auto named = by_name_.find(without_provider(base::trim(model)));
  return named == by_name_.end() ? nullptr : &models_[named->second];
}

const Pricing::Price& Pricing::price_at(const Model& model, base::Time at) {
  const std::vector<Price>& prices = model.prices;
  const auto later = std::ranges::upper_bound(prices, at, {}, &Price::from);
  // Before its first known day a model is priced as on that day: nearer to the truth than nothing.
  return later == prices.begin() ? prices.front() : *std::prev(later);
}

std::optional<double> Pricing::cost(std::string_view model, const Event& tokens,
                                    base::Time at) const {
  const Model* known = find(model);
  if (!known) return std::nullopt;
  const Rates& r = tier(price_at(*known, at), tokens).rates;
  const Priced p(tokens);
  const double usual = p.input * r.input + p.output * r.output + p.cache_read * r.cache_read +
                       p.cache_write * r.cache_write;
  return usual + p.cache_write_1h * r.cache_write_1h + p.reasoning * r.reasoning;
}

std::optional<Quote> Pricing::explain(std::string_view model, const Event& tokens,
                                      base::Time at) const {
  const Model* known = find(model);
  if (!known) return std::nullopt;
  const Price& price = price_at(*known, at);
  const Tier& used = tier(price, tokens);
  const Rates& r = used.rates;
  const Priced p(tokens);
  Quote quote{known->id, price.from, used.above_tokens, {}, *cost(model, tokens, at)};
  const auto add = [&quote](std::string_view what, double count, double rate) {
    if (count != 0) quote.lines.push_back({what, count, rate * kUnit, count * rate});
  };
  add("input", p.input, r.input);
  add("output", p.output, r.output);
  add("reasoning", p.reasoning, r.reasoning);
  add("cache read", p.cache_read, r.cache_read);
  add("cache write", p.cache_write, r.cache_write);
  add("cache write 1 h", p.cache_write_1h, r.cache_write_1h);
  return quote;
}

Pricing::Priced::Priced(const Event& e)
    : cache_read(real(e.cache_read_tokens)),
      cache_write_1h(std::min(real(e.cache_write_1h_tokens), real(e.cache_write_tokens))),
      reasoning(std::min(real(e.reasoning_tokens), real(e.tokens_out))) {
  input = real(e.tokens_in);
  if (e.input_includes_cache) input = std::max(input - cache_read, 0.0);
  output = real(e.tokens_out) - reasoning;
  cache_write = real(e.cache_write_tokens) - cache_write_1h;
}

const Pricing::Tier& Pricing::tier(const Price& price, const Event& tokens) {
  // As a real: the counts come from outside, and three of them can be more than 64 bits hold.
  const Priced p(tokens);
  const double prompt = p.input + p.cache_read + p.cache_write + p.cache_write_1h;
  const Tier* highest = &price.tiers.front();
  for (const Tier& tier : price.tiers)
    if (prompt > real(tier.above_tokens)) highest = &tier;
  return *highest;
}

}  // namespace monitor
