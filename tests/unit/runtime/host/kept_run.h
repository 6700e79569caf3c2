// A run as a driver without a store keeps it: its label and its turns.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "runtime/host/run_executor.h"
#include "tests/support/scripted_run.h"

namespace reprise::runtime::host_test {

class KeptRun {
 public:
  explicit KeptRun(std::uint64_t number, std::string workflow = "w")
      : number_(number),
        info_{.run_id = {},
              .workflow_id = "run-" + std::to_string(number),
              .workflow = std::move(workflow),
              .task_queue = "default"} {}

  // As the executor sees it, for one call.
  class Source final : public RunSource {
   public:
    explicit Source(const KeptRun& run) : RunSource(run.label()), run_(run) {}
    replay::RunInfo info() const override { return run_.info_; }
    base::Status history(base::Visitor<const proto::Turn&> visit) const override {
      for (const proto::Turn& turn : run_.history_) {
        if (const base::Visited seen = visit(turn); !seen.goes_on()) return seen.status();
      }
      return {};
    }

   private:
    const KeptRun& run_;
  };
  Source source() const { return Source(*this); }

  RunLabel label() const {
    return {.number = number_,
            .workflow_id = info_.workflow_id,
            .workflow = info_.workflow,
            .events = events_,
            .starting = history_.empty()};
  }
  std::uint64_t number() const { return number_; }
  bool resident() const { return place != nullptr; }
  const std::vector<proto::Turn>& history() const { return history_; }
  void keep(proto::Turn turn) {
    events_ += static_cast<std::uint64_t>(turn.inputs_size() + turn.commands_size());
    history_.push_back(std::move(turn));
  }

  RunExecutor::Place place = nullptr;

 private:
  const std::uint64_t number_;
  const replay::RunInfo info_;
  std::vector<proto::Turn> history_;
  std::uint64_t events_ = 0;
};

// What the code asks for, line by line: "ActivityScheduled charge".
inline std::vector<std::string> described(const proto::Turn& turn) {
  std::vector<std::string> lines;
  for (const proto::Event& command : turn.commands()) lines.push_back(event::describe(command));
  return lines;
}

// A step of this name; the closure's text is its result.
inline std::string step(replay::Execution& run,
                        const std::string& name,
                        const std::function<std::string()>& body) {
  proto::StepScheduled scheduled;
  scheduled.set_name(name);
  const auto outcome = [&] { return replay::Outcome::success(body()); };
  replay::Outcome done = run.run_step(testing::as(scheduled), outcome, testing::at(1));
  return done.ok() ? done.payload() : "failed: " + done.failure().message();
}

}  // namespace reprise::runtime::host_test
