// A small store with runs in every state, its answers while it is sound, and the same questions for
// a store that may be damaged.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/engine/engine.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_run.h"

namespace reprise::rot {

// What can be read of a run.
struct RunFacts {
  bool damaged = false;  // and says so
  bool found = true;
  std::string facts;  // everything that was delivered, as text
  bool open = false;
};

// An engine without threads over a directory, with the code of the workload.
class Workbench {
 public:
  static base::Result<std::unique_ptr<Workbench>> open(const std::string& directory,
                                                       std::size_t archive_slice);
  ~Workbench();

  void start_worker();
  void settle();
  void pass(base::Duration time);
  bool start(const std::string& workflow, const std::string& id);
  // False: refused.
  bool signal(const std::string& id, const std::string& text);
  RunFacts facts(const std::string& id);
  // How it ended; empty: it has not.
  std::string result(const std::string& id);
  // Of the table that "stamper" runs write to, up to the first that is damaged.
  std::map<std::string, std::string> rows(bool* damaged);
  // Workflow ids of all runs that do not say that they are damaged, and how many do.
  std::map<std::string, int> list(std::size_t* damaged);

 private:
  explicit Workbench(std::size_t archive_slice);

  testing::ManualClock clock_;
  runtime::EngineOptions options_;
  std::unique_ptr<runtime::Engine> engine_;
  std::unique_ptr<runtime::WorkerSession> worker_;
};

inline constexpr const char* kTable = "stamps";
// What a "stamper" run writes under its id.
std::string row_of(const std::string& id);

// Makes the store in `directory`. `moment` is called several times on the way, while the engine is
// closed, so that it can keep the files. Returns the ids of all runs.
std::vector<std::string> make_store(const std::string& directory,
                                    const std::function<void()>& moment);

// Sends the open runs what they wait for, and lets time pass.
void finish_open_runs(Workbench& bench, const std::vector<std::string>& open);

}  // namespace reprise::rot
