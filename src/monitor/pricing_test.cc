#include "monitor/pricing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

namespace monitor {
namespace {

using namespace std::chrono;

constexpr base::Time kFebruary = sys_days{2026y / 2 / 28};
constexpr base::Time kAugust = sys_days{2026y / 8 / 1};
constexpr base::Time kLastOfJuly = kAugust - milliseconds{1};

Event tokens(std::int64_t in, std::int64_t out, std::int64_t cache_read = 0,
             std::int64_t cache_write = 0) {
  Event event;
  event.tokens_in = in;
  event.tokens_out = out;
  event.cache_read_tokens = cache_read;
  event.cache_write_tokens = cache_write;
  return event;
}

/// USD per million tokens of each of the four kinds; empty when the model is unknown. Small enough
/// a prompt for the base price.
std::vector<double> rates(const Pricing& pricing, std::string_view model, base::Time at) {
  std::vector<double> rates;
  for (const Event& event :
       {tokens(100'000, 0), tokens(0, 100'000), tokens(0, 0, 100'000), tokens(0, 0, 0, 100'000)})
    if (const auto cost = pricing.cost(model, event, at)) rates.push_back(*cost * 10);
  return rates;
}

MATCHER_P4(AreRates, input, output, cache_read, cache_write, "") {
  return testing::ExplainMatchResult(
      testing::ElementsAre(testing::DoubleEq(input), testing::DoubleEq(output),
                           testing::DoubleEq(cache_read), testing::DoubleEq(cache_write)),
      arg, result_listener);
}

class BuiltinPricingTest : public testing::Test {
 protected:
  std::optional<double> cost(std::string_view model, const Event& event,
                             base::Time at = kFebruary) const {
    return pricing_.cost(model, event, at);
  }
  std::vector<double> rates_of(std::string_view model, base::Time at) const {
    return rates(pricing_, model, at);
  }
  bool known(std::string_view model, base::Time at = kFebruary) const {
    return cost(model, tokens(1, 1), at).has_value();
  }

