#pragma once

#include <array>
#include <string>

#include "agents/record.h"
#include "reader_state.h"

namespace agents {

/// A record of a conversation that waits for more, with the texts that it looks at. `data` and
/// `context` are left out, names longer than kMaxNameBytes cut.
class HeldRecord {
 public:
  HeldRecord() = default;
  explicit HeldRecord(const Record& record);

  /// Valid until this one is changed or ends.
  Record view() const;
  std::string_view text_of(std::string_view Record::*text) const;
  void set(std::string_view Record::*text, std::string_view value);
  /// What is no text; the views of it are empty.
  Record& rest() { return rest_; }

  std::size_t bytes() const;
  void save(StateWriter& state) const;
  static HeldRecord load(StateReader& state);

 private:
  static constexpr std::size_t kTextCount = 18;
  static const std::array<std::string_view Record::*, kTextCount> kTexts;

  std::string& at(std::string_view Record::*text);

  std::array<std::string, kTextCount> texts_;  // in the order of kTexts
  Record rest_;
};

void save_usage(StateWriter& state, const Usage& usage);
Usage load_usage(StateReader& state);

/// What came since `before`; a count that fell has begun anew, and says nothing about this step.
Usage difference(const Usage& now, const Usage& before);

}  // namespace agents
