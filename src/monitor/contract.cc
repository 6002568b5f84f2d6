#include "monitor/contract.h"

#include <array>
#include <chrono>
#include <cmath>
#include <utility>

#include "base/json_writer.h"
#include "base/text.h"
#include "base/time_text.h"
#include "monitor/metadata.h"

// An event is read in two steps: one pass over its members puts each known one into its place, the
// last of equal names wins; then the places are checked in the order in which problems are told.

namespace monitor {
namespace {

using base::json::Document;
using base::json::Kind;
using base::json::Member;
using base::json::Value;

enum class Field : std::uint8_t {
  session_id,
  agent_type,
  event_type,
  status,
  event_id,
  tool_name,
  branch,
  project,
  model,
  duration_ms,
  tokens_in,
  tokens_out,
  cache_read_tokens,
  cache_write_tokens,
  cost_usd,
  client_timestamp,
  source,
  metadata,
};

// In the order of the enumerators.
constexpr auto kFieldNames = std::to_array<std::string_view>(
    {"session_id", "agent_type", "event_type", "status", "event_id", "tool_name", "branch",
     "project", "model", "duration_ms", "tokens_in", "tokens_out", "cache_read_tokens",
     "cache_write_tokens", "cost_usd", "client_timestamp", "source", "metadata"});
static_assert(kFieldNames.size() == static_cast<std::size_t>(Field::metadata) + 1);

constexpr std::string_view kNotAnObject = "must be a JSON object";
constexpr std::string_view kNotAString = "must be a string";
constexpr std::string_view kBlank = "must be a non-empty string";
constexpr std::string_view kNotAnOptionalString = "must be a string when provided";
constexpr std::string_view kNotACount = "must be a non-negative integer when provided";
constexpr std::string_view kNotACost = "must be a non-negative number when provided";
constexpr std::string_view kNotATimestampString = "must be an ISO timestamp string when provided";
constexpr std::string_view kNotATimestamp = "must be a valid timestamp";
constexpr std::string_view kUnknownStatus = "must be one of: success, error, timeout";
// The text of the contract's first version, which clients compare: it does not name the later
// instruction_load, which is taken all the same.
constexpr std::string_view kUnknownType =
    "must be one of: tool_use, session_start, session_end, error, llm_request, llm_response, "
    "response, file_change, git_commit, plan_step, user_prompt";

constexpr int kMaxRounds = 3;  // of JSON inside JSON strings

/// Distinct for every field name; any other name shares its slot with one at most.
constexpr std::size_t kSlots = 64;
constexpr std::size_t slot(std::string_view name) {
  return (name.size() + static_cast<unsigned char>(name.front()) * 11u +
          static_cast<unsigned char>(name.back()) * 5u) %
         kSlots;
}

constexpr std::uint8_t kNoField = 0xFF;
constexpr std::array<std::uint8_t, kSlots> kFieldOfSlot = [] {
  std::array<std::uint8_t, kSlots> table{};
  table.fill(kNoField);
  for (std::size_t i = 0; i < kFieldNames.size(); ++i) {
    std::uint8_t& entry = table[slot(kFieldNames[i])];
    if (entry != kNoField) throw "two fields in one slot";  // stops the compiler
    entry = static_cast<std::uint8_t>(i);
  }
  return table;
}();

/// The members of an event that are there and not null, and what is wrong with them.
class Reader {
 public:
  explicit Reader(const Value& object) {
    for (const Member& member : object.members()) {
      if (member.key.empty()) continue;
      const std::uint8_t field = kFieldOfSlot[slot(member.key)];
      if (field == kNoField || kFieldNames[field] != member.key) continue;
      given_[field].reset();
      if (!member.value.is(Kind::null)) given_[field] = member.value;
    }
  }

  FieldErrors& errors() { return errors_; }
  const std::optional<Value>& given(Field field) const { return given_[index(field)]; }

  void add_error(Field field, std::string_view message) {
    errors_.push_back({std::string(kFieldNames[index(field)]), std::string(message)});
  }

  /// Trimmed; empty after an error.
  std::string_view required_text(Field field) {
    const std::optional<Value>& value = given(field);
    if (!value || !value->is(Kind::string)) {
      add_error(field, kNotAString);
      return {};
    }
    const std::string_view text = base::trim(value->text());
    if (text.empty()) add_error(field, kBlank);
    return text;
  }

  /// Trimmed; empty where it is absent and after an error.
  std::string_view optional_text(Field field) {
    const std::optional<Value>& value = given(field);
    if (!value) return {};
    if (value->is(Kind::string)) return base::trim(value->text());
    add_error(field, kNotAnOptionalString);
    return {};
  }

  EventType event_type() {
    const auto type = parse_event_type(required_text(Field::event_type));
    if (!type) add_error(Field::event_type, kUnknownType);
    return type.value_or(EventType::tool_use);
  }