  const Pricing& pricing_ = Pricing::builtin();
};

TEST_F(BuiltinPricingTest, PublishedExamplesCostTheSameInBothTables) {
  for (base::Time at : {kFebruary, kAugust}) {
    EXPECT_EQ(cost("claude-sonnet-4-5", tokens(1'000'000, 1'000'000), at), 18.0);
    EXPECT_DOUBLE_EQ(
        cost("anthropic/claude-sonnet-4-5-20250929", tokens(1200, 300, 5000, 800), at).value(),
        0.0126);
    EXPECT_EQ(cost("openai/o3", tokens(250'000, 125'000), at), 1.5);
    EXPECT_EQ(cost("no-such-model", tokens(10, 10), at), std::nullopt);
  }
}

TEST_F(BuiltinPricingTest, ZeroTokensCostZero) { EXPECT_EQ(cost("o3", tokens(0, 0)), 0.0); }

TEST_F(BuiltinPricingTest, PricesChangeAtTheStartOfAugust) {
  EXPECT_THAT(rates_of("o3", kLastOfJuly), AreRates(2, 8, 1, 2));
  EXPECT_THAT(rates_of("o3", kAugust), AreRates(2, 8, 0.5, 0));
  EXPECT_THAT(rates_of("claude-opus-4-6", kLastOfJuly), AreRates(15, 75, 1.5, 18.75));
  EXPECT_THAT(rates_of("claude-opus-4-6", kAugust), AreRates(5, 25, 0.5, 6.25));
  EXPECT_THAT(rates_of("haiku", kLastOfJuly), AreRates(0.8, 4, 0.08, 1));
  EXPECT_THAT(rates_of("haiku", kAugust), AreRates(1, 5, 0.1, 1.25));
}

TEST_F(BuiltinPricingTest, AModelOfTheOlderTableKeepsItsPrice) {
  for (base::Time at : {base::Time{}, kFebruary, kAugust}) {
    EXPECT_THAT(rates_of("claude-3-haiku", at), AreRates(0.25, 1.25, 0.03, 0.3));
    EXPECT_THAT(rates_of("gemini-1.5-flash-002", at), AreRates(0.075, 0.3, 0.01875, 0.075));
    EXPECT_THAT(rates_of("gpt-4-turbo", at), AreRates(10, 30, 5, 10));
  }
}

TEST_F(BuiltinPricingTest, BeforeItsFirstKnownDayAModelCostsWhatItCostThen) {
  EXPECT_THAT(rates_of("claude-opus-5", kLastOfJuly), AreRates(5, 25, 0.5, 6.25));
  EXPECT_THAT(rates_of("claude-opus-5", kAugust), AreRates(5, 25, 0.5, 6.25));
}

TEST_F(BuiltinPricingTest, AnAliasIsPricedLikeItsModel) {
  for (const char* model : {"opus", "claude-opus-4", "claude-opus-4-latest"})
    EXPECT_EQ(rates_of(model, kFebruary), rates_of("claude-opus-4-20250514", kFebruary)) << model;
  EXPECT_THAT(rates_of("Gemini 3.1 Pro (High)", kAugust), AreRates(2, 12, 0.2, 0));
}

TEST_F(BuiltinPricingTest, NamesAreExactAfterTrimming) {
  EXPECT_TRUE(known(" o3\n"));
  EXPECT_TRUE(known("\xC2\xA0openai/o3"));
  for (const char* model : {"", " ", "O3", "o3-2025", "o3-2025-04-16x", "o", "openai/", "openai"})
    EXPECT_FALSE(known(model)) << model;
}

TEST_F(BuiltinPricingTest, EachProviderPrefixIsStrippedOnceInOrder) {
  for (const char* model :
       {"anthropic/o3", "openai/o3", "google/o3", "anthropic/openai/o3", "anthropic/google/o3",
        "openai/google/o3", "anthropic/openai/google/o3"})
    EXPECT_TRUE(known(model)) << model;
  for (const char* model : {"openai/openai/o3", "openai/anthropic/o3", "google/openai/o3",
                            "OpenAI/o3", "/o3", "azure/o3", "openai/ o3"})
    EXPECT_FALSE(known(model)) << model;
}

TEST_F(BuiltinPricingTest, ATierSuppliesAllRatesOnceItsThresholdIsExceeded) {
  const auto cost_of = [](double in, double out, double read, double write, const Event& e) {
    return (static_cast<double>(e.tokens_in) * in + static_cast<double>(e.tokens_out) * out +
            static_cast<double>(e.cache_read_tokens) * read +
            static_cast<double>(e.cache_write_tokens) * write) /
           1e6;
  };
  const Event at = tokens(272'000, 10), above = tokens(272'001, 10);
  EXPECT_DOUBLE_EQ(cost("gpt-5.6", at, kAugust).value(), cost_of(5, 30, 0.5, 6.25, at));
  EXPECT_DOUBLE_EQ(cost("gpt-5.6", above, kAugust).value(), cost_of(10, 45, 1, 12.5, above));

  const Event cached_at = tokens(100'000, 10, 100'000, 72'000);
  const Event cached_above = tokens(100'000, 10, 100'000, 72'001);
  EXPECT_DOUBLE_EQ(cost("gpt-5.6-luna", cached_at, kAugust).value(),
                   cost_of(1, 6, 0.1, 1.25, cached_at));
  EXPECT_DOUBLE_EQ(cost("gpt-5.6-luna", cached_above, kAugust).value(),
                   cost_of(2, 9, 0.2, 2.5, cached_above));
}

TEST_F(BuiltinPricingTest, OutputDoesNotCountForATier) {
  EXPECT_DOUBLE_EQ(cost("gemini-2.5-pro", tokens(0, 1'000'000), kAugust).value(), 10);
}

TEST_F(BuiltinPricingTest, TiersDidNotExistBeforeAugust) {
  EXPECT_DOUBLE_EQ(cost("gemini-2.5-pro", tokens(1'000'000, 0), kLastOfJuly).value(), 1.25);
  EXPECT_DOUBLE_EQ(cost("gemini-2.5-pro", tokens(1'000'000, 0), kAugust).value(), 2.5);
}

TEST_F(BuiltinPricingTest, CountsPastSixtyFourBitsInSumReachTheHighestTier) {
  const Event event = tokens(INT64_MAX, 0, INT64_MAX, INT64_MAX);
  EXPECT_DOUBLE_EQ(cost("gemini-2.5-pro", event, kAugust).value(),
                   static_cast<double>(INT64_MAX) * (2.5 + 0.25) / 1e6);
}

class PricingTableTest : public testing::Test {
 protected:
  static constexpr std::string_view kHeader =
      "provider,model,aliases,from,above_tokens,input,output,cache_read,cache_write,"
      "cache_write_1h,reasoning,deprecated\n";

  static base::Result<Pricing> parse(std::string_view rows) {
    return Pricing::parse(std::string(kHeader).append(rows));
  }
  /// Empty where the table is accepted.
  static std::string refusal(std::string_view rows) {
    const auto parsed = parse(rows);
    if (parsed) return "";
    EXPECT_EQ(parsed.error().code, base::Errc::invalid_argument);
    return parsed.error().what;
  }
};

TEST_F(PricingTableTest, AnEmptyTableKnowsNoModel) {
  const auto pricing = parse("");
  ASSERT_TRUE(pricing.ok());
  EXPECT_EQ(pricing->cost("", tokens(1, 1), kAugust), std::nullopt);
}

TEST_F(PricingTableTest, TheHighestTierThatIsExceededHolds) {
  const auto pricing = parse(
      "p,m,,1970-01-01,,1,0,0,0,,,\n"
      "p,m,,1970-01-01,100,2,0,0,0,,,\n"
      "p,m,,1970-01-01,200,3,0,0,0,,,\n");
  ASSERT_TRUE(pricing.ok()) << pricing.error().what;
  for (const auto& [prompt, usd] : {std::pair{100, 1}, {101, 2}, {200, 2}, {201, 3}})
    EXPECT_DOUBLE_EQ(pricing->cost("m", tokens(prompt, 0), kAugust).value(), prompt * usd / 1e6);
}

TEST_F(PricingTableTest, AliasesMayStandInAnyRowOfTheModel) {
  const auto pricing = parse("p,m,a;b c,1970-01-01,,1,0,0,0,,,\np,m,d,2026-01-01,,1,0,0,0,,,yes");
  ASSERT_TRUE(pricing.ok()) << pricing.error().what;
  for (const char* name : {"m", "a", "b c", "d"})
    EXPECT_TRUE(pricing->cost(name, tokens(1, 1), kAugust)) << name;
}

TEST_F(PricingTableTest, WhatIsNoTableIsRefusedWithItsLine) {
  constexpr const char* kGood = "p,m,,2026-01-01,,1,2,3,4,,,\n";
  const std::pair<const char*, const char*> cases[] = {
      {"p,n,,2026-01-01,,1,2,3,4", "number of columns '9'"},
      {"p,n,,2026-01-01,,1,2,3,4,,", "number of columns '11'"},
      {"\n", "number of columns '1'"},
      {",n,,2026-01-01,,1,2,3,4,,,", "provider ''"},
      {"p,,,2026-01-01,,1,2,3,4,,,", "empty or repeated name ''"},
      {"p,n,a;a,2026-01-01,,1,2,3,4,,,", "empty or repeated name 'a'"},
      {"p,n,m,2026-01-01,,1,2,3,4,,,", "empty or repeated name 'm'"},
      {"p,n,a;;b,2026-01-01,,1,2,3,4,,,", "empty or repeated name ''"},
      {"p,n,,2026-02-30,,1,2,3,4,,,", "from '2026-02-30'"},
      {"p,n,,2026,,1,2,3,4,,,", "from '2026'"},
      {"p,n,,,,1,2,3,4,,,", "from ''"},
      {"p,n,,2026-01-01,,x,2,3,4,,,", "input 'x'"},
      {"p,n,,2026-01-01,,1,-2,3,4,,,", "output '-2'"},
      {"p,n,,2026-01-01,,1,2,,4,,,", "cache_read ''"},
      {"p,n,,2026-01-01,,1,2,3,inf,,,", "cache_write 'inf'"},
      {"p,n,,2026-01-01,,1,2,3,4 ,,,", "cache_write '4 '"},
      {"p,n,,2026-01-01,,1,2,3,4,,,no", "deprecated 'no'"},
      {"p,n,,2026-01-01,-1,1,2,3,4,,,", "above_tokens '-1'"},
      {"p,n,,2026-01-01,9k,1,2,3,4,,,", "above_tokens '9k'"},
      {"p,n,,2026-01-01,9,1,2,3,4,,,", "tier out of order '9'"},
      {"p,m,,2026-01-02,9,1,2,3,4,,,", "tier out of order '9'"},
      {"p,m,,2026-01-01,,1,2,3,4,,,", "from out of order '2026-01-01T00:00:00.000Z'"},
      {"p,m,,2025-01-01,,1,2,3,4,,,", "from out of order '2025-01-01T00:00:00.000Z'"}};
  EXPECT_EQ(refusal(kGood), "");
  for (const auto& [row, what] : cases)
    EXPECT_EQ(refusal(std::string(kGood) + row), std::string("line 3: ") + what) << row;
}

TEST_F(PricingTableTest, RowsOfOneModelStandTogether) {
  EXPECT_EQ(refusal("p,m,,2026-01-01,,1,2,3,4,,,\np,n,,2026-01-01,,1,2,3,4,,,\n"
                    "p,m,,2026-02-01,,1,2,3,4,,,\n"),
            "line 4: empty or repeated name 'm'");
}

TEST_F(PricingTableTest, WhatHasAPriceOfItsOwnIsTakenOutOfTheSumItIsPartOf) {
  const auto pricing = parse("p,m,,1970-01-01,,1,10,0.1,2,4,20,\n");
  ASSERT_TRUE(pricing.ok()) << pricing.error().what;
  Event event = tokens(1'000'000, 1'000'000, 400'000, 1'000'000);
  event.cache_write_1h_tokens = 250'000;
  event.reasoning_tokens = 500'000;
  const double others = 5 + 10 + 0.04 + 1.5 + 1;
  EXPECT_DOUBLE_EQ(pricing->cost("m", event, kAugust).value(), 1 + others);
  event.input_includes_cache = true;
  EXPECT_DOUBLE_EQ(pricing->cost("m", event, kAugust).value(), 0.6 + others);
}

TEST_F(PricingTableTest, AQuoteAddsUpToTheCost) {
  const auto pricing = parse("p,m,,1970-01-01,,1,10,0.1,2,4,20,\np,m,,1970-01-01,100,3,9,1,1,,,\n");
  ASSERT_TRUE(pricing.ok()) << pricing.error().what;
  Event event = tokens(60, 30, 50);
  event.reasoning_tokens = 10;
  const auto quote = pricing->explain("openai/m", event, kAugust);
  ASSERT_TRUE(quote);
  EXPECT_EQ(quote->model, "m");
  EXPECT_EQ(quote->above_tokens, 100);
  double sum = 0;
  std::string lines;
  for (const Quote::Line& line : quote->lines) {
    sum += line.usd;
    lines.append(line.what).append(" ");
  }
  EXPECT_EQ(lines, "input output reasoning cache read ");
  EXPECT_DOUBLE_EQ(sum, quote->usd);
  EXPECT_DOUBLE_EQ(quote->usd, (60 * 3 + 20 * 9 + 10 * 9 + 50) / 1e6);
  EXPECT_FALSE(pricing->explain("n", event, kAugust));
}

TEST_F(PricingTableTest, AnOverrideReplacesAModelUnderAllItsNames) {
  const auto builtin = parse("p,m,a;b,1970-01-01,,1,1,1,1,,,\np,n,c,1970-01-01,,2,2,2,2,,,\n");
  const auto own = parse("p,m,d,1970-01-01,,7,7,7,7,,,\np,x,c,1970-01-01,,8,8,8,8,,,\n");
  ASSERT_TRUE(builtin.ok() && own.ok());
  const Pricing merged = builtin->with(*own);
  for (const auto& [name, usd] :
       {std::pair{"m", 7}, {"a", 7}, {"b", 7}, {"d", 7}, {"n", 2}, {"c", 8}, {"x", 8}})
    EXPECT_DOUBLE_EQ(merged.cost(name, tokens(1'000'000, 0), kAugust).value(), usd) << name;
}

TEST_F(PricingTableTest, TheHeaderIsRequired) {
  for (const char* csv : {"", "provider,model\n", "p,m,,2026-01-01,,1,2,3,4,,,\n"})
    EXPECT_THAT(Pricing::parse(csv).error().what, testing::StartsWith("line 1: not 'provider,"));
}

}  // namespace
}  // namespace monitor
