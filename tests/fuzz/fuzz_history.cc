// Whole histories: a recorded one is edited as the input says and replayed. Either the replay
// reports a difference, or the code itself can make this history: run live with the same inputs it
// gives the same commands.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "replay/execution.h"
#include "runtime/fold/run_state.h"
#include "tests/fuzz/recorded_histories.h"
#include "tests/fuzz/targets.h"

namespace reprise::fuzz {
namespace {

using proto::Event;
using proto::Turn;
using replay::TurnEnd;
using Events = google::protobuf::RepeatedPtrField<Event>;
using Turns = std::vector<Turn>;

constexpr std::size_t kMostTurns = 64;
constexpr int kMostEvents = 64;

// ---- editing ----------------------------------------------------------------------------------

// The place that an edit is about: a turn, its inputs or its commands, and an index among them.
struct Place {
  Turn* turn = nullptr;
  Events* events = nullptr;
  int index = 0;

  bool filled() const { return turn != nullptr && !events->empty(); }
  Event* event() const { return events->Mutable(index); }
};

Place place(Bytes& in, Turns* history) {
  const unsigned turn = in.byte();
  const unsigned event = in.byte();
  if (history->empty()) return {};
  Place found;
  found.turn = &(*history)[turn % history->size()];
  found.events = event % 2 == 0 ? found.turn->mutable_inputs() : found.turn->mutable_commands();
  if (!found.events->empty()) {
    found.index = static_cast<int>(event / 2 % static_cast<unsigned>(found.events->size()));
  }
  return found;
}

// The message of the event's kind, or nullptr.
google::protobuf::Message* kind_of(Event* event) {
  const auto* reflection = event->GetReflection();
  const auto* field =
      reflection->GetOneofFieldDescriptor(*event, Event::descriptor()->oneof_decl(0));
  return field == nullptr ? nullptr : reflection->MutableMessage(event, field);
}

void change_field(Bytes& in, Event* event) {
  using Field = google::protobuf::FieldDescriptor;
  google::protobuf::Message* message = kind_of(event);
  if (message == nullptr || message->GetDescriptor()->field_count() == 0) return;
  const auto* descriptor = message->GetDescriptor();
  const int index = static_cast<int>(in.byte()) % descriptor->field_count();
  const Field* field = descriptor->field(index);
  if (field->is_repeated()) return;
  const unsigned value = in.byte();
  const auto* reflection = message->GetReflection();
  switch (field->cpp_type()) {
    case Field::CPPTYPE_UINT32:
      return reflection->SetUInt32(message, field, value);
    case Field::CPPTYPE_INT64:
      return reflection->SetInt64(message, field, value == 0 ? INT64_MAX : value);
    case Field::CPPTYPE_STRING:
      return reflection->SetString(message, field, std::string(in.take(value % 16)));
    case Field::CPPTYPE_BOOL:
      return reflection->SetBool(message, field, value % 2 == 1);
    case Field::CPPTYPE_ENUM:
      return reflection->SetEnumValue(message, field, static_cast<int>(value) - 1);
    default:
      return;
  }
}

void change_kind(unsigned kind, Event* event) {
  const auto* oneof = Event::descriptor()->oneof_decl(0);
  const auto* field = oneof->field(static_cast<int>(kind) % oneof->field_count());
  event->GetReflection()->MutableMessage(event, field);
}

// Bytes of the stored form. If it no longer parses, the change is found: the reader reports it.
void change_bytes(Bytes& in, Turn* turn) {
  std::string bytes = turn->SerializeAsString();
  if (bytes.empty()) return;
  bytes[in.word() % bytes.size()] = static_cast<char>(in.byte());
  Turn changed;
  if (changed.ParseFromString(bytes)) *turn = changed;
}

void edit_turns(unsigned what, Bytes& in, Turns* history) {
  const unsigned from = in.byte();
  const unsigned to = in.byte();
  if (history->empty()) return;
  const auto at = history->begin() + static_cast<std::ptrdiff_t>(from % history->size());
  switch (what) {
    case 0:
      history->erase(at);
      return;
    case 1:
      if (history->size() < kMostTurns) history->insert(at, Turn(*at));
      return;
    case 2:
      return std::swap(*at, (*history)[to % history->size()]);
    case 3:
      history->erase(at, history->end());
      return;
    case 4:
      at->set_without_code(!at->without_code());
      return;
    case 5:
      at->set_time_ms(to == 0 ? INT64_MIN : (to == 255 ? INT64_MAX : to));
      return;
    default:
      return change_bytes(in, &*at);
  }
}

void edit_events(unsigned what, Bytes& in, Turns* history) {
  const Place here = place(in, history);
  const Place there = place(in, history);
  if (!here.filled()) return;
  switch (what) {
    case 0:
      return here.events->DeleteSubrange(here.index, 1);
    case 1:
      if (there.turn == nullptr || there.events->size() >= kMostEvents) return;
      *there.events->Add() = Event(*here.event());
      return;
    case 2:
      if (there.filled()) here.event()->Swap(there.event());
      return;
    case 3:
      return change_field(in, here.event());
    case 4:
      return change_kind(in.byte(), here.event());
    default:
      here.event()->Clear();
  }
}

void edit(Bytes in, Turns* history) {
  while (!in.empty()) {
    const unsigned what = in.byte();
    if (what % 2 == 0) {
      edit_turns(what / 2 % 7, in, history);
    } else {
      edit_events(what / 2 % 6, in, history);
    }
  }
}

// ---- replaying --------------------------------------------------------------------------------

// Kept between inputs: making and unmapping slabs would take most of the time.
replay::StackPool& stacks() {
  static replay::StackPool pool({.stacks_per_slab = 64});
  return pool;
}

class Run {
 public:
  Run(const replay::WorkflowCode& code, bool strict) : code_(code), strict_(strict) { begin(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // After a checkpoint a fresh execution goes on.
  void begin_segment() {
    if (execution_->at_checkpoint()) begin();
  }
  // The repeated turn knows what the engine knew of a step when its strand was dropped.
  TurnEnd run_again(const Turn& turn, Turn* live) {
    again_ = &turn;
    return execution_->run_turn(live);
  }
  replay::Execution& operator*() { return *execution_; }
  replay::Execution* operator->() { return &*execution_; }

 private:
  void begin() {
    execution_.emplace(
        replay::RunInfo{.workflow_id = "run-1", .workflow = "test"}, code_, stacks(),
        replay::ExecutionOptions{.strict = strict_, .step_unwanted = [this](std::uint32_t id) {
                                   return gives_up_step(id);
                                 }});
  }
  bool gives_up_step(std::uint32_t id) const {
    return std::any_of(again_->commands().begin(), again_->commands().end(),
                       [id](const Event& command) { return command.step_abandoned().id() == id; });
  }

  const replay::WorkflowCode& code_;
  const bool strict_;
  const Turn* again_ = nullptr;
  std::optional<replay::Execution> execution_;
};

// True: accepted to the end.
bool replay(const RecordedRun& recorded, const Turns& history, bool strict) {
  Run run(recorded.code, strict);
  for (const Turn& turn : history) {
    run.begin_segment();
    if (run->replay_turn(turn) != TurnEnd::kParked) continue;
    if (run->trouble().report.empty()) throw Defect("a run is parked silently");
    return false;
  }
  (void)run->waiting_for();
  return true;
}

bool same(const Event& recorded, const Event& made, bool strict) {
  Event a = recorded;
  Event b = made;
  for (Event* event : {&a, &b}) {
    event->clear_call_site();
    if (event->has_activity_scheduled()) {  // the rest of its text may change with the code
      proto::ActivityScheduled kept;
      kept.set_id(event->activity_scheduled().id());
      kept.set_name(event->activity_scheduled().name());
      if (strict) {
        kept.set_input(event->activity_scheduled().input());
        kept.set_task_queue(event->activity_scheduled().task_queue());
      }
      *event->mutable_activity_scheduled() = kept;
    } else if (event->has_step_scheduled()) {
      proto::StepScheduled kept;
      kept.set_id(event->step_scheduled().id());
      kept.set_name(event->step_scheduled().name());
      *event->mutable_step_scheduled() = kept;
    } else if (event->has_transaction_requested()) {
      proto::TransactionRequested kept;
      kept.set_id(event->transaction_requested().id());
      kept.set_name(event->transaction_requested().name());
      *event->mutable_transaction_requested() = kept;
    } else if (event->has_timer_started() && !strict) {
      event->mutable_timer_started()->clear_duration_ms();
    } else if (event->has_child_scheduled()) {
      proto::ChildScheduled kept = event->child_scheduled();
      kept.clear_run_id();  // follows from the time of the turn
      if (!strict) {
        kept.Clear();
        kept.set_id(event->child_scheduled().id());
        kept.set_workflow(event->child_scheduled().workflow());
        kept.set_workflow_id(event->child_scheduled().workflow_id());
      }
      *event->mutable_child_scheduled() = kept;
    } else if (event->has_signal_sent()) {
      // To a child that ended before its beginning was known: that of its command.
      if (event->signal_sent().of_chain()) event->mutable_signal_sent()->clear_run_id();
      if (!strict) event->mutable_signal_sent()->clear_input();
    } else if (event->has_cancel_sent() && !strict) {
      event->mutable_cancel_sent()->clear_reason();
    } else if (event->has_setting_recorded() && !strict) {
      event->mutable_setting_recorded()->clear_value();
    } else if (event->has_run_continued_as_new()) {
      proto::RunContinuedAsNew kept = event->run_continued_as_new();
      kept.clear_run_id();  // follows from the time of the turn
      if (!strict) kept.clear_input();
      if (!strict) kept.clear_task_queue();
      if (!strict) kept.clear_run_timeout_ms();
      *event->mutable_run_continued_as_new() = kept;
    } else if (event->has_checkpoint() && !strict) {
      event->mutable_checkpoint()->clear_input();
    } else if (event->has_update_completed() && !strict) {
      event->mutable_update_completed()->clear_result();
      event->mutable_update_completed()->clear_failure();
    } else if (event->has_run_completed() && !strict) {
      event->clear_run_completed();
      event->mutable_run_completed();
    } else if (event->has_run_failed()) {
      proto::Failure kept;
      if (strict) kept.set_kind(event->run_failed().failure().kind());
      if (strict) kept.set_type(event->run_failed().failure().type());
      *event->mutable_run_failed()->mutable_failure() = kept;
      // Whether it is tried again is decided once, and not compared.
      event->mutable_run_failed()->clear_next_run_id();
      event->mutable_run_failed()->clear_retry_in_ms();
    }
    if (event->has_update_completed() && event->update_completed().has_failure()) {
      event->mutable_update_completed()->mutable_failure()->Clear();
    }
  }
  a.DiscardUnknownFields();
  b.DiscardUnknownFields();
  return a.SerializeAsString() == b.SerializeAsString();
}

// No recorded code deprecates a change. If a mutation does, the marker may be ignored, and
// patched() may find it later: such a history is replayed, but its commands are not compared.
bool has_deprecated_marker(const Turns& history) {
  return std::any_of(history.begin(), history.end(), [](const Turn& turn) {
    return std::any_of(turn.commands().begin(), turn.commands().end(),
                       [](const Event& command) { return command.patch_recorded().deprecated(); });
  });
}

// No recorded code fails to read a signal either. If a mutation says so, replay follows it.
bool has_signal_set_aside(const Turns& history) {
  return std::any_of(history.begin(), history.end(), [](const Turn& turn) {
    return std::any_of(turn.commands().begin(), turn.commands().end(),
                       [](const Event& command) { return command.has_signal_set_aside(); });
  });
}

// What a cancellation of an activity does is taken from its command. If a mutation changes that, a
// replay follows it, and a live run does not.
bool has_other_mode(const Turns& recorded, const Turns& history) {
  std::map<std::uint32_t, int> modes;
  const auto each_activity = [](const Turns& turns, const auto& visit) {
    for (const Turn& turn : turns) {
      for (const Event& command : turn.commands()) {
        if (command.has_activity_scheduled()) visit(command.activity_scheduled());
      }
    }
  };
  each_activity(recorded,
                [&](const auto& activity) { modes[activity.id()] = activity.on_cancel(); });
  bool differs = false;
  each_activity(history, [&](const auto& activity) {
    differs = differs || modes[activity.id()] != activity.on_cancel();
  });
  return differs;
}

Answers answers_of(const Turns& history) {
  Answers answers;
  for (const Turn& turn : history) {
    for (const Event& command : turn.commands()) {
      if (command.has_side_effect_recorded()) {
        answers.side_effects.push_back(command.side_effect_recorded().value());
      }
      if (command.has_patch_recorded()) {
        answers.patches.insert(command.patch_recorded().change_id());
      }
    }
  }
  return answers;
}

// How often the history, up to that turn, has an update with the id, or a run before it had.
std::ptrdiff_t times_taken(const Turns& history, std::size_t turn, const std::string& id) {
  std::ptrdiff_t times = 0;
  for (std::size_t i = 0; i <= turn; ++i) {
    times += std::count_if(history[i].inputs().begin(), history[i].inputs().end(),
                           [&id](const Event& input) {
                             const auto& known = input.run_started().known_updates();
                             const auto& kept = input.checkpoint_taken().start().known_updates();
                             const std::uint64_t hash = base::hash64(id);
                             return input.update_received().update_id() == id ||
                                    std::find(known.begin(), known.end(), hash) != known.end() ||
                                    std::find(kept.begin(), kept.end(), hash) != kept.end();
                           });
  }
  return times;
}

// No engine records an update twice, because a live turn leaves the second one out. If a mutation
// does, replay takes it, and from there on the two differ.
bool leaves_out_known(replay::Execution& live, const Turns& history, std::size_t turn) {
  bool known = false;
  for (const replay::UntakenUpdate& update : live.take_untaken()) {
    if (update.why != replay::UntakenUpdate::Why::kKnown &&
        update.why != replay::UntakenUpdate::Why::kAnswered) {
      continue;
    }
    known = true;
    if (times_taken(history, turn, update.event.update_received().update_id()) < 2) {
      throw Defect("an update is taken for one that was taken before, and none was");
    }
  }
  return known;
}

// Throws when the code, run live with the history's inputs, does something else.
void run_again(const RecordedRun& recorded, const Turns& history, bool strict) {
  if (has_deprecated_marker(history) || has_signal_set_aside(history)) return;
  if (has_other_mode(recorded.history, history)) return;
  Answers answers = answers_of(history);
  const AnswersFrom scope(&answers);
  Run run(recorded.code, strict);
  for (std::size_t i = 0; i < history.size(); ++i) {
    const Turn& turn = history[i];
    const std::string where = "turn " + std::to_string(i + 1) + " was accepted: ";
    run.begin_segment();
    if (run->closed()) throw Defect(where + "the run has ended before it");
    if (turn.without_code()) {
      if (!turn.commands().empty()) throw Defect(where + "a turn without code, and with commands");
      (void)run->replay_turn(turn);
      continue;
    }
    Turn live;
    live.set_time_ms(turn.time_ms());
    *live.mutable_inputs() = turn.inputs();
    if (run.run_again(turn, &live) == TurnEnd::kParked) throw Defect(where + run->trouble().report);
    if (leaves_out_known(*run, history, i)) return;
    if (live.inputs_size() != turn.inputs_size()) {
      throw Defect(where + "it has inputs behind the one that ends the run");
    }
    if (!std::equal(turn.commands().begin(), turn.commands().end(), live.commands().begin(),
                    live.commands().end(),
                    [&](const Event& a, const Event& b) { return same(a, b, strict); })) {
      throw Defect(where + "the code does " + live.ShortDebugString() + ", the history says " +
                   turn.ShortDebugString());
    }
  }
}

struct Edited {
  const RecordedRun& recorded;
  bool strict = false;
  Turns history;
};

Edited edited(std::string_view input) {
  Bytes in(input);
  const unsigned which = in.byte();
  const auto& runs = recorded_runs();
  const RecordedRun& recorded = runs[which / 2 % runs.size()];
  Edited result{recorded, which % 2 == 1, recorded.history};
  edit(Bytes(in.rest()), &result.history);
  return result;
}

// The engine's bookkeeping gets the same turns.
void fold(const Turns& history) {
  runtime::Names names;
  runtime::RunState state;
  for (const Turn& turn : history) state.apply(turn, names);
  proto::RunSummary summary;
  state.to_summary(&summary);
}

}  // namespace

void fuzz_history(std::string_view input) {
  const Edited run = edited(input);
  fold(run.history);
  if (replay(run.recorded, run.history, run.strict)) {
    run_again(run.recorded, run.history, run.strict);
  } else if (input.size() <= 1) {
    throw Defect("a history that nobody has edited is not accepted");
  }
}

// A replay that accepts everything.
void fuzz_history_control(std::string_view input) {
  const Edited run = edited(input);
  run_again(run.recorded, run.history, run.strict);
}

std::vector<std::string> history_seeds() {
  using namespace std::string_literals;
  std::vector<std::string> seeds;
  for (std::size_t run = 0; run < recorded_runs().size(); ++run) {
    const std::string strict(1, static_cast<char>(2 * run + 1));
    seeds.push_back(strict);
    seeds.push_back(std::string(1, static_cast<char>(2 * run)) + "\x06\x01\x00"s);  // truncated
    seeds.push_back(strict + "\x02\x01\x00"s);                                      // a turn twice
    seeds.push_back(strict + "\x08\x01\x00"s);                              // deferred or not
    seeds.push_back(strict + "\x01\x00\x01\x00\x00"s);                      // a command less
    seeds.push_back(strict + "\x03\x00\x00\x01\x00"s);                      // RunStarted twice
    seeds.push_back(strict + "\x05\x01\x00\x02\x00"s);                      // inputs swapped
    seeds.push_back(strict + "\x07\x00\x01\x00\x00\x01\x03\x61\x62\x63"s);  // another name
    seeds.push_back(strict + "\x09\x01\x00\x00\x00\x05"s);                  // another kind
    seeds.push_back(strict + "\x0c\x00\x00\x00\x05\x10"s);                  // a byte
  }
  return seeds;
}

}  // namespace reprise::fuzz
