// One store, the processes that use it one after the other, and the acknowledgements they got: it
// survives them and can tell whether anything is lost.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/crash/child_process.h"

namespace reprise::testing {

// How a process is to live.
struct Life {
  int new_transfers = 0;
  std::string point{};  // kills itself there...
  int at = 0;           // ...when it passes for this time
  std::optional<std::chrono::milliseconds> kill_after{};
  bool backup = false;
};

struct WorldCounts {
  std::uint64_t starts = 0;  // acknowledged
  std::uint64_t notes = 0;
  std::uint64_t results = 0;
  std::uint64_t tags = 0;     // answered updates
  std::uint64_t removed = 0;  // requested runs that retention had removed
  std::uint64_t effects = 0;
  std::uint64_t repeats = 0;  // attempts that did an effect again
  std::uint64_t backups = 0;  // whole ones
  std::uint64_t restored = 0;
  std::uint64_t cut_short = 0;  // backups that a kill left unfinished

  void add(const WorldCounts& other);
};

class World {
 public:
  // `flags` are those of the child.
  World(std::string directory, std::set<std::string> flags);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // True: the process was killed, as intended.
  bool live(const Life& life);
  // An undisturbed process drives every transfer to its end; then everything is compared.
  void finish();
  // For the workload from now on, if the world must not stay spoilt.
  void set_flags(std::set<std::string> flags) { flags_ = std::move(flags); }

  const std::vector<std::string>& failures() const { return failures_; }
  const WorldCounts& counts() const { return counts_; }

 private:
  struct Transfer {
    std::string run_id{};  // once its start is acknowledged
    int acknowledged_notes = 0;
    int sent_notes = 0;
    int sent_before = 0;  // by earlier processes
    std::optional<std::string> result{};
    bool removed = false;
  };

  void fail(const std::string& what);
  std::string todo(bool everything) const;
  ChildEnd run(const Life& life, bool everything);
  void hear(const std::string& line);
  void hear_of_transfer(const std::string& what, int number, const std::string& text);
  void see_end(const ChildEnd& end, const Life& life);
  void look_for_backup();
  void restore(const std::string& copy);
  void compare_with_ledger();

  const std::string directory_;
  std::set<std::string> flags_;
  std::map<int, Transfer> transfers_;
  std::map<int, Transfer> before_backup_;
  bool backup_done_ = false;
  std::vector<std::string> failures_;
  WorldCounts counts_;
};

}  // namespace reprise::testing
