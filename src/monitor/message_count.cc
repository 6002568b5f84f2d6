#include "message_count.h"

#include <algorithm>
#include <array>
#include <utility>

namespace monitor {
namespace {

constexpr std::array<std::pair<std::int64_t MessageCount::*, std::int64_t Event::*>, 6> kCounts = {
    {{&MessageCount::tokens_in, &Event::tokens_in},
     {&MessageCount::tokens_out, &Event::tokens_out},
     {&MessageCount::cache_read_tokens, &Event::cache_read_tokens},
     {&MessageCount::cache_write_tokens, &Event::cache_write_tokens},
     {&MessageCount::cache_write_1h_tokens, &Event::cache_write_1h_tokens},
     {&MessageCount::reasoning_tokens, &Event::reasoning_tokens}}};

bool has_tokens(const Event& event) { return event.tokens_in > 0 || event.tokens_out > 0; }

}  // namespace

Event MessageCount::step(const Event& event, const Pricing& pricing, base::Time at,
                         bool is_known) const {
  Event before = event, after = event, step = event;
  bool adds = false;
  for (const auto& [counted, given] : kCounts) {
    before.*given = this->*counted;
    after.*given = std::max(event.*given, this->*counted);
    step.*given = after.*given - this->*counted;
    adds = adds || step.*given > 0;
  }
  if (event.cost_usd) {
    if (is_known && *event.cost_usd <= cost_usd) {
      // Paid for already; no cost at all would mean that its price is not known.
      step.cost_usd = adds ? std::optional(0.0) : std::nullopt;
    } else {
      step.cost_usd = *event.cost_usd - cost_usd;
    }
  } else if (!event.model.empty() && has_tokens(after) && adds) {
    // The difference of two prices, not the price of the difference: a tier looks at the whole.
    // What was counted had no price as long as it was nothing but cache.
    const auto whole = pricing.cost(event.model, after, at);
    const auto counted =
        has_tokens(before) ? pricing.cost(event.model, before, at) : std::optional(0.0);
    if (whole && counted) step.cost_usd = std::max(*whole - *counted, 0.0);
  }
  return step;
}

void MessageCount::add(const Event& step) {
  for (const auto& [counted, given] : kCounts) this->*counted += step.*given;
  cost_usd += step.cost_usd.value_or(0);
}

bool MessageCount::has_more_tokens_than(const MessageCount& before) const {
  return std::any_of(kCounts.begin(), kCounts.end(),
                     [&](const auto& count) { return this->*count.first > before.*count.first; });
}

void MessageCount::give_back(Event& event) const {
  for (const auto& [counted, given] : kCounts) event.*given += this->*counted;
  if (event.cost_usd || cost_usd > 0) event.cost_usd = event.cost_usd.value_or(0) + cost_usd;
}

}  // namespace monitor
