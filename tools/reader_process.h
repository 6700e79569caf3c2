// Reads a store in a process of its own: whatever is in its files, the command itself survives and
// can report it.
#pragma once
#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace reprise::tools {

// The most characters shown of an id that may not have been verified.
inline constexpr std::size_t kLongestUnverifiedId = 200;

// Messages of the child process: where it is, and at the end what it found.
class ReaderReport {
 public:
  explicit ReaderReport(int pipe) : pipe_(pipe) {}
  void reading(const std::string& place) { write({{"reading", place}}); }
  void finish(const nlohmann::json& result) { write({{"result", result}}); }

 private:
  void write(const nlohmann::json& line);
  const int pipe_;
};

struct ReaderOutcome {
  nlohmann::json result;  // null: the child did not finish
  std::string crash;      // how it ended in that case, and what it was reading
};

ReaderOutcome run_reader(const std::function<void(ReaderReport&)>& work);

}  // namespace reprise::tools
