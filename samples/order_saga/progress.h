// Shows how far the work has come.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

namespace order_saga {

std::string with_commas(std::int64_t number);                   // 12,345
std::string as_seconds(std::chrono::milliseconds duration);     // 1.2 s
std::string progress_bar(std::size_t done, std::size_t total);  // [###---------]  25 %

// On a terminal one line that is drawn again and again; elsewhere a line every second, so that a
// log file stays readable.
class Progress {
 public:
  // Work done before this process started does not count for its speed.
  Progress(std::FILE* out, std::size_t orders, std::size_t ended_before);

  // Call it as often as you like.
  void show(std::size_t ended, std::int64_t requests);
  // Leaves the line as it is.
  void end();

 private:
  using Clock = std::chrono::steady_clock;
  void print(std::size_t ended, std::int64_t requests, Clock::time_point now);

  std::FILE* const out_;
  const bool is_terminal_;
  const std::size_t orders_;
  const std::size_t ended_before_;
  const Clock::time_point started_ = Clock::now();
  Clock::time_point next_ = started_;
};

}  // namespace order_saga
