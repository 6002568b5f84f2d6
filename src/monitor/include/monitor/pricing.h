#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "monitor/event.h"

namespace monitor {

/// USD per token.
struct Rates {
  double input = 0, output = 0, cache_read = 0, cache_write = 0;
  double cache_write_1h = 0, reasoning = 0;
};

/// How a cost came about.
struct Quote {
  struct Line {
    std::string_view what;  // `input`, `cache read`, ...
    double tokens;
    double usd_per_million;
    double usd;
  };
  std::string model;          // the id in the table
  base::Time from;            // the first day of the price
  std::int64_t above_tokens;  // of its tier; -1: the base price
  std::vector<Line> lines;    // what there were tokens of
  double usd;
};

/// What models cost, and since when. Immutable after it is made. Thread: any.
class Pricing {
 public:
  /// The table that is compiled in (src/monitor/prices.csv).
  static const Pricing& builtin();

  /// Reads a table in the format of prices.csv; what a row means stands at the top of pricing.cc.
  /// `invalid_argument` with the line number.
  static base::Result<Pricing> parse(std::string_view csv);

  /// This table with the models of `overrides` in place of its own. A model that is replaced keeps
  /// its aliases.
  Pricing with(const Pricing& overrides) const;

  /// The cost in USD of an event at time `at`, by the price that holds on that day; zero tokens
  /// cost 0. Nothing when the model is unknown. Before the first
  /// day that is known for it, a model costs what it cost on that day. White space around the
  /// name and provider prefixes (`anthropic/`, `openai/`, `google/`) are ignored. No rounding.
  /// Whether an event is to be priced at all is the caller's to decide.
  std::optional<double> cost(std::string_view model, const Event& tokens, base::Time at) const;

  /// The same, line by line.
  std::optional<Quote> explain(std::string_view model, const Event& tokens, base::Time at) const;

 private:
  class Builder;
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;  // looks a name up without copying it
  };
  struct Tier {
    std::int64_t above_tokens;  // of the prompt: input + cache read + cache write
    Rates rates;
  };
  struct Price {
    base::Time from;
    std::vector<Tier> tiers;  // ascending; the first is the base with above_tokens -1
  };
  struct Model {
    std::string id;
    std::vector<Price> prices;  // ascending by day
  };
  /// An event's tokens, each in one place: what has a price of its own is taken out of the sum that
  /// it was part of.
  struct Priced {
    explicit Priced(const Event& event);
    double input, output, cache_read, cache_write, cache_write_1h, reasoning;
  };

  Pricing() = default;
  const Model* find(std::string_view model) const;
  static const Price& price_at(const Model& model, base::Time at);
  static const Tier& tier(const Price& price, const Event& tokens);

  std::vector<Model> models_;
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> by_name_;  // ids and aliases
};

}  // namespace monitor
