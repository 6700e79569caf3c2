#include "tests/power_fail/families.h"

#include <string>
#include <vector>

#include "tests/support/scripted_run.h"

namespace reprise::testing {
namespace {

constexpr int kChildren = 3;

replay::OperationRef start_child(Execution& e) {
  proto::ChildScheduled child;
  child.set_workflow("child of a family");
  child.set_input(std::string(e.info().workflow_id));
  return e.start_child(as(child), replay::CancelMode::kWait, {}).end;
}

void publish(Execution& e, std::string_view stage) {
  e.set("stage", stage, proto::SettingRecorded::VALUE, {});
}

Outcome live_as_parent(Execution& e) {
  publish(e, "\1waiting");
  std::vector<replay::OperationRef> children;
  for (int i = 0; i < kChildren; ++i) children.push_back(start_child(e));
  int ended = 0;
  for (const auto& child : children) {
    e.wait(*child);
    ended += child->take_outcome().payload() == "grown up" ? 1 : 0;
  }
  int begun = 0;  // a child ends after its parent has recorded its signal
  for (; e.has_signal("begun"); ++begun) {
    const auto signal = e.next_signal("begun");  // it goes back if nobody takes its outcome
    e.wait(*signal);
    (void)signal->take_outcome();
  }
  publish(e, "\1done");
  return Outcome::success(std::to_string(begun) + " begun, " + std::to_string(ended) + " ended");
}

class Child final : public replay::WorkflowInstance {
 public:
  explicit Child(Execution& execution) : execution_(execution) {}
  Outcome run(std::string_view parent) override {
    proto::SignalSent sent;
    sent.set_workflow_id(std::string(parent));
    sent.set_name("begun");
    execution_.wait(*execution_.send_signal(as(sent), {}));
    return Outcome::success("grown up");
  }

 private:
  Execution& execution_;
};

}  // namespace

void add_families(runtime::WorkerCode* code) {
  code->workflows["family"] = code_of(live_as_parent);
  code->workflows["child of a family"] = [](Execution& e) { return std::make_unique<Child>(e); };
}

}  // namespace reprise::testing
