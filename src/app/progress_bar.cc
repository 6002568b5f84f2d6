#include "progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace app {
namespace {

constexpr std::chrono::milliseconds kPeriod{250};
constexpr std::chrono::seconds kPatience{1};
constexpr int kCells = 20;

}  // namespace

std::string to_size(std::uint64_t bytes) {
  constexpr const char* kUnits[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  // What would be printed as 1000.0 is one of the next unit.
  while (value >= 999.95 && unit + 1 < std::size(kUnits)) value /= 1000, ++unit;
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string progress_text(std::uint64_t done, std::uint64_t total,
                          std::chrono::duration<double> elapsed) {
  done = std::min(done, total);
  const double share = total == 0 ? 1 : static_cast<double>(done) / static_cast<double>(total);
  const int filled = static_cast<int>(share * kCells);
  std::string bar;
  for (int i = 0; i < kCells; ++i) bar += i < filled ? "█" : "░";
  std::string text = fmt::format("{} {:3.0f} %  {} of {}", bar, std::floor(share * 100),
                                 to_size(done), to_size(total));
  const double rate = elapsed.count() > 0 ? static_cast<double>(done) / elapsed.count() : 0;
  if (rate >= 1)
    text += fmt::format("  {}/s  {:.0f} s left", to_size(static_cast<std::uint64_t>(rate)),
                        std::ceil(static_cast<double>(total - done) / rate));
  return text;
}

ProgressBar::ProgressBar(std::string label)
    : label_(std::move(label)), is_terminal_(::isatty(STDERR_FILENO) == 1) {}

void ProgressBar::advance(std::uint64_t bytes_done) {
  if (!is_terminal_) return;
  const auto now = Clock::now();
  if (now - begin_ < kPatience || now - drawn_ < kPeriod) return;
  drawn_ = now;
  is_shown_ = true;
  std::fprintf(stderr, "\r%s  %s\x1b[K", label_.c_str(),
               progress_text(bytes_done, total_, now - begin_).c_str());
  std::fflush(stderr);
}

void ProgressBar::clear() {
  if (!is_shown_) return;
  is_shown_ = false;
  std::fprintf(stderr, "\r\x1b[K");
  std::fflush(stderr);
}

}  // namespace app
