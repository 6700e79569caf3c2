// Shows how far the work has come.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

namespace order_saga {

std::string with_commas(std::int64_t number);                   // 12,345
std::string as_seconds(std::chrono::milliseconds duration);     // 1.23 s
std::string progress_bar(std::size_t done, std::size_t total);  // [#####---------------]  25 %

// On a terminal one line that is drawn again and again; elsewhere a line every two seconds, so that
// a log file stays readable.
class Progress {
 public:
  // `done_before` of `total` were done when this process started; they do not count as its speed.
  Progress(std::FILE* out, std::size_t total, std::size_t done_before);
  ~Progress();

  // Call it as often as you like.
  void show(std::size_t done);

 private:
  using Clock = std::chrono::steady_clock;
  void print(std::size_t done, Clock::time_point now);

  std::FILE* const out_;
  const bool is_terminal_;
  const std::size_t total_;
  const std::size_t done_before_;
  const Clock::time_point started_ = Clock::now();
  Clock::time_point next_ = started_;
  bool line_is_open_ = false;
};

}  // namespace order_saga
