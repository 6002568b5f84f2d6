#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json_reader.h"
#include "tasks/model.h"
#include "tasks/state_machine.h"
#include "tasks/store.h"

/// What clients send, checked: docs/api.md, "Tasks". A member that is null counts as absent; what
/// is not known is ignored.
namespace tasks {

/// What is wrong with one member of a body.
struct Issue {
  std::vector<std::string> path;  // the names and positions that lead to it
  std::string code;               // `invalid_type`, `invalid_value`, `required`
  std::string message;            // names the member
};
using Issues = std::vector<Issue>;

template <class T>
using Checked = std::variant<T, Issues>;

/// `{"error":TEXT,"issues":[…]}`
std::string to_json(const Issues& issues);

/// The body of POST /tasks as a task without times; its id is empty when none is given.
Checked<Task> parse_task(const base::json::Value& body);

/// The body of PATCH /tasks/{taskId}/status.
Checked<Transition> parse_transition(const base::json::Value& body);

/// An event, or an array of events: the body of POST /tasks/{taskId}/events.
struct Publication {
  std::vector<NewEvent> events;
  bool is_array = false;
  bool fails_fast = false;  // `seqMode` of the first event that has a number
};
Checked<Publication> parse_publication(const base::json::Value& body);

/// The body of POST /tasks/{taskId}/resolve: the result that the task goes on with.
Checked<Json> parse_resolution(const base::json::Value& body);

/// Whether it can be the body of POST /tasks/{taskId}/storage/release.
bool is_release(const base::json::Value& body);

/// The body of POST /tasks/import. `invalid_argument` says what an archive has to be.
struct Import {
  Archive archive;
  bool overwrite = false;
};
base::Result<Import> parse_import(const base::json::Value& body);

}  // namespace tasks
