#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "base/json_writer.h"
#include "command.h"
#include "local_ledger.h"
#include "monitor/verify.h"
#include "progress_bar.h"
#include "terminal_text.h"

namespace app {
namespace {

using monitor::Verification;
using Kind = Verification::Difference::Kind;

class Progress : public monitor::ImportObserver {
 public:
  void begin(std::size_t, std::uint64_t bytes) override { bar_.set_total(bytes); }
  void progress(std::uint64_t bytes) override { bar_.advance(bytes); }

 private:
  ProgressBar bar_{"verify "};
};

const char* name(Kind kind) {
  switch (kind) {
    case Kind::missing:
      return "missing";
    case Kind::changed:
      return "changed";
    case Kind::extra:
      break;
  }
  return "extra";
}

void print(const Verification& v) {
  for (const auto& d : v.differences)
    std::printf("%-8s %s%s%s  %s\n", name(d.kind), printable(d.what).c_str(),
                d.field.empty() ? "" : " ", d.field.c_str(), printable(d.path).c_str());
  std::printf("%lld files, %lld events: %lld missing, %lld changed, %lld extra",
              static_cast<long long>(v.files), static_cast<long long>(v.events),
              static_cast<long long>(v.missing), static_cast<long long>(v.changed),
              static_cast<long long>(v.extra));
  if (v.lines.broken + v.lines.too_long > 0)
    std::printf("; %llu of %llu lines unreadable",
                static_cast<unsigned long long>(v.lines.broken + v.lines.too_long),
                static_cast<unsigned long long>(v.lines.lines));
  if (v.unreadable_files > 0)
    std::printf("; %lld files unreadable", static_cast<long long>(v.unreadable_files));
  std::printf("\n");
  if (v.missing > 0) std::printf("Bring in what is missing with: sightline import --force\n");
}

void print_json(const Verification& v) {
  std::string out;
  base::json::Writer json(out);
  json.begin_object().key("equal").value(v.is_equal()).key("files").value(v.files);
  json.key("unreadableFiles").value(v.unreadable_files).key("events").value(v.events);
  json.key("missing").value(v.missing).key("changed").value(v.changed);
  json.key("extra").value(v.extra).key("lines").value(v.lines.lines);
  json.key("brokenLines").value(v.lines.broken).key("tooLongLines").value(v.lines.too_long);
  json.key("differences").begin_array();
  for (const auto& d : v.differences) {
    json.begin_object().key("kind").value(name(d.kind)).key("what").value(d.what);
    json.key("field").value_or_null(d.field).key("path").value(d.path).end_object();
  }
  json.end_array().end_object();
  std::printf("%s\n", out.c_str());
}

struct Arguments {
  std::string claude_dir, codex_dir;
  bool as_json = false;
};

int verify(const Config& config, const Arguments& given) {
  auto db = open_to_read(config);
  if (!db) return complain(db.error());
  Progress progress;
  const agents::Places places = log_places(given.claude_dir, given.codex_dir);
  const auto result =
      monitor::verify_import(*db, places, config.monitor_settings().max_metadata_bytes, progress);
  if (!result) return complain(result.error());
  given.as_json ? print_json(*result) : print(*result);
  return result->is_equal() ? kDone : kFailed;
}

}  // namespace

void add_verify_command(CLI::App& cli, Action& action) {
  CLI::App* command =
      cli.add_subcommand("verify", "compare the agents' logs with what is stored; 1: they differ");
  auto flags = std::make_shared<ConfigFlags>(*command, ConfigFlags::Offer::client_keys);
  auto given = std::make_shared<Arguments>();
  offer_log_places(*command, given->claude_dir, given->codex_dir);
  command->add_flag("--json", given->as_json, "print JSON");
  command->callback([&action, flags, given] {
    action = [flags, given] {
      const auto config = flags->load();
      return config ? verify(*config, *given) : complain(config.error());
    };
  });
}

}  // namespace app
