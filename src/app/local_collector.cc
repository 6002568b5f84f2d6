#include "local_collector.h"

#include "agents/discovery.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "collection.h"
#include "command.h"
#include "process_memory.h"

namespace app {
namespace {

using base::Task;

/// Goes on at another executor.
struct Hop {
  base::Executor& to;
  bool await_ready() const { return to.is_current(); }
  void await_suspend(std::coroutine_handle<> coroutine) const { to.resume({coroutine}); }
  void await_resume() const {}
};

collector::Follower::Options options_for(std::vector<agents::Location> locations) {
  collector::Follower::Options options;
  options.locations = std::move(locations);
  options.readers.default_model =
      agents::codex_default_model(agents::Places::of(environment).codex_home);
  // It looks around every minute, and reads nothing when there is nothing new.
  options.at_rest = [is_first = true]() mutable {
    std::exchange(is_first, false) ? release_idle_memory() : release_free_memory();
  };
  return options;
}

}  // namespace

LocalCollector::LocalCollector(Parts parts, std::vector<agents::Location> locations)
    : parts_(parts),
      sink_(parts.ledger, parts.readers, monitor::ContractLimits{parts.max_metadata_bytes},
            base::Clock::system()),
      watcher_(watcher_for(parts.thread)),
      follower_({parts.thread, parts.pool, *watcher_, sink_, parts.metrics},
                options_for(std::move(locations))) {}

void LocalCollector::start() {
  parts_.thread.post([this] { run().detach(); });
}

Task<void> LocalCollector::run() {
  auto started = co_await follower_.start();
  if (!started && started.error().code != base::Errc::cancelled)
    base::log::error("collector: {}", started.error().what);
  started_.set_value();
}

void LocalCollector::stop() {
  follower_.cancel();
  started_.get_future().wait();
  std::promise<void> ended;
  parts_.thread.post([this, &ended] { end(ended).detach(); });
  ended.get_future().wait();
}

Task<void> LocalCollector::end(std::promise<void>& ended) {
  co_await follower_.stop();
  ended.set_value();
}

void LocalCollector::add_to(net::Router& router) {
  router.get("/api/collector", [this](net::Request& request) { return get_collector(request); });
}

Task<net::Response> LocalCollector::get_collector(net::Request&) {
  base::Executor& here = *base::Executor::current();
  Hop there{parts_.thread};
  co_await there;
  std::string body = to_json(follower_.status());
  Hop back{here};
  co_await back;
  co_return net::Response::json(200, std::move(body));
}

std::string to_json(const collector::FollowerStatus& status) {
  std::string out;
  base::json::Writer json(out);
  json.begin_object().key("agents").begin_array();
  std::uint64_t files = 0, behind = 0;
  for (const collector::AgentProgress& agent : status.agents) {
    files += agent.files;
    behind += agent.behind;
    if (agent.sources == 0 && agent.files == 0) continue;
    json.begin_object().key("agent").value(agents::short_name(agent.agent));
    json.key("sources").value(agent.sources).key("files").value(agent.files);
    json.key("bytes").value(agent.bytes).key("lag_bytes").value(agent.behind);
    json.key("events").value(agent.items).key("broken").value(agent.broken);
    json.key("failures").value(agent.failures);
    json.key("last_failure").value_or_null(agent.last_failure).end_object();
  }
  json.end_array().key("files").value(files).key("lag_bytes").value(behind);
  json.key("files_waiting").value(status.waiting);
  json.key("history").begin_object().key("bytes").value(status.history_bytes);
  json.key("done_bytes").value(status.history_done);
  json.key("is_done").value(status.history_is_done).end_object();
  json.key("watched_folders").value(status.watched_folders);
  json.key("is_polling").value(status.is_polling).end_object();
  return out;
}

}  // namespace app
