#pragma once

#include <string>
#include <string_view>

#include "tasks/model.h"

namespace tasks {

/// What an `accumulate` series has grown to: the text that its events' members `field` make when
/// they are put one behind the other, in the data of the newest event.
///
/// An event whose data is no object, or whose member is no string, begins anew: the accumulation is
/// that event as it is. So does the one after it.
/// Cost: adding an event is O(its size); the text is kept once, escaped as JSON wants it.
class Accumulation {
 public:
  /// Takes the next event of the series.
  void add(const Event& event);

  /// The newest event, with the whole text in its data. Not before the first `add`.
  Event event() const;
  /// The data of that event alone.
  Json data() const;

  bool is_empty() const { return newest_.id.empty(); }
  std::int64_t index() const { return newest_.index; }
  std::size_t bytes() const { return newest_.data.size() + text_.size(); }

 private:
  Event newest_;           // its data without the text of the member, when `is_text_`
  std::size_t place_ = 0;  // where in that data the text belongs
  std::string text_;       // escaped, without quotes
  bool is_text_ = false;
};

}  // namespace tasks
