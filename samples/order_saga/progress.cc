#include "progress.h"

#include <algorithm>
#include <unistd.h>

namespace order_saga {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kBarWidth = 24;
constexpr milliseconds kRedrawEvery{100};
constexpr milliseconds kLineEvery{2'000};

}  // namespace

std::string with_commas(std::int64_t number) {
  std::string text = std::to_string(number);
  const int first_digit = number < 0 ? 1 : 0;
  for (int at = static_cast<int>(text.size()) - 3; at > first_digit; at -= 3) text.insert(at, ",");
  return text;
}

std::string as_seconds(milliseconds duration) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f s", static_cast<double>(duration.count()) / 1'000);
  return text;
}

std::string progress_bar(std::size_t done, std::size_t total) {
  const std::size_t filled = total == 0 ? kBarWidth : kBarWidth * done / total;
  char percent[16];
  std::snprintf(percent, sizeof percent, "%3zu %%", total == 0 ? 100 : 100 * done / total);
  return "[" + std::string(filled, '#') + std::string(kBarWidth - filled, '-') + "] " + percent;
}

Progress::Progress(std::FILE* out, std::size_t total, std::size_t done_before)
    : out_(out), is_terminal_(isatty(fileno(out)) != 0), total_(total), done_before_(done_before) {}

Progress::~Progress() {
  if (line_is_open_) std::fputc('\n', out_);
}

void Progress::show(std::size_t done) {
  const auto now = Clock::now();
  if (now < next_ && done < total_) return;
  next_ = now + (is_terminal_ ? kRedrawEvery : kLineEvery);
  print(done, now);
}

void Progress::print(std::size_t done, Clock::time_point now) {
  const double seconds = std::max(0.001, std::chrono::duration<double>(now - started_).count());
  const auto per_second =
      static_cast<std::int64_t>(static_cast<double>(done - done_before_) / seconds);
  std::fprintf(out_, "%s  %s  %s of %s orders ended  %s/s  %.1f s%s", is_terminal_ ? "\r" : "",
               progress_bar(done, total_).c_str(),
               with_commas(static_cast<std::int64_t>(done)).c_str(),
               with_commas(static_cast<std::int64_t>(total_)).c_str(),
               with_commas(per_second).c_str(), seconds, is_terminal_ ? "\033[K" : "\n");
  std::fflush(out_);
  line_is_open_ = is_terminal_;
}

}  // namespace order_saga
