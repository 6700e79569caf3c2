// Which run's code each shard is executing, for the next process in case this one dies of it; and
// how often the code of a run has ended a process.
//
// The marks are a memory-mapped file that is never synced: the kernel keeps its pages when the
// process dies, which is the case that matters, and setting one costs a few stores. The counts made
// from them are synced, because they decide whether a run is executed at all.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "base/turn_mark.h"
#include "store/files.h"
#include "store/record.h"

namespace reprise::store {

using base::TurnMark;

struct Deaths {
  RunNumber run = 0;
  std::uint64_t place = 0;      // of the last one
  std::uint32_t cause = 0;      // of the last one
  std::uint32_t seen = 0;       // processes that its code ended, seen by a handler
  std::uint32_t unseen = 0;     // processes in a row that ended in it, perhaps for another reason
  std::uint32_t set_aside = 0;  // 1: its code is not to run
};

class TurnMarks {
 public:
  // A process that is killed from outside while code of a run happens to run says nothing about
  // the code, unless it happens again and again.
  static constexpr std::uint32_t kMostSeen = 2;
  static constexpr std::uint32_t kMostUnseen = 3;
  static constexpr std::size_t kMostShards = 1'024;
  static constexpr std::size_t kMostRuns = 1'024;
  // If nothing is left of the run, its workflow is counted: one seen death is enough, because the
  // only consequence is that starts take one more turn.
  static constexpr std::uint32_t kMostSeenStarting = 1;

  // Counts what the last process left behind. Deaths of runs under another build of the program
  // are forgotten: `build` stands for this one.
  static base::Result<std::unique_ptr<TurnMarks>> open(const std::string& path,
                                                       std::uint64_t build);
  ~TurnMarks();
  TurnMarks(const TurnMarks&) = delete;
  TurnMarks& operator=(const TurnMarks&) = delete;

  // The code of the run has completed a turn, so it did not end this process where the last one
  // ended.
  void gets_on(RunNumber run);

  // The runs that are known to have ended a process.
  std::vector<Deaths> deaths() const;
  // Forgets the deaths of these runs; durable on return. Any thread.
  base::Status forget_if(base::FunctionRef<bool(RunNumber)> chosen);
  // The same for one run while no program with code has the store open, and without counting
  // anything: deaths that no program has counted yet are forgotten too. kStoreOtherFormat: the
  // program is of a version that has them elsewhere.
  static base::Status forget_in(const std::string& path, RunNumber run);

  // Has code of the workflow (a digest of its name) ended processes in the first turn of a run?
  // Then a start must be recorded before its code runs, or each repeated start ends another
  // process.
  bool ends_processes_at_start(std::uint64_t workflow) const;

  // nullptr: there are more shards than marks.
  TurnMark* of_shard(std::size_t index);
  // The process ends, and no run's code is to blame. Signal handlers may say so.
  void ends_for_another_reason();

 private:
  struct Entry;
  TurnMarks(std::string path, File file) : path_(std::move(path)), file_(std::move(file)) {}
  base::Status map();
  base::Status forget(RunNumber run);
  bool trusted() const;
  bool begin(std::uint64_t build);
  bool count(std::uint64_t build);
  void count(Entry& entry, const TurnMark& mark);
  void note_starts();
  Entry* entries() const;
  Entry* find(RunNumber run) const;
  Entry& find_or_add(RunNumber run, std::uint64_t build);
  base::Status sync() const;

  const std::string path_;
  const File file_;
  char* memory_ = nullptr;
  std::vector<std::uint64_t> fatal_starts_;  // since it was opened
  mutable std::mutex mutex_;                 // guards the deaths
};

}  // namespace reprise::store
