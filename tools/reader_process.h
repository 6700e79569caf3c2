// Reads a store in a process of its own: whatever its files hold, the command itself lives to tell.
#pragma once
#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace reprise::tools {

// What is shown of an id that may not be verified, in characters.
inline constexpr std::size_t kLongestUnverifiedId = 200;

// What the child process says: where it is, and at the end what it found.
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
  nlohmann::json result;  // null: the child did not come to its end
  std::string crash;      // how it ended then, and what it was reading
};

ReaderOutcome run_reader(const std::function<void(ReaderReport&)>& work);

}  // namespace reprise::tools
