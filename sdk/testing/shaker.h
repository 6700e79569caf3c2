// Replays the runs of a test from their logs beside the engine: on another thread, on stacks and a
// heap with other content, at other addresses. A command that differs depends on something that it
// must not.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "replay/execution.h"
#include "runtime/worker_code.h"
#include "store/record.h"

namespace reprise::internal {

class OtherThread;

// One thread.
class Shaker {
 public:
  // `shake`: with other memory, twice, so that one of the two differs from the turn in the content
  // of every byte and in the order of any two addresses. Otherwise once, with ordinary memory.
  explicit Shaker(bool shake);
  ~Shaker();
  Shaker(const Shaker&) = delete;
  Shaker& operator=(const Shaker&) = delete;

  // From now on runs are replayed with this code, whatever their task queue.
  void deploy(runtime::WorkerCode code) { code_ = std::move(code); }

  // A record has become durable; the next check() looks at it.
  void note(const store::Record& record, const proto::Turn& turn);
  // Replays the runs that have new records.
  void check();

  struct Finding {
    base::RunId run;
    base::Error what;
  };
  // The first finding that has not been taken.
  std::optional<Finding> take_finding();

 private:
  struct History {
    replay::RunInfo info;
    std::vector<proto::Turn> turns;
    bool closed = false;
    bool found = false;  // one finding for each run
  };
  struct Memory {
    unsigned char fill = 0;
    bool falling = false;
    std::string text{};
  };

  void check(History& history);
  static std::optional<replay::Trouble> replay(const History& history,
                                               const replay::WorkflowCode& code,
                                               const Memory* memory);

  const bool shake_;
  runtime::WorkerCode code_;
  std::map<store::RunNumber, History> histories_;
  std::set<store::RunNumber> changed_;
  std::vector<Finding> findings_;
  std::unique_ptr<OtherThread> thread_;
};

}  // namespace reprise::internal
