#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "base/json_writer.h"
#include "base/log.h"
#include "base/time_text.h"
#include "command.h"
#include "local_ledger.h"
#include "monitor/costs.h"
#include "monitor/schema.h"
#include "terminal_text.h"

namespace app {
namespace {

using base::Result;
using monitor::Apply;
using monitor::PricedEvent;
using monitor::Quote;
using monitor::Recalculation;

Result<Recalculation> recalculate(const Config& config, Apply apply) {
  TRY(const auto local, LocalLedger::open(config));
  Recalculation result;
  const monitor::Pricing& pricing = local->pricing();
  std::function<Result<void>(store::Database&)> work =
      [&result, &pricing, apply](store::Database& db) -> Result<void> {
    TRY(result, monitor::recalculate_costs(db, pricing, apply));
    return {};
  };
  TRY_OK(local->await(local->ledger().change(work, monitor::Ledger::Change::counted)));
  return result;
}

void print(const Recalculation& r, Apply apply) {
  const auto count = [](const char* what, std::int64_t events) {
    std::printf("  %-15s %lld\n", what, static_cast<long long>(events));
  };
  std::printf(apply == Apply::yes ? "Costs recalculated\n" : "Dry run: nothing was written\n");
  count("Candidates:", r.candidates);
  count(apply == Apply::yes ? "Updated:" : "Would update:", r.updated);
  count("Unchanged:", r.unchanged);
  count("Unknown model:", r.unknown);
  std::printf("  %-15s $%.4f -> $%.4f\n", "Sum:", r.usd_before, r.usd_after);
  if (apply == Apply::no && r.updated > 0)
    std::printf("Write them with: %s %s\n", program_name().c_str(),
                front() == Front::sightline ? "cost recalculate --apply" : "costs recalc");
}

void print_json(const Recalculation& r, Apply apply) {
  std::string out;
  base::json::Writer json(out);
  json.begin_object().key("dryRun").value(apply == Apply::no).key("candidates").value(r.candidates);
  json.key("updated").value(r.updated).key("unchanged").value(r.unchanged);
  json.key("unknownModel").value(r.unknown).key("usdBefore").value(r.usd_before);
  json.key("usdAfter").value(r.usd_after).end_object();
  std::printf("%s\n", out.c_str());
}

void print(const PricedEvent& event) {
  const monitor::Event& e = event.tokens;
  std::printf("event %lld  %s  session %s  %s\n", static_cast<long long>(event.id),
              printable(e.agent_type).c_str(), printable(e.session_id).c_str(),
              base::to_iso_ms(event.at).c_str());
  if (e.model.empty()) {
    std::printf("no model: unpriced\n");
  } else if (!event.quote) {
    std::printf("model %s has no price: unpriced\n", printable(e.model).c_str());
  } else {
    const Quote& quote = *event.quote;
    const std::string tier = quote.above_tokens < 0
                                 ? ""
                                 : fmt::format(", for prompts above {} tokens", quote.above_tokens);
    std::printf("model %s, priced as %s from %s%s\n", printable(e.model).c_str(),
                quote.model.c_str(), base::to_iso_ms(quote.from).substr(0, 10).c_str(),
                tier.c_str());
    for (const Quote::Line& line : quote.lines)
      std::printf("  %-16s %14.0f x $%8.4f / million = $%.10f\n", std::string(line.what).c_str(),
                  line.tokens, line.usd_per_million, line.usd);
    std::printf("  %-50s = $%.10f\n", "sum", quote.usd);
  }
  if (e.cost_usd) {
    std::printf("stored: $%.10f\n", *e.cost_usd);
  } else {
    std::printf("stored: no cost\n");
  }
}

void print_json(const PricedEvent& event) {
  std::string out;
  base::json::Writer json(out);
  json.begin_object().key("id").value(event.id).key("model").value_or_null(event.tokens.model);
  json.key("at").value(base::to_iso_ms(event.at)).key("stored_usd");
  event.tokens.cost_usd ? json.value(*event.tokens.cost_usd) : json.null();
  json.key("price");
  if (!event.quote) {
    json.null().end_object();
  } else {
    const Quote& quote = *event.quote;
    json.begin_object().key("model").value(quote.model);
    json.key("from").value(base::to_iso_ms(quote.from).substr(0, 10)).key("above_tokens");
    quote.above_tokens < 0 ? json.null() : json.value(quote.above_tokens);
    json.key("lines").begin_array();
    for (const Quote::Line& line : quote.lines) {
      json.begin_object().key("what").value(line.what).key("tokens").value(line.tokens);
      json.key("usd_per_million").value(line.usd_per_million).key("usd").value(line.usd);
      json.end_object();
    }
    json.end_array().key("usd").value(quote.usd).end_object().end_object();
  }
  std::printf("%s\n", out.c_str());
}

int explain(const Config& config, const std::string& id, bool as_json) {
  base::log::set_level(base::log::Level::error);
  const auto prices = load_prices(config);
  if (!prices) return complain(prices.error());
  auto db = open_to_read(config);
  if (!db) return complain(db.error());
  const auto event = monitor::explain_cost(*db, *prices, id);
  if (!event) return complain(event.error());
  as_json ? print_json(*event) : print(*event);
  return kDone;
}

void add_recalculate(CLI::App& cost, Action& action) {
  CLI::App* command =
      cost.add_subcommand("recalculate", "price all events anew; shows what would change");
  auto flags = std::make_shared<ConfigFlags>(*command, ConfigFlags::Offer::client_keys);
  struct Given {
    bool apply = false, as_json = false;
  };
  auto given = std::make_shared<Given>();
  command->add_flag("--apply", given->apply, "write the new costs");
  command->add_flag_callback(
      "--dry-run", [given] { given->apply = false; }, "write nothing (the default)");
  command->add_flag("--json", given->as_json, "print JSON");
  command->callback([&action, flags, given] {
    action = [flags, given] {
      const auto config = flags->load();
      if (!config) return complain(config.error());
      return recalculate_costs(*config, given->apply ? Apply::yes : Apply::no, given->as_json);
    };
  });
}

void add_explain(CLI::App& cost, Action& action) {
  CLI::App* command = cost.add_subcommand("explain", "show how the cost of an event came about");
  auto flags = std::make_shared<ConfigFlags>(*command, ConfigFlags::Offer::client_keys);
  struct Given {
    std::string id;
    bool as_json = false;
  };
  auto given = std::make_shared<Given>();
  command->add_option("EVENT", given->id, "its id or event_id")->required();
  command->add_flag("--json", given->as_json, "print JSON");
  command->callback([&action, flags, given] {
    action = [flags, given] {
      const auto config = flags->load();
      return config ? explain(*config, given->id, given->as_json) : complain(config.error());
    };
  });
}

}  // namespace

int recalculate_costs(const Config& config, Apply apply, bool as_json) {
  base::log::set_level(base::log::Level::error);
  const auto result = recalculate(config, apply);
  if (!result) return complain(result.error());
  as_json ? print_json(*result, apply) : print(*result, apply);
  return kDone;
}

void add_cost_command(CLI::App& cli, Action& action) {
  CLI::App* cost = cli.add_subcommand("cost", "what events cost, and why");
  cost->require_subcommand(1);
  add_recalculate(*cost, action);
  add_explain(*cost, action);
}

}  // namespace app
