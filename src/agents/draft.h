#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agents/record.h"

namespace agents {

/// A record in the making, and the texts that it looks at.
class Draft {
 public:
  Draft(Record::Kind kind, std::string_view native_id) {
    record.kind = kind;
    record.native_id = keep(std::string(native_id));
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  Record record;

  /// `text`, for as long as the draft.
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }

  /// A member of `data` or `context`; a later one replaces an earlier one of the same name.
  using Content = decltype(Field::value);
  void add_data(std::string_view name, Content value) { put(data_, name, value); }
  void add_context(std::string_view name, Content value) { put(context_, name, value); }
  /// The same, unless it says nothing.
  void add_data_text(std::string_view name, std::string_view text) {
    if (!text.empty()) add_data(name, text);
  }
  void add_context_text(std::string_view name, std::string_view text) {
    if (!text.empty()) add_context(name, text);
  }

  template <class Sink>
  void give(const Sink& sink) {
    record.data = data_;
    record.context = context_;
    sink(record);
  }

 private:
  static void put(std::vector<Field>& fields, std::string_view name, const Content& value) {
    for (Field& field : fields) {
      if (field.name != name) continue;
      field.value = value;
      return;
    }
    fields.push_back({name, value});
  }

  std::deque<std::string> texts_;
  std::vector<Field> data_, context_;
};

}  // namespace agents
