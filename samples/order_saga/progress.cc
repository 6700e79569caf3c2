#include "progress.h"

#include <algorithm>
#include <unistd.h>

namespace order_saga {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kBarWidth = 12;  // the whole line fits into 80 columns
constexpr milliseconds kRedrawEvery{100};
constexpr milliseconds kLineEvery{1'000};

}  // namespace

std::string with_commas(std::int64_t number) {
  std::string text = std::to_string(number);
  const int first_digit = number < 0 ? 1 : 0;
  for (int at = static_cast<int>(text.size()) - 3; at > first_digit; at -= 3) text.insert(at, ",");
  return text;
}

std::string as_seconds(milliseconds duration) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(duration.count()) / 1'000);
  return text;
}

std::string progress_bar(std::size_t done, std::size_t total) {
  const std::size_t filled = total == 0 ? kBarWidth : kBarWidth * done / total;
  char percent[16];
  std::snprintf(percent, sizeof percent, "%3zu %%", total == 0 ? 100 : 100 * done / total);
  return "[" + std::string(filled, '#') + std::string(kBarWidth - filled, '-') + "] " + percent;
}

Progress::Progress(std::FILE* out, std::size_t orders, std::size_t ended_before)
    : out_(out),
      is_terminal_(isatty(fileno(out)) != 0),
      orders_(orders),
      ended_before_(ended_before) {}

void Progress::end() {
  if (is_terminal_) std::fputc('\n', out_);
}

void Progress::show(std::size_t ended, std::int64_t requests) {
  const auto now = Clock::now();
  if (now < next_ && ended < orders_) return;
  next_ = now + (is_terminal_ ? kRedrawEvery : kLineEvery);
  print(ended, requests, now);
}

void Progress::print(std::size_t ended, std::int64_t requests, Clock::time_point now) {
  const double seconds = std::chrono::duration<double>(now - started_).count();
  const auto here = static_cast<double>(ended - std::min(ended, ended_before_));
  const auto per_second = static_cast<std::int64_t>(here / std::max(0.1, seconds));
  std::fprintf(out_, "%s  %s  %s ended  %s orders/s  %s requests  %.1f s%s",
               is_terminal_ ? "\r" : "", progress_bar(ended, orders_).c_str(),
               with_commas(static_cast<std::int64_t>(ended)).c_str(),
               with_commas(per_second).c_str(), with_commas(requests).c_str(), seconds,
               is_terminal_ ? "\033[K" : "\n");
  std::fflush(out_);
}

}  // namespace order_saga
