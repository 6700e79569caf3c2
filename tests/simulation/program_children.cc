#include "tests/simulation/program_children.h"

#include "base/ids.h"
#include "tests/simulation/in_scope.h"
#include "tests/simulation/program.h"

namespace reprise::simulation {

using proto::ChildScheduled;
using replay::CancelMode;
using replay::OperationRef;
using replay::StartedChild;
using replay::Waited;

namespace {

constexpr base::CallSite kInChildren{"simulation/program_children.cc", 1};

std::uint64_t some_program(testing::Random& random) {
  if (random.chance(12)) return kListener;
  return random.chance(8) ? kRelay : 2 + random.below(1'000'000'000);
}

// It may be a run that does not end before this one, which may even be this one. One that waits for
// the end of such a run though it is cancelled would wait for ever.
bool may_exist(const ChildScheduled& child) {
  return child.id_reuse() == ChildScheduled::USE_EXISTING ||
         child.id_conflict() == ChildScheduled::USE_RUNNING;
}

}  // namespace

std::string some_kid(std::uint64_t number) {
  return "kid" + std::to_string(number % 4);
}

bool Children::play(testing::Random& random,
                    const std::function<std::string()>& message,
                    std::string* log) {
  bool done = true;
  switch (random.below(8)) {
    case 0:
      done = give_up(random, log);
      break;
    case 1:
      done = race(random, log);
      break;
    case 2:
      (void)start(random);  // nobody waits for it
      break;
    case 3: {
      const StartedChild child = start(random);
      done = tell(child, message, log) && wait(*child.end, log);
      break;
    }
    case 4: {
      const StartedChild child = start(random);
      done = wait(*sleep(random), log);
      if (done) e_.cancel(*child.end, kInChildren);
      done = done && wait(*child.end, log);
      break;
    }
    case 5: {
      const StartedChild one = start(random);
      const StartedChild two = start(random);
      done = wait(*one.start, log) && wait(*two.end, log);
      break;
    }
    default:
      done = wait(*start(random).end, log);
  }
  return done && !e_.cancelled();
}

std::string Children::some_id(testing::Random& random) const {
  if (random.chance(20)) return "id" + std::to_string(random.below(4));
  if (random.chance(50)) return some_kid(random.next());
  return random.chance(5) ? e_.info().workflow_id : "";
}

StartedChild Children::start(testing::Random& random) {
  ChildScheduled wanted;
  wanted.set_workflow("program");
  wanted.set_workflow_id(some_id(random));
  wanted.set_on_parent_close(static_cast<ChildScheduled::ParentClose>(random.below(3)));
  if (random.chance(40)) {
    wanted.set_id_reuse(static_cast<ChildScheduled::IdReuse>(random.below(4)));
  }
  wanted.set_id_conflict(static_cast<ChildScheduled::IdConflict>(random.below(3)));
  if (random.chance(10)) wanted.set_run_timeout_ms(random.between(1, 40'000));
  wanted.set_input(std::to_string(some_program(random)) + " #child" + e_.info().run_id.to_string() +
                   "." + std::to_string(++started_) + " " +
                   std::to_string(static_cast<int>(wanted.id_reuse())) +
                   std::to_string(static_cast<int>(wanted.id_conflict())));
  const auto mode =
      static_cast<CancelMode>(may_exist(wanted) ? 1 + random.below(2) : random.below(3));
  return e_.start_child([&](ChildScheduled& child) { child = wanted; }, mode, kInChildren);
}

bool Children::wait(replay::Operation& operation, std::string* log) {
  if (e_.wait(operation) == Waited::kCancelled) {
    *log += "xc";
    return false;
  }
  const replay::Outcome& outcome = operation.outcome();
  if (operation.kind() == replay::Operation::Kind::kChild) {
    // A hash: what a child says has what it has read in it, which is not what this run has read.
    *log += "c" + (outcome.ok() ? std::to_string(base::hash64(outcome.payload(), 0) % 1'000)
                                : "!" + std::to_string(outcome.failure().cause().kind()));
  }
  return true;
}

// By the run that was started, whichever continues it.
bool Children::tell(const StartedChild& child,
                    const std::function<std::string()>& message,
                    std::string* log) {
  if (!wait(*child.start, log)) return false;
  if (!child.start->outcome().ok()) return true;
  const std::string text = message();  // numbered in the order in which they are sent
  const OperationRef sent = e_.send_signal(
      [&](proto::SignalSent& signal) {
        signal.set_workflow_id(child.workflow_id);
        signal.set_run_id(std::string(child.start->outcome().payload()));
        signal.set_of_chain(true);
        signal.set_name("go");
        signal.set_input(text);
      },
      kInChildren);
  return wait(*sent, log);
}

bool Children::give_up(testing::Random& random, std::string* log) {
  OperationRef end;
  {
    InScope scope(e_, replay::Scope::Kind::kCancellable);
    end = start(random).end;
    if (random.chance(70) && !wait(*sleep(random), log)) return false;
    scope.cancel();
  }
  return random.chance(50) || wait(*end, log);
}

bool Children::race(testing::Random& random, std::string* log) {
  const StartedChild child = start(random);
  const OperationRef limit = sleep(random);
  replay::Operation* const both[] = {child.end.get(), limit.get()};
  const auto first = e_.wait_first(both);
  if (!first) return false;
  *log += "first" + std::to_string(*first);
  e_.cancel(*both[1 - *first], kInChildren);
  return true;
}

OperationRef Children::sleep(testing::Random& random) {
  return e_.start_timer(base::Duration(random.between(0, 3'000)), kInChildren);
}

}  // namespace reprise::simulation
