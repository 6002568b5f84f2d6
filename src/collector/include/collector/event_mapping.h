#pragma once

#include <optional>
#include <string>

#include "agents/formats.h"
#include "agents/record.h"
#include "base/clock.h"
#include "collector/buffer_sink.h"
#include "collector/event.h"

namespace collector {

/// Makes collected events of the records of one log. Pure. Thread: one.
class EventMapping {
 public:
  struct Origin {
    agents::Agent agent{};
    agents::Format format{};
    std::string legacy_project_id;
    std::int64_t project_id = 1;
  };

  EventMapping(Origin origin, const base::Clock& clock)
      : origin_(std::move(origin)), clock_(clock) {}

  /// `place` as it is known now; it may come later than the first records.
  void set_place(Place place) { place_ = std::move(place); }

  /// Nothing when a record of this kind makes none.
  std::optional<AgentEvent> map(const agents::Record& record) const;

  /// Puts an event of `map` to where the folder belongs that the agent worked in; unless the place
  /// of the log is known, which is more.
  void settle(AgentEvent& event, const Place& place) const;
  bool is_settled() const { return place_.is_resolved(); }

 private:
  void set_context(const agents::Record& record, AgentEvent& event) const;
  void set_data(const agents::Record& record, AgentEvent& event) const;
  void set_metrics(const agents::Record& record, AgentEvent& event) const;
  bool has_contract_format() const;
  bool is_chat() const;

  Origin origin_;
  const base::Clock& clock_;
  Place place_;
};

}  // namespace collector
