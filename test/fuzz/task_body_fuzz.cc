#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/assert.h"
#include "base/json_reader.h"
#include "tasks/accumulation.h"
#include "tasks/requests.h"
#include "tasks/wire.h"

// No body that a client sends breaks the task server: what is refused is refused with reasons that
// are JSON, and what is accepted is written as JSON that reads again as the same.

namespace {

using base::json::Document;
using base::json::Value;

void check_json(const std::string& text) { ASSERT(Document().parse(text).ok()); }

template <class T>
const T* accepted(const tasks::Checked<T>& checked) {
  const auto* issues = std::get_if<tasks::Issues>(&checked);
  if (!issues) return &std::get<T>(checked);
  ASSERT(!issues->empty());
  check_json(tasks::to_json(*issues));
  return nullptr;
}

void check_task(const Value& json) {
  const auto parsed = tasks::parse_task(json);
  const tasks::Task* task = accepted(parsed);
  if (!task) return;
  std::string text, again;
  tasks::append_task(text, *task);
  Document document;
  const auto read = document.parse(text);
  ASSERT(read.ok());
  const auto twice = tasks::parse_task(*read);
  tasks::append_task(again, std::get<tasks::Task>(twice));
  ASSERT(again == text);
}

void check_transition(const Value& json) {
  const auto parsed = tasks::parse_transition(json);
  const tasks::Transition* transition = accepted(parsed);
  if (!transition) return;
  for (const auto from : {tasks::Status::pending, tasks::Status::running, tasks::Status::blocked}) {
    tasks::Task task;
    task.status = from;
    const auto change = tasks::change(task, *transition, base::Time{});
    if (!change) continue;
    std::string text;
    tasks::append_task(text, change->task);
    check_json(text);
    for (const tasks::NewEvent& event : change->events) check_json(event.data);
  }
}

void check_publication(const Value& json) {
  const auto parsed = tasks::parse_publication(json);
  const tasks::Publication* publication = accepted(parsed);
  if (!publication) return;
  tasks::Accumulation accumulation;
  for (const tasks::NewEvent& from : publication->events) {
    tasks::Event event;
    static_cast<tasks::NewEvent&>(event) = from;
    event.id.push_back('e');
    std::string text;
    tasks::append_envelope(text, "t", event, 0);
    check_json(text);
    accumulation.add(event);
    check_json(accumulation.data());
  }
}

void check_import(const Value& json) {
  const auto import = tasks::parse_import(json);
  if (!import) {
    ASSERT(!import.error().what.empty());
    return;
  }
  std::string text;
  tasks::append_archive_head(text, import->archive.task, base::Time{});
  for (const tasks::Event& event : import->archive.events) {
    if (text.back() != '[') text += ',';
    tasks::append_event(text, import->archive.task.id, event);
  }
  text += tasks::kArchiveEnd;
  check_json(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Document document;
  const auto json = document.parse({reinterpret_cast<const char*>(data), size});
  if (!json) return 0;
  check_task(*json);
  check_transition(*json);
  check_publication(*json);
  check_import(*json);
  accepted(tasks::parse_resolution(*json));
  return 0;
}
