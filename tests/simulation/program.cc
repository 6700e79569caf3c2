#include "tests/simulation/program.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "tests/simulation/in_scope.h"
#include "tests/simulation/program_children.h"
#include "tests/simulation/tables.h"

namespace reprise::simulation {

using replay::Execution;
using replay::OperationRef;
using replay::Outcome;
using replay::Scope;
using replay::Waited;

namespace {

constexpr base::CallSite kHere{"simulation/program.cc", 1};

proto::Failure failure(proto::Failure::Kind kind, std::string message) {
  proto::Failure failure;
  failure.set_kind(kind);
  failure.set_message(std::move(message));
  return failure;
}

class Program final : public replay::WorkflowInstance {
 public:
  Program(Execution& execution, const Outside& outside) : e_(execution), outside_(outside) {}

  Outcome run(std::string_view input) override {
    input = recall(input);
    const std::uint64_t seed = std::strtoull(std::string(input).c_str(), nullptr, 10);
    testing::Random random(seed);
    listen();
    const bool done = seed == kListener  ? receive_for_ever()
                      : seed == kRelay   ? relay(input)
                      : seed == kCounter ? count(input)
                                         : block(random, 0, 1 + random.below(5));
    if (!done) return undone();
    if (random.chance(15) && !e_.under_way()) {
      take_checkpoint(2 + random.below(1'000'000'000), input);
    }
    if (random.chance(15)) continue_as(2 + random.below(1'000'000'000), input);
    if (random.chance(15)) {
      return Outcome::failed(failure(proto::Failure::APPLICATION, "on purpose: " + log_));
    }
    return Outcome::success(log_);
  }

 private:
  // ---- handlers ----
  void listen() {
    e_.answer("state", [this](std::string_view) -> base::Result<std::string> {
      return outside_.other_answers ? state() + outside_.fresh() : state();
    });
    e_.on_signal("note", [this](const auto& note) {
      note_ += "n(" + std::string(note.input) + ")";
      ++notes_;
    });
    e_.accept(
        "add", [this](std::string_view input) { return add(std::string(input)); },
        [this](std::string_view input) { return rejection_of(input); });
  }
  // "r<token>" is rejected in every other state, "b<token>" meets a bug of the check.
  std::optional<proto::Failure> rejection_of(std::string_view input) const {
    if (input.starts_with('b')) throw std::logic_error("a bug in the check");
    if (!input.starts_with('r') || notes_ % 2 == 0) return std::nullopt;
    return failure(proto::Failure::APPLICATION, "rejected");
  }
  std::string state() const { return log_ + "|" + note_; }

  // "<mode><token>": at once, after a while, after an activity, never, or refused.
  Outcome add(const std::string& input) {
    const char mode = input.empty() ? 'n' : input.front();
    bool done = true;
    if (mode == 't') done = sleep(700);
    if (mode == 'a') done = call("update", 0, 0);
    note_ += "u(" + input + ")";
    ++notes_;
    if (!done) return Outcome::failed(failure(proto::Failure::CANCELLED, "update " + input));
    if (mode == 'f') return Outcome::failed(failure(proto::Failure::APPLICATION, input));
    return Outcome::success("added " + input);
  }

  // ---- single operations; false: the scope was cancelled ----
  bool finish(replay::Operation& operation, const std::string& label) {
    if (e_.wait(operation) == Waited::kCancelled) {
      log_ += "x" + label;
      return false;
    }
    note_outcome(operation.take_outcome(), label);
    return true;
  }
  void note_outcome(const Outcome& outcome, const std::string& label) {
    log_ += label + (outcome.ok() ? "(" + outcome.payload() + ")" : "!");
  }

  OperationRef schedule(const std::string& name, std::uint64_t attempts, std::uint64_t limits) {
    return e_.schedule_activity(
        [&](proto::ActivityScheduled& activity) {
          activity.set_name(name);
          activity.set_input(name);
          if (limits % 3 == 1) activity.set_task_queue("activities");
          if (limits % 4 == 1) activity.set_start_to_close_ms(2'000);
          if (limits % 5 == 1) activity.set_schedule_to_start_ms(5'000);
          if (limits % 7 == 1) activity.set_schedule_to_close_ms(20'000);
          if (limits % 11 == 1) activity.set_heartbeat_ms(1'000);
          if (limits % 5 == 2) activity.set_on_cancel(proto::ActivityScheduled::WAIT);
          if (limits % 5 == 3) activity.set_on_cancel(proto::ActivityScheduled::ABANDON);
          if (attempts == 0) return;
          activity.mutable_retry()->set_initial_interval_ms(100);
          activity.mutable_retry()->set_backoff_coefficient(2.0);
          activity.mutable_retry()->set_maximum_interval_ms(1'000);
          activity.mutable_retry()->set_maximum_attempts(static_cast<std::int32_t>(attempts));
        },
        kHere);
  }
  bool call(const std::string& name, std::uint64_t attempts, std::uint64_t limits) {
    return finish(*schedule(name, attempts, limits), "a") && !e_.cancelled();
  }
  bool sleep(std::int64_t ms) { return finish(*e_.start_timer(base::Duration(ms), kHere), "t"); }
  void step(bool on_shard, std::uint64_t attempts) {
    const std::string name = "step" + std::to_string(++steps_);
    note_outcome(
        e_.run_step(
            [&](proto::StepScheduled& step) {
              step.set_name(name);
              step.set_on_shard(on_shard);
              if (attempts == 0) return;
              step.mutable_retry()->set_initial_interval_ms(50);
              step.mutable_retry()->set_backoff_coefficient(1.5);
              step.mutable_retry()->set_maximum_interval_ms(500);
              step.mutable_retry()->set_maximum_attempts(static_cast<std::int32_t>(attempts));
            },
            [&] { return outside_.step(e_.info(), name); }, kHere),
        "s");
  }
  bool transact(std::uint64_t detail) {
    const auto count = [&] { return count_transaction(e_.info(), detail, outside_.loses_updates); };
    note_outcome(e_.run_transaction("count", count, kHere), "c");
    return !e_.cancelled();
  }
  std::string message() {
    return "s" + e_.info().run_id.to_string() + ":" + std::to_string(++told_);
  }
  // A message to one of the runs that clients or programs start most, or to nobody. Now and then it
  // is not waited for.
  bool tell(std::uint64_t detail) {
    const std::string receiver =
        (detail >> 32) % 4 == 0 ? some_kid(detail) : "id" + std::to_string(detail % 4);
    const std::string text = message();
    const bool cancels = (detail >> 8) % 16 == 0;
    const OperationRef sent = cancels
                                  ? e_.send_cancel(
                                        [&](proto::CancelSent& cancel) {
                                          cancel.set_workflow_id(receiver);
                                          cancel.set_reason(text);
                                        },
                                        kHere)
                                  : e_.send_signal(
                                        [&](proto::SignalSent& signal) {
                                          signal.set_workflow_id(receiver);
                                          signal.set_name((detail >> 16) % 4 == 0 ? "note" : "go");
                                          signal.set_input(text);
                                        },
                                        kHere);
    if ((detail >> 24) % 3 == 0) return !e_.cancelled();
    return finish(*sent, "m");
  }
  void remember() {
    log_ += "v(" + e_.side_effect([this] { return outside_.fresh(); }, kHere) + ")";
    log_ += "r(" + std::to_string(e_.random() % 1'000) + ")";
    log_ += "at" + std::to_string(base::to_ms(e_.now()));
    e_.decide("at an even time", base::to_ms(e_.now()) % 2 == 0, kHere);
    publish();
    if (e_.now() < latest_) log_ += "(time went back)";
    latest_ = e_.now();
    if (!outside_.deterministic)
      (void)e_.start_timer(base::Duration(std::strtoll(outside_.fresh().c_str() + 1, nullptr, 10)),
                           kHere);
  }

  // A value that the run has not published before, or none.
  void publish() {
    const std::string value = ++published_ % 5 == 0 ? "" : std::to_string(published_);
    e_.set(kSetting, value, proto::SettingRecorded::VALUE, kHere);
  }

  // Cancelled, in the mode that has an outcome.
  static bool waits_for_its_end(const replay::Operation& activity) {
    return activity.state() == replay::Operation::State::kCancelAsked;
  }

  // ---- combinations ----
  bool race(testing::Random& random) {
    const std::uint64_t which = random.next();
    const OperationRef activity = schedule("race", 1 + which % 3, which >> 8);
    const OperationRef timer = e_.start_timer(base::Duration(random.between(0, 4'000)), kHere);
    const OperationRef signal = e_.next_signal("go");
    replay::Operation* const all[] = {activity.get(), timer.get(), signal.get()};
    const auto first = e_.wait_first(all);
    if (!first) return false;
    log_ += "first" + std::to_string(*first);
    note_outcome(all[*first]->take_outcome(), "=");
    if (*first != 0 && random.chance(80)) e_.cancel(*activity, kHere);
    if (*first != 1) e_.cancel(*timer, kHere);
    if (waits_for_its_end(*activity)) return finish(*activity, "w") && !e_.cancelled();
    return true;
  }

  bool together(testing::Random& random, int depth) {
    bool done = true;
    std::vector<OperationRef> strands;
    const std::uint64_t count = 2 + random.below(2);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t seed = random.next();
      strands.push_back(e_.spawn([this, seed, depth, &done] {
        testing::Random own(seed);
        if (!block(own, depth + 1, 1 + own.below(2))) done = false;
      }));
    }
    for (const OperationRef& strand : strands) {
      if (e_.wait(*strand) == Waited::kCancelled) return false;
    }
    return done;
  }

  // Several strands of which only the first counts; the others are stopped where they wait.
  bool fastest(testing::Random& random, int depth) {
    const std::uint64_t first_seed = random.next();
    const std::uint64_t second_seed = random.next();
    const OperationRef one = e_.spawn([this, first_seed, depth] {
      testing::Random own(first_seed);
      (void)block(own, depth + 1, 1);
    });
    const OperationRef two = e_.spawn([this, second_seed, depth] {
      testing::Random own(second_seed);
      (void)block(own, depth + 1, 2);
    });
    replay::Operation* const both[] = {one.get(), two.get()};
    const auto first = e_.wait_first(both);
    if (!first) return false;
    log_ += "fastest" + std::to_string(*first);
    return true;
  }

  void give_up(testing::Random& random) {
    InScope scope(e_, Scope::Kind::kCancellable);
    const OperationRef activity = schedule("given up", 2, random.next());
    const OperationRef timer = e_.start_timer(base::Duration(random.between(0, 9'000)), kHere);
    const OperationRef strand = e_.spawn([this] { (void)sleep(1'500); });
    (void)e_.wait(*timer);
    scope.cancel();
    log_ += "given up";
    if (waits_for_its_end(*activity)) (void)finish(*activity, "w");
  }

  bool await_note(testing::Random& random) {
    const std::uint64_t wanted = notes_ + 1 + random.below(2);
    const OperationRef limit = e_.start_timer(base::Duration(random.between(1, 6'000)), kHere);
    const Waited waited = e_.wait_until([&] { return notes_ >= wanted; }, limit.get(), kHere);
    log_ += waited == Waited::kReady ? "noted" : "unnoted";
    return waited != Waited::kCancelled;
  }

  // Asks for two signals and reads one: the other one is not lost.
  bool read_one_of_two(testing::Random& random) {
    OperationRef first = e_.next_signal("go");
    OperationRef second = e_.next_signal("go");
    const OperationRef limit = e_.start_timer(base::Duration(random.between(0, 2'000)), kHere);
    if (e_.wait(*limit) == Waited::kCancelled) return false;
    const bool drop_first = random.chance(50);
    if (drop_first) first = OperationRef();
    log_ += e_.has_signal("go") ? "more" : "no more";
    OperationRef& kept = drop_first ? second : first;
    if (kept->ready()) note_outcome(kept->take_outcome(), "two");
    return true;
  }

  // For signals that came before anybody listened.
  void listen_late() {
    const std::uint64_t handler = e_.on_signal("late", [this](const auto& late) {
      note_ += "l(" + std::string(late.input) + ")";
      ++notes_;
    });
    if (notes_ % 3 == 0) return;
    (void)sleep(300);
    e_.remove_handler(handler);
  }

  // More timers than are swept at once, and none of them is wanted.
  void start_many_timers() {
    InScope scope(e_, Scope::Kind::kCancellable);
    std::vector<OperationRef> timers;
    for (int i = 0; i < 1'100; ++i) {
      timers.push_back(e_.start_timer(base::Duration(1'000 + i), kHere));
    }
    (void)sleep(10);
    scope.cancel();
  }

  bool block(testing::Random& random, int depth, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      if (!next(random, depth)) return false;
    }
    return true;
  }

  bool next(testing::Random& random, int depth) {
    const std::uint64_t detail = random.next();
    const std::uint64_t attempts = detail % 4;
    if (outside_.bug && detail % 3 == 0) throw std::runtime_error("a simulated bug");
    switch (random.below(depth < 2 ? 20 : 8)) {
      case 0:
      case 1:
        return call(detail % 5 == 0   ? "fatal"
                    : detail % 5 == 1 ? "elsewhere"
                                      : "flaky",
                    attempts, detail >> 8);
      case 2:
        return sleep(static_cast<std::int64_t>(detail % (detail % 7 == 0 ? 7'200'000 : 3'000)));
      case 3:
        publish();
        return finish(*e_.next_signal("go"), "g");
      case 4:
        step(false, attempts);
        return !e_.cancelled();
      case 5:
        step(true, attempts);
        return !e_.cancelled();
      case 6:
        remember();
        return true;
      case 7:
        if (detail % 3 == 0) return transact(detail >> 8);
        log_ += e_.patched("change " + std::to_string(detail % 2), kHere) ? "p" : "q";
        return true;
      case 8:
        return race(random);
      case 9:
        return together(random, depth);
      case 10:
        return fastest(random, depth);
      case 11:
        give_up(random);
        return !e_.cancelled();
      case 12:
        return await_note(random);
      case 13:
        listen_late();
        return !e_.cancelled();
      case 14:
        if (detail % 300 == 0) start_many_timers();
        return !e_.cancelled() && read_one_of_two(random);
      case 15:
        return read_one_of_two(random);
      case 16:
      case 17:
        return !e_.cancelled() && tell(detail);
      default:
        return !e_.cancelled() && children_.play(random, text_of_next_, &log_);
    }
  }

  bool receive_for_ever() {
    while (finish(*e_.next_signal("go"), "g")) publish();
    return false;
  }

  bool relay(std::string_view input) {
    for (std::uint64_t left = 1 + e_.random() % 3; left > 0; --left) {
      if (!finish(*e_.next_signal("go"), "g")) return false;
    }
    continue_as(kRelay, input);
  }

  bool count(std::string_view input) {
    for (std::uint64_t left = 1 + e_.random() % 3; left > 0; --left) {
      if (!finish(*e_.next_signal("go"), "g")) return false;
    }
    const auto at_rest = [this] { return e_.handlers_under_way() == 0; };
    if (e_.wait_until(at_rest, nullptr, kHere) == Waited::kCancelled) return false;
    // Signals whose handlers have not begun go along.
    if (const auto busy = e_.under_way()) throw std::runtime_error(*busy + " is under way");
    take_checkpoint(kCounter, input);
  }

  // What the code has seen and counted goes along, for the checks:
  // "2 #token 00|run id|told steps published |state".
  [[noreturn]] void take_checkpoint(std::uint64_t number, std::string_view input) {
    std::string next = std::to_string(number) + std::string(input.substr(input.find(' ')));
    next += "|" + e_.info().run_id.to_string() + "|";
    for (const std::uint64_t count : {told_, steps_, published_})
      next += std::to_string(count) + " ";
    next += "|" + state();
    e_.checkpoint(std::move(next), kHere);
  }
  // Returns the input without it. The next run of a chain has seen nothing.
  std::string_view recall(std::string_view input) {
    const std::size_t end = input.find('|');
    if (end == input.npos) return input;
    const std::string own = "|" + e_.info().run_id.to_string() + "|";
    if (!input.substr(end).starts_with(own)) return input.substr(0, end);
    std::istringstream counts(std::string(input.substr(end + own.size())));
    counts >> told_ >> steps_ >> published_;
    log_ = input.substr(input.find('|', end + own.size()) + 1);
    return input.substr(0, end);
  }

  // Everything that it gives up or takes along may be there.
  [[noreturn]] void continue_as(std::uint64_t number, std::string_view input) {
    const OperationRef handed = e_.next_signal("go");
    const OperationRef reading = e_.spawn([this] { (void)finish(*e_.next_signal("go"), "g"); });
    const OperationRef timer = e_.start_timer(base::Duration(5'000), kHere);
    const OperationRef activity = schedule("given up", 1, 0);
    if (number % 2 == 0 && number != kRelay) (void)e_.wait(*timer);
    e_.continue_as_new(
        [&](proto::RunContinuedAsNew& next) {
          next.set_workflow("program");
          next.set_input(std::to_string(number) + std::string(input.substr(input.find(' '))));
        },
        kHere);
  }

  Outcome undone() {
    const InScope shield(e_, Scope::Kind::kShielded);
    (void)call("undo", 0, 0);
    (void)sleep(200);
    return Outcome::failed(failure(proto::Failure::CANCELLED, "undone"));
  }

  Execution& e_;
  const Outside& outside_;
  std::string log_;   // what the code has seen
  std::string note_;  // what its handlers have
  std::uint64_t notes_ = 0;
  Children children_{e_};
  const std::function<std::string()> text_of_next_ = [this] { return message(); };
  std::uint64_t steps_ = 0;
  std::uint64_t told_ = 0;
  std::uint64_t published_ = 0;  // times
  base::Time latest_{};
};

}  // namespace

replay::WorkflowCode program(const Outside& outside) {
  return [&outside](Execution& execution) { return std::make_unique<Program>(execution, outside); };
}

}  // namespace reprise::simulation
