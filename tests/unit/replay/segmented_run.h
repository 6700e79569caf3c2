// A run that takes checkpoints.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/scripted_run.h"

namespace reprise::testing {

// Its code gets an input.
using SegmentCode = std::function<Outcome(Execution&, const std::string& input)>;

// A run whose code gets its input: "" first, then what the checkpoint says.
class SegmentedRun : public ScriptedRun {
 public:
  explicit SegmentedRun(SegmentCode code, replay::ExecutionOptions options = {})
      : ScriptedRun([](Execution&) { return Outcome(); }, options) {
    change_to(std::move(code));
  }
  void change_to(SegmentCode code) {
    class Instance final : public replay::WorkflowInstance {
     public:
      Instance(Execution& execution, const SegmentCode& code)
          : execution_(execution), code_(code) {}
      Outcome run(std::string_view input) override { return code_(execution_, std::string(input)); }

     private:
      Execution& execution_;
      SegmentCode code_;
    };
    set_code([code = std::move(code)](Execution& execution) {
      return std::make_unique<Instance>(execution, code);
    });
  }
  // The last segment alone, as an engine does.
  replay::TurnEnd replay_last() {
    std::size_t first = history().size() - 1;
    while (first > 0 && (history()[first].inputs().empty() ||
                         !history()[first].inputs(0).has_checkpoint_taken())) {
      --first;
    }
    const std::vector<proto::Turn> all = history();
    history().assign(all.begin() + static_cast<std::ptrdiff_t>(first), all.end());
    const replay::TurnEnd end = replay();
    history() = all;
    return end;
  }
};

inline void take(Execution& e, const std::string& name) {
  const auto signal = e.next_signal(name);
  e.wait(*signal);
  (void)signal->take_outcome();
}

}  // namespace reprise::testing
