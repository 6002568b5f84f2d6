#include "task_frames.h"

#include "base/json_writer.h"

namespace app {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kNoLine = "\r\n\0"sv;

}  // namespace

void append_event_frame(std::string& out, std::string_view task_id, const tasks::Event& event,
                        bool is_wrapped, std::int64_t number, tasks::EventView view) {
  out += "event: taskcast.event\ndata: ";
  if (is_wrapped) {
    tasks::append_envelope(out, task_id, event, number, view);
  } else {
    tasks::append_event(out, task_id, event, view);
  }
  // The id of an imported event may be any text, but a line of the stream holds no line end.
  if (event.id.find_first_of(kNoLine) == std::string::npos) out.append("\nid: ").append(event.id);
  out += "\n\n";
}

void append_done_frame(std::string& out, tasks::Status status) {
  out += "event: taskcast.done\ndata: {\"reason\":\"";
  out += tasks::name(status);
  out += "\"}\n\n";
}

std::string view_of(const TaskStreamQuery& query) {
  std::string view;
  base::json::Writer json(view);
  const auto list = [&json](const std::vector<std::string>& items) {
    json.begin_array();
    for (const std::string& item : items) json.value(item);
    json.end_array();
  };
  json.begin_array().value(query.is_wrapped).value(query.format == SeriesFormat::accumulated);
  json.value(query.filter.include_status).value(query.since_index.value_or(-1));
  if (query.filter.types) list(query.filter.types->patterns());
  json.value(query.filter.levels.has_value());
  if (query.filter.levels) list(*query.filter.levels);
  json.end_array();
  return view;
}

}  // namespace app
