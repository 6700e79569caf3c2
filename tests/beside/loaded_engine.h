// An engine in a process of its own that starts runs, archives every few records, and removes closed
// runs as fast as it can: for a while after each reader has come.
#pragma once
#include <string>
#include <sys/types.h>

namespace reprise::beside {

// Runs that stay open for as long as the engine lives, and only get longer.
inline constexpr int kKeepers = 8;
std::string keeper(int i);

class LoadedEngine {
 public:
  // Make it before this process has threads. Returns when the keepers exist.
  explicit LoadedEngine(const std::string& directory);
  ~LoadedEngine();
  LoadedEngine(const LoadedEngine&) = delete;
  LoadedEngine& operator=(const LoadedEngine&) = delete;

  // False: it did not start, or did not end well.
  bool started() const { return started_; }
  bool stop();
  // Keeps it going. False: it has ended.
  bool reader_comes() const;

 private:
  pid_t process_ = -1;
  int keep_going_ = -1;  // closing it ends the process
  bool started_ = false;
};

}  // namespace reprise::beside
