// A process with an engine that starts one run after the other and reports each acknowledgement,
// while its open files are moved, removed and replaced.
#pragma once
#include <cstddef>
#include <string>
#include <sys/types.h>
#include <vector>

namespace reprise::identity {

class OpenedStore {
 public:
  // `output`: a file for what it logs.
  OpenedStore(const std::string& store, const std::string& output);
  ~OpenedStore();
  OpenedStore(const OpenedStore&) = delete;
  OpenedStore& operator=(const OpenedStore&) = delete;

  // Waits until this many runs are acknowledged. False: it ended before.
  bool wait_for(std::size_t acknowledged);
  // Lets it end by itself after some more runs; its exit code, or 1000 and the signal.
  int end();
  const std::vector<std::string>& acknowledged() const { return lines_; }

 private:
  bool read_some();

  pid_t process_ = -1;
  int from_ = -1;
  int to_ = -1;
  std::string rest_;
  std::vector<std::string> lines_;
};

// How many of the runs the store does not have; 1000: it cannot be opened.
std::size_t missing_runs(const std::string& store, const std::vector<std::string>& ids);

}  // namespace reprise::identity
