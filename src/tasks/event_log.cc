#include "event_log.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

// An encoded event: one byte of flags, then texts, each its length in base 128 (low group first)
// and its bytes.
//   flags: level 2 bits, has series id, has series mode, its mode 2 bits, has field, has client
//   texts: whole length of what follows, id, type, data, series id?, field?, client id?, client
//   seq?

namespace tasks {
namespace {

constexpr std::uint32_t kFirstBlock = 512, kLargestBlock = 64 << 10;
constexpr std::size_t kWorthCompacting = 16 << 10;

constexpr unsigned kHasSeries = 1 << 2, kHasMode = 1 << 3, kHasField = 1 << 6, kHasClient = 1 << 7;
constexpr unsigned kModeShift = 4;

void put_number(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  out += static_cast<char>(number);
}

void put_text(std::string& out, std::string_view text) {
  put_number(out, text.size());
  out += text;
}

/// Reads what `encode` wrote, so it trusts it.
class Reader {
 public:
  explicit Reader(const char* at) : at_(at) {}

  unsigned byte() { return static_cast<unsigned char>(*at_++); }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const unsigned group = byte();
      value |= static_cast<std::uint64_t>(group & 0x7f) << shift;
      if (group < 0x80) return value;
    }
  }
  std::string_view text() {
    const std::size_t size = number();
    const std::string_view text(at_, size);
    at_ += size;
    return text;
  }
  const char* at() const { return at_; }

 private:
  const char* at_;
};

void encode(const Event& event, std::string& body) {
  unsigned flags = static_cast<unsigned>(event.level);
  if (event.series_id) flags |= kHasSeries;
  if (event.series_mode)
    flags |= kHasMode | static_cast<unsigned>(*event.series_mode) << kModeShift;
  if (event.series_field) flags |= kHasField;
  const bool has_client = event.client_id && event.client_seq;
  if (has_client) flags |= kHasClient;
  body += static_cast<char>(flags);
  put_text(body, event.id);
  put_text(body, event.type);
  put_text(body, event.data);
  if (event.series_id) put_text(body, *event.series_id);
  if (event.series_field) put_text(body, *event.series_field);
  if (!has_client) return;
  put_text(body, *event.client_id);
  put_number(body, static_cast<std::uint64_t>(*event.client_seq));
}

}  // namespace

void EventLog::append(const Event& event) {
  ASSERT(slots_.empty() || slots_.back().index < event.index);
  static thread_local std::string body, whole;
  body.clear();
  whole.clear();
  encode(event, body);
  put_text(whole, body);
  Slot slot{event.index, event.timestamp.time_since_epoch().count(), 0, 0};
  store(slot, whole);
  slots_.push_back(slot);
}

void EventLog::store(Slot& slot, std::string_view encoded) {
  if (blocks_.empty() || blocks_.back().capacity - blocks_.back().size < encoded.size()) {
    const std::uint32_t before = blocks_.empty() ? 0 : blocks_.back().capacity;
    const std::uint32_t usual = std::clamp(before * 2, kFirstBlock, kLargestBlock);
    const auto capacity =
        std::max<std::uint32_t>(usual, static_cast<std::uint32_t>(encoded.size()));
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(capacity), 0, capacity});
  }
  Block& block = blocks_.back();
  slot.block = static_cast<std::uint32_t>(blocks_.size() - 1);
  slot.offset = block.size;
  std::memcpy(block.bytes.get() + block.size, encoded.data(), encoded.size());
  block.size += static_cast<std::uint32_t>(encoded.size());
  live_bytes_ += encoded.size();
}

void EventLog::erase(std::int64_t index) {
  const std::size_t position = behind(index - 1);
  if (position == slots_.size() || slots_[position].index != index) return;
  const std::size_t size = encoded_at(position).size();
  live_bytes_ -= size;
  dead_bytes_ += size;
  slots_.erase(slots_.begin() + static_cast<std::ptrdiff_t>(position));
  if (dead_bytes_ > live_bytes_ && dead_bytes_ > kWorthCompacting) compact();
}

void EventLog::compact() {
  std::vector<Block> old = std::move(blocks_);
  blocks_.clear();
  live_bytes_ = dead_bytes_ = 0;
  for (Slot& slot : slots_) {
    const char* start = old[slot.block].bytes.get() + slot.offset;
    Reader reader(start);
    const std::string_view body = reader.text();
    store(slot, {start, static_cast<std::size_t>(body.data() + body.size() - start)});
  }
}

std::string_view EventLog::encoded_at(std::size_t position) const {
  const Slot& slot = slots_[position];
  const char* start = blocks_[slot.block].bytes.get() + slot.offset;
  Reader reader(start);
  const std::string_view body = reader.text();
  return {start, static_cast<std::size_t>(body.data() + body.size() - start)};
}

Event EventLog::at(std::size_t position) const {
  const Slot& slot = slots_[position];
  Reader reader(blocks_[slot.block].bytes.get() + slot.offset);
  reader.number();
  const unsigned flags = reader.byte();
  Event event;
  event.index = slot.index;
  event.timestamp = base::Time(std::chrono::milliseconds(slot.timestamp));
  event.level = static_cast<Level>(flags & 3);
  event.id = reader.text();
  event.type = reader.text();
  event.data = reader.text();
  if (flags & kHasMode) event.series_mode = static_cast<SeriesMode>((flags >> kModeShift) & 3);
  if (flags & kHasSeries) event.series_id = reader.text();
  if (flags & kHasField) event.series_field = reader.text();
  if (flags & kHasClient) {
    event.client_id = reader.text();
    event.client_seq = static_cast<std::int64_t>(reader.number());
  }
  return event;
}

base::Time EventLog::timestamp_at(std::size_t position) const {
  return base::Time(std::chrono::milliseconds(slots_[position].timestamp));
}

std::string_view EventLog::id_at(std::size_t position) const {
  Reader reader(blocks_[slots_[position].block].bytes.get() + slots_[position].offset);
  reader.number();
  reader.byte();
  return reader.text();
}

std::size_t EventLog::behind(std::int64_t index) const {
  const auto found =
      std::upper_bound(slots_.begin(), slots_.end(), index,
                       [](std::int64_t at, const Slot& slot) { return at < slot.index; });
  return static_cast<std::size_t>(found - slots_.begin());
}

std::size_t EventLog::bytes() const {
  std::size_t bytes = slots_.capacity() * sizeof(Slot) + blocks_.capacity() * sizeof(Block);
  for (const Block& block : blocks_) bytes += block.capacity;
  return bytes;
}

}  // namespace tasks
