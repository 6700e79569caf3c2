// The workloads in which memory runs out. Each works in a child process with a failing allocation
// and reports acknowledgements over a pipe; the parent then checks that they are in the store.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace reprise::testing {

// What a child tells its parent, without allocating.
class Acknowledged {
 public:
  explicit Acknowledged(int pipe) : pipe_(pipe) {}
  [[gnu::format(printf, 2, 3)]] void say(const char* format, ...) const;

 private:
  int pipe_;
};

// Exit codes of a child. The product's own exit codes are allowed too.
inline constexpr int kChildDone = 0;
inline constexpr int kChildFoundDefect = 3;

// Ends the child: something is wrong that its parent could not see.
[[noreturn]] void found_defect(const std::string& why);

struct Trial {
  std::string directory;      // for the trial alone
  std::uint64_t failing = 0;  // which allocation; 0: none
  bool from_then_on = false;
};

struct Part {
  const char* name;
  // Once, in the parent: what every trial's directory begins with. May be nullptr.
  void (*prepare)(const std::string& directory);
  // In the child. Returns the number of allocations that could fail.
  std::uint64_t (*work)(const Trial& trial, const Acknowledged& acknowledged);
  // In the parent: what is wrong with the directory, given the lines that the child said.
  std::optional<std::string> (*check)(const std::string& directory,
                                      const std::vector<std::string>& acknowledged);
};

extern const Part kStorePart;
extern const Part kStoreControl;  // the same over a journal that loses records when memory is short
extern const Part kReplayPart;
extern const Part kRecoveryPart;  // an engine without threads, over a store that exists
extern const Part kEnginePart;    // the same with threads

}  // namespace reprise::testing
