#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/time_text.h"
#include "base/ulid.h"
#include "command.h"
#include "net/http_client.h"

namespace app {
namespace {

constexpr std::chrono::seconds kTimeLimit{5};

/// One event of a demo session.
struct Step {
  const char* event_type;
  const char* tool_name;  // empty: none
  const char* status;
  int tokens_in, tokens_out, duration_ms;
  const char* metadata;
};

// Every event type, as it comes in a session.
constexpr Step kSteps[] = {
    {"session_start", "", "success", 0, 0, 0, R"({"hook_source":"startup"})"},
    {"instruction_load", "", "success", 0, 0, 0, R"({"file_path":"AGENTS.md"})"},
    {"user_prompt", "", "success", 0, 0, 0, R"({"message":"make the cart remember its items"})"},
    {"plan_step", "", "success", 0, 0, 0, R"({"content_preview":"look at how carts are stored"})"},
    {"llm_request", "", "success", 0, 0, 0, "{}"},
    {"llm_response", "", "success", 5200, 420, 2900, R"({"content_preview":"I will look first."})"},
    {"tool_use", "Read", "success", 0, 0, 14, R"({"file_path":"src/cart.cc"})"},
    {"tool_use", "Edit", "success", 0, 0, 31,
     R"({"file_path":"src/cart.cc","lines_added":12,"lines_removed":3})"},
    {"file_change", "", "success", 0, 0, 0, R"({"file_path":"src/cart.cc"})"},
    {"tool_use", "Bash", "error", 0, 0, 5400, R"({"command":"make test","error":"1 test failed"})"},
    {"error", "", "error", 0, 0, 0, R"({"error":"cart_test: expected 2 items, found 1"})"},
    {"llm_response", "", "success", 7100, 650, 4100, R"({"content_preview":"The size is wrong."})"},
    {"tool_use", "Bash", "success", 0, 0, 5100, R"({"command":"make test"})"},
    {"git_commit", "", "success", 0, 0, 0, R"({"message":"cart: keep items"})"},
    {"response", "", "success", 0, 0, 0, R"({"content_preview":"The cart remembers now."})"},
    {"session_end", "", "success", 0, 0, 0, "{}"},
};

struct Demo {
  const char* agent_type;
  const char* model;
  const char* project;
  std::size_t steps;  // fewer than all: the session goes on
};
constexpr Demo kDemos[] = {{"claude_code", "claude-sonnet-4-5", "shop", std::size(kSteps)},
                           {"claude_code", "claude-opus-4-5", "engine", 8},
                           {"codex", "gpt-5-codex", "site", 12},
                           {"gemini_cli", "gemini-2.5-pro", "api-server", 10}};

/// `{"events":[...]}`: each session a few minutes after the one before, up to now.
std::string demo_events() {
  std::string out;
  base::json::Writer json(out);
  json.begin_object().key("events").begin_array();
  const std::string run = base::UlidGenerator().next();
  base::Time at = base::Clock::system().now() - std::chrono::minutes{20};
  for (std::size_t d = 0; d < std::size(kDemos); ++d) {
    const Demo& demo = kDemos[d];
    for (std::size_t i = 0; i < demo.steps; ++i) {
      const Step& step = kSteps[i];
      at += std::chrono::seconds{15};
      json.begin_object().key("event_id").value(fmt::format("seed-{}-{}-{}", run, d, i));
      json.key("session_id").value(fmt::format("demo-{}-{}", run.substr(20), d));
      json.key("agent_type").value(demo.agent_type).key("event_type").value(step.event_type);
      if (*step.tool_name) json.key("tool_name").value(step.tool_name);
      json.key("status").value(step.status).key("project").value(demo.project);
      json.key("branch").value("main").key("tokens_in").value(step.tokens_in);
      json.key("tokens_out").value(step.tokens_out).key("duration_ms").value(step.duration_ms);
      if (step.tokens_in > 0) json.key("model").value(demo.model);
      json.key("client_timestamp").value(base::to_iso_ms(at));
      json.key("metadata").raw(step.metadata).end_object();
    }
  }
  json.end_array().end_object();
  return out;
}

int seed(const std::string& url) {
  const auto server = net::parse_http_url(url);
  if (!server) return complain(server.error());
  const auto answer =
      net::http_post(*server, "/api/events/batch", environment("SIGHTLINE_TOKEN").value_or(""),
                     demo_events(), kTimeLimit);
  if (!answer) return complain(answer.error());
  base::json::Document document;
  const auto json = document.parse(answer->body);
  const auto received =
      json && json->is(base::json::Kind::object) ? json->find("received") : std::nullopt;
  if (answer->status != 201 || !received)
    return complain(
        {base::Errc::unavailable, fmt::format("{} answers with status {}", url, answer->status)});
  std::printf("%s events in %zu sessions sent to %s\n", std::string(received->text()).c_str(),
              std::size(kDemos), url.c_str());
  return kDone;
}

}  // namespace

void add_seed_command(CLI::App& cli, Action& action) {
  CLI::App* command = cli.add_subcommand("seed", "send a few demo sessions to the server");
  auto url = std::make_shared<std::string>();
  command->add_option("--url", *url, "the server [AGENTMONITOR_URL]")
      ->default_str("http://127.0.0.1:3141");
  command->callback([&action, url] {
    action = [url] {
      const std::string set = environment("AGENTMONITOR_URL").value_or("");
      return seed(!url->empty() ? *url : !set.empty() ? set : std::string("http://127.0.0.1:3141"));
    };
  });
}

}  // namespace app
