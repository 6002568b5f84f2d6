#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "monitor/otlp.h"

/// What the mappings of all signals share: reading attributes, and who sent them.
namespace monitor::otlp {

using Names = std::initializer_list<std::string_view>;

/// The first attribute of this name; null when there is none.
const Value* find(const Attributes& attributes, std::string_view name);

/// As text: a string, or a number in digits. Empty for everything else.
std::string to_text(const Value& value);
/// As a number: a number, or the one that a string begins with.
std::optional<double> to_number(const Value& value);

/// The first of the named attributes that has a text or a number.
std::string text_of(const Attributes& attributes, Names names);
std::optional<double> number_of(const Attributes& attributes, Names names);

bool is_one_of(std::span<const std::string_view> names, std::string_view name);

/// A count of tokens or milliseconds: without its fraction; 0 unless it is in [0, 2^53].
std::int64_t to_count(std::optional<double> number);
/// A cost: nothing when it is negative or infinite.
std::optional<double> to_cost(std::optional<double> number);

/// ISO text; empty for 0.
std::string to_timestamp(std::uint64_t unix_nano);

/// `codex`, `claude_code`, the name of the service, or `unknown`.
std::string agent_type_of(const Attributes& resource);

/// What all records of one resource have in common, looked up once.
struct Sender {
  explicit Sender(const Attributes& resource);

  std::string agent_type;
  std::string session_id;
  std::string conversation_id;  // gen_ai.conversation.id
  std::string project, branch, model;
  bool is_codex() const { return agent_type == "codex"; }
};

/// The session of a record or span. Of the two sources the contract knows the first only.
struct SessionId {
  std::string by_contract;
  std::string by_convention;  // what exporters send: session.id or gen_ai.conversation.id
};
SessionId session_of(const Attributes& attributes, const Sender& sender);

/// Sets the metadata, cut to the limit.
void store_metadata(Event& event, const base::json::Value& metadata, const ContractLimits& limits);

/// Compact JSON.
void append_json(std::string& out, const Value& value);

}  // namespace monitor::otlp
