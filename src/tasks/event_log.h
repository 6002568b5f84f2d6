#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "tasks/model.h"

namespace tasks {

/// The events of one task in memory: an event costs its bytes and about 40 more.
///
/// Texts lie behind one another in blocks that grow with the log; what `erase` leaves behind is
/// given back once it is more than what counts.
class EventLog {
 public:
  /// `event.index` is above all others.
  void append(const Event& event);
  /// The event with this index, if there is one.
  void erase(std::int64_t index);

  std::size_t size() const { return slots_.size(); }
  Event at(std::size_t position) const;
  std::int64_t index_at(std::size_t position) const { return slots_[position].index; }
  base::Time timestamp_at(std::size_t position) const;
  std::string_view id_at(std::size_t position) const;

  /// The position of the first event with an index above `index`.
  std::size_t behind(std::int64_t index) const;

  std::size_t bytes() const;

 private:
  struct Slot {
    std::int64_t index;
    std::int64_t timestamp;  // ms
    std::uint32_t block;
    std::uint32_t offset;
  };
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::uint32_t size = 0, capacity = 0;
  };

  void store(Slot& slot, std::string_view encoded);
  std::string_view encoded_at(std::size_t position) const;
  void compact();

  std::vector<Slot> slots_;
  std::vector<Block> blocks_;
  std::size_t live_bytes_ = 0, dead_bytes_ = 0;
};

}  // namespace tasks