  EventStatus status(EventType type) {
    const std::optional<Value>& value = given(Field::status);
    if (!value) return type == EventType::error ? EventStatus::error : EventStatus::success;
    if (!value->is(Kind::string)) {
      add_error(Field::status, kNotAnOptionalString);
      return EventStatus::success;
    }
    const auto status = parse_event_status(value->text());
    if (!status) add_error(Field::status, kUnknownStatus);
    return status.value_or(EventStatus::success);
  }

  std::int64_t count(Field field) {
    const std::optional<Value>& value = given(field);
    if (!value) return 0;
    if (value->is(Kind::number))
      if (const auto integer = value->to_int(); integer && *integer >= 0) return *integer;
    add_error(field, kNotACount);
    return 0;
  }

  std::optional<double> cost() {
    const std::optional<Value>& value = given(Field::cost_usd);
    if (!value) return std::nullopt;
    if (value->is(Kind::number))
      if (const double cost = value->to_double(); std::isfinite(cost) && cost >= 0) return cost;
    add_error(Field::cost_usd, kNotACost);
    return std::nullopt;
  }

  std::string client_timestamp() {
    const std::optional<Value>& value = given(Field::client_timestamp);
    if (!value) return {};
    if (!value->is(Kind::string)) {
      add_error(Field::client_timestamp, kNotATimestampString);
      return {};
    }
    // A zone or a day past the end of its month can lead out of the years that ISO text has.
    using namespace std::chrono;
    constexpr base::Time kBegin = sys_days{year{0} / 1 / 1};
    constexpr base::Time kEnd = sys_days{year{10000} / 1 / 1};
    const auto time = base::parse_date(value->text());
    if (time && *time >= kBegin && *time < kEnd) return base::to_iso_ms(*time);
    add_error(Field::client_timestamp, kNotATimestamp);
    return {};
  }

 private:
  static constexpr std::size_t index(Field field) { return static_cast<std::size_t>(field); }

  std::array<std::optional<Value>, kFieldNames.size()> given_;
  FieldErrors errors_;
};

}  // namespace

ParsedEvent parse_event(const Value& body, const ContractLimits& limits) {
  if (!body.is(Kind::object)) return FieldErrors{{"body", std::string(kNotAnObject)}};

  ParsedEvent parsed;
  Event& event = *std::get_if<Event>(&parsed);
  Reader reader(body);
  event.session_id = reader.required_text(Field::session_id);
  event.agent_type = reader.required_text(Field::agent_type);
  event.event_type = reader.event_type();
  event.status = reader.status(event.event_type);
  event.event_id = reader.optional_text(Field::event_id);
  event.tool_name = reader.optional_text(Field::tool_name);
  event.branch = reader.optional_text(Field::branch);
  event.project = reader.optional_text(Field::project);
  event.model = reader.optional_text(Field::model);
  event.duration_ms = reader.count(Field::duration_ms);
  event.tokens_in = reader.count(Field::tokens_in);
  event.tokens_out = reader.count(Field::tokens_out);
  event.cache_read_tokens = reader.count(Field::cache_read_tokens);
  event.cache_write_tokens = reader.count(Field::cache_write_tokens);
  event.cost_usd = reader.cost();
  event.client_timestamp = reader.client_timestamp();
  if (const auto source = reader.optional_text(Field::source); !source.empty())
    event.source = source;
  if (!reader.errors().empty()) return std::move(reader.errors());

  if (const auto& metadata = reader.given(Field::metadata)) {
    StoredMetadata stored = to_stored_metadata(*metadata, limits.max_metadata_bytes);
    event.metadata = std::move(stored.json);
    event.payload_truncated = stored.truncated;
  } else {
    event.payload_truncated = limits.max_metadata_bytes < event.metadata.size();
  }
  return parsed;
}

Value recover_json(std::string_view body, Document& document) {
  std::string inner;  // of a JSON string: the document forgets it when it parses again
  std::string_view text = base::trim(body);
  for (int round = 0; round < kMaxRounds; ++round) {
    if (const auto parsed = document.parse(text)) {
      if (!parsed->is(Kind::string)) return *parsed;
      const std::string_view content = base::trim(parsed->text());
      if (!content.starts_with('{') && !content.starts_with('[')) return *parsed;
      inner = content;
      text = inner;
    } else if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"')) {
      text = base::trim(text.substr(1, text.size() - 2));
    } else {
      break;
    }
  }
  return document.parse("\"\"").value();
}

std::string to_json(const FieldErrors& errors) {
  std::string out;
  base::json::Writer json(out);
  json.begin_object().key("error").value("Invalid event payload").key("details").begin_array();
  for (const FieldError& error : errors)
    json.begin_object()
        .key("field")
        .value(error.field)
        .key("message")
        .value(error.message)
        .end_object();
  json.end_array().end_object();
  return out;
}

}  // namespace monitor
