#include "held_record.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"

namespace agents {
namespace {

/// These are kept as they are: their readers bound them.
bool is_long_text(std::string_view Record::*text) {
  return text == &Record::text || text == &Record::input_json || text == &Record::output_json;
}

}  // namespace

constexpr std::array<std::string_view Record::*, HeldRecord::kTextCount> HeldRecord::kTexts = {
    &Record::type,       &Record::session_id,   &Record::parent_session_id,
    &Record::message_id, &Record::request_id,   &Record::timestamp,
    &Record::branch,     &Record::model,        &Record::working_directory,
    &Record::originator, &Record::tool_name,    &Record::text,
    &Record::native_id,  &Record::tool_call_id, &Record::client_version,
    &Record::file_path,  &Record::input_json,   &Record::output_json,
};

HeldRecord::HeldRecord(const Record& record) : rest_(record) {
  for (std::size_t i = 0; i < kTextCount; ++i) {
    const std::string_view text = record.*kTexts[i];
    texts_[i] = is_long_text(kTexts[i]) ? std::string(text) : to_name(text);
    rest_.*kTexts[i] = {};
  }
  rest_.repository_url = {};
  rest_.content = rest_.input = rest_.output = rest_.error = std::nullopt;
  rest_.data = rest_.context = {};
}

Record HeldRecord::view() const {
  Record record = rest_;
  for (std::size_t i = 0; i < kTextCount; ++i) record.*kTexts[i] = texts_[i];
  return record;
}

std::string& HeldRecord::at(std::string_view Record::*text) {
  const auto found = std::find(kTexts.begin(), kTexts.end(), text);
  ASSERT(found != kTexts.end());
  return texts_[static_cast<std::size_t>(found - kTexts.begin())];
}

std::string_view HeldRecord::text_of(std::string_view Record::*text) const {
  return const_cast<HeldRecord*>(this)->at(text);
}

void HeldRecord::set(std::string_view Record::*text, std::string_view value) { at(text) = value; }

std::size_t HeldRecord::bytes() const {
  std::size_t bytes = 256;  // numbers, and the lengths of the texts
  for (const std::string& text : texts_) bytes += text.size();
  return bytes;
}

void HeldRecord::save(StateWriter& state) const {
  for (const std::string& text : texts_) state.text(text);
  state.number(static_cast<std::int64_t>(rest_.kind));
  state.number(static_cast<std::int64_t>(rest_.offset));
  state.number(static_cast<std::int64_t>(rest_.index));
  state.number(static_cast<std::int64_t>(rest_.ordinal));
  state.number(rest_.is_cut).number(rest_.is_error).number(rest_.duration_ms);
  state.number(rest_.at.has_value());
  if (rest_.at) state.number(rest_.at->time_since_epoch().count());
  state.number(rest_.cost_usd.has_value());
  if (rest_.cost_usd) state.number(std::bit_cast<std::int64_t>(*rest_.cost_usd));
  state.number(rest_.usage.has_value());
  if (rest_.usage) save_usage(state, *rest_.usage);
}

HeldRecord HeldRecord::load(StateReader& state) {
  HeldRecord held;
  for (std::string& text : held.texts_) text = state.text();
  Record& rest = held.rest_;
  rest.kind = static_cast<Record::Kind>(state.number());
  rest.offset = static_cast<std::uint64_t>(state.number());
  rest.index = static_cast<std::uint64_t>(state.number());
  rest.ordinal = static_cast<std::uint64_t>(state.number());
  rest.is_cut = state.number() != 0;
  rest.is_error = state.number() != 0;
  rest.duration_ms = state.number();
  if (state.number() != 0) rest.at = base::Time(std::chrono::milliseconds(state.number()));
  if (state.number() != 0) rest.cost_usd = std::bit_cast<double>(state.number());
  if (state.number() != 0) rest.usage = load_usage(state);
  return held;
}

void save_usage(StateWriter& state, const Usage& usage) {
  for (const std::int64_t count : {usage.input, usage.output, usage.cache_read, usage.cache_write,
                                   usage.cache_write_1h, usage.reasoning})
    state.number(count);
  state.number(usage.input_includes_cache);
}

Usage load_usage(StateReader& state) {
  Usage usage;
  for (std::int64_t* count : {&usage.input, &usage.output, &usage.cache_read, &usage.cache_write,
                              &usage.cache_write_1h, &usage.reasoning})
    *count = state.number();
  usage.input_includes_cache = state.number() != 0;
  return usage;
}

Usage difference(const Usage& now, const Usage& before) {
  Usage usage;
  for (const auto count : {&Usage::input, &Usage::output, &Usage::cache_read, &Usage::cache_write,
                           &Usage::cache_write_1h, &Usage::reasoning})
    usage.*count = std::max<std::int64_t>(now.*count - before.*count, 0);
  usage.input_includes_cache = now.input_includes_cache;
  return usage;
}

}  // namespace agents
