#include "net/response_stream.h"

#include <fmt/format.h>

#include <utility>

namespace net {

StreamBytes::StreamBytes(std::string_view content) {
  framed_ = fmt::format("{:x}\r\n", content.size());
  head_ = framed_.size();
  size_ = content.size();
  framed_.reserve(head_ + size_ + 2);
  framed_.append(content).append("\r\n");
}

SharedBytes share(std::string_view content) { return std::make_shared<StreamBytes>(content); }

void ResponseStream::wake() {
  woken_ = true;
  notify_later();
}

void ResponseStream::notify() {
  if (!waiter_) return;
  if (!is_closed() && !is_over(waits_for_)) return;
  std::exchange(waiter_, nullptr).resume();
}

bool ResponseStream::is_over(Wait::For what) {
  if (what == Wait::For::drained) return queued_bytes() == 0;
  return std::exchange(woken_, false);
}

}  // namespace net
