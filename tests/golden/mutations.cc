#include "tests/golden/mutations.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "event/compare.h"
#include "event/text.h"
#include "replay/mismatch.h"

namespace golden {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using reprise::proto::Event;
using reprise::proto::History;
using reprise::proto::Turn;

using Visit = reprise::base::FunctionRef<void(Mutant)>;

constexpr std::uint32_t kNobody = 1'000'000;  // an id that no command has
// In a history with more commands, only those at its ends and some in regular steps between are
// changed: the sample with a thousand would take minutes, and its commands are alike.
constexpr int kAllUpTo = 100;
constexpr int kAtTheEnds = 20;
constexpr int kEvery = 25;

// A command and its place.
struct Place {
  const History& history;
  int turn = 0;
  int index = 0;

  const Turn& its_turn() const { return history.turns(turn); }
  const Event& event() const { return its_turn().commands(index); }
  bool is_last() const { return index + 1 == its_turn().commands_size(); }
  std::string name() const {
    return "turn " + std::to_string(turn + 1) + ", " + reprise::event::describe(event());
  }
};

const FieldDescriptor* kind_of(const Event& event) {
  return event.GetReflection()->GetOneofFieldDescriptor(event, Event::descriptor()->oneof_decl(0));
}
Message* content_of(Event* event) {
  return event->GetReflection()->MutableMessage(event, kind_of(*event));
}

// The kinds of event that code asks for, as `kind_case()` numbers.
const std::vector<int>& command_kinds() {
  static const std::vector<int> kinds = {Event::kActivityScheduled, Event::kStepScheduled,
                                         Event::kTimerStarted,      Event::kSideEffectRecorded,
                                         Event::kRunCompleted,      Event::kRunFailed,
                                         Event::kTimerCancelled,    Event::kActivityCancelRequested,
                                         Event::kRunCancelled,      Event::kPatchRecorded,
                                         Event::kUpdateCompleted,   Event::kStepAbandoned,
                                         Event::kSignalSetAside,    Event::kDecisionRecorded,
                                         Event::kSignalSent,        Event::kCancelSent,
                                         Event::kSettingRecorded,   Event::kRunContinuedAsNew,
                                         Event::kChildScheduled,    Event::kActivityCancelAwaited,
                                         Event::kCheckpoint,        Event::kTransactionRequested};
  return kinds;
}

// An event of that kind with what it has in common with `like`.
Event event_of(int kind, const Event& like) {
  Event event;
  const FieldDescriptor* field = Event::descriptor()->FindFieldByNumber(kind);
  Message* content = event.GetReflection()->MutableMessage(&event, field);
  if (kind_of(like) == nullptr) return event;
  const Message& from = like.GetReflection()->GetMessage(like, kind_of(like));
  for (const char* name : {"id", "name"}) {
    const auto* source = from.GetDescriptor()->FindFieldByName(name);
    const auto* target = content->GetDescriptor()->FindFieldByName(name);
    if (source == nullptr || target == nullptr) continue;
    if (source->cpp_type() == FieldDescriptor::CPPTYPE_UINT32) {
      content->GetReflection()->SetUInt32(content, target,
                                          from.GetReflection()->GetUInt32(from, source));
    } else {
      content->GetReflection()->SetString(content, target,
                                          from.GetReflection()->GetString(from, source));
    }
  }
  return event;
}

bool same(const Event& a, const Event& b) {
  Event left = a;
  Event right = b;
  left.clear_call_site();
  right.clear_call_site();
  return left.SerializeAsString() == right.SerializeAsString();
}

void insert(const Event& event, int index, Turn* turn) {
  *turn->add_commands() = event;
  for (int i = turn->commands_size() - 1; i > index; --i) {
    turn->mutable_commands()->SwapElements(i, i - 1);
  }
}

bool is_name(const FieldDescriptor& field) {
  return field.name() == "name" || field.name() == "change_id" || field.name() == "update_id" ||
         field.name() == "what" || field.name() == "workflow";
}

// Gives a field another value, or, if it is repeated, one more.
void change(Message* message, const FieldDescriptor* field) {
  const auto& all = *message->GetReflection();
  if (field->is_repeated() && field->message_type() != nullptr) {
    all.AddMessage(message, field);
    return;
  }
  if (field->is_repeated()) return all.AddString(message, field, "x");
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return all.SetInt32(message, field, all.GetInt32(*message, field) + 1);
    case FieldDescriptor::CPPTYPE_INT64:
      return all.SetInt64(message, field, all.GetInt64(*message, field) + 1);
    case FieldDescriptor::CPPTYPE_UINT32:
      return all.SetUInt32(message, field, all.GetUInt32(*message, field) + 1);
    case FieldDescriptor::CPPTYPE_UINT64:
      return all.SetUInt64(message, field, all.GetUInt64(*message, field) + 1);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return all.SetDouble(message, field, all.GetDouble(*message, field) + 1);
    case FieldDescriptor::CPPTYPE_BOOL:
      return all.SetBool(message, field, !all.GetBool(*message, field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return all.SetEnumValue(message, field, all.GetEnumValue(*message, field) + 1);
    default:
      return all.SetString(message, field, all.GetString(*message, field) + "x");
  }
}

// From the event's content to one of its fields, or of the messages within.
using Path = std::vector<const FieldDescriptor*>;

void add_paths(const Message& message, Path here, std::vector<Path>* paths) {
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    Path path = here;
    path.push_back(field);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field->is_repeated()) {
      paths->push_back(std::move(path));
    } else if (message.GetReflection()->HasField(message, field)) {
      add_paths(message.GetReflection()->GetMessage(message, field), std::move(path), paths);
    }
  }
}

// ---- mutants of one command -------------------------------------------------------------------

class CommandMutants {
 public:
  CommandMutants(Place place, Visit visit) : place_(place), visit_(visit) {}

  void visit_all() const {
    of_the_event();
    of_its_place();
    of_its_turn();
  }

 private:
  void of_the_event() const {
    for (const Path& path : paths()) change_field(path);
    change_kind();
    edit("another line of code", Expected::kNotFound, [&](Turn* turn) {
      turn->mutable_commands(place_.index)->mutable_call_site()->set_line(999'999);
    });
  }

  void of_its_place() const {
    edit("dropped", Expected::kFound,
         [&](Turn* turn) { turn->mutable_commands()->DeleteSubrange(place_.index, 1); });
    // Code that does not ask for the marker of a deprecated change ignores it, and code that has
    // its answer does not ask again.
    const bool passed_over = place_.event().patch_recorded().deprecated();
    edit("made twice", passed_over ? Expected::kNotFound : Expected::kFound,
         [&](Turn* turn) { insert(place_.event(), place_.index, turn); });
    if (!place_.is_last() && !same(place_.event(), place_.its_turn().commands(place_.index + 1))) {
      edit("swapped with the next", when_swapped(), [&](Turn* turn) {
        turn->mutable_commands()->SwapElements(place_.index, place_.index + 1);
      });
    }
    add_others("a command before it", place_.index);
    if (place_.is_last()) add_others("a command behind it", place_.index + 1);
  }

  void of_its_turn() const {
    move("moved to the turn before", place_.turn - 1);
    move("moved to the next turn", place_.turn + 1);
    Mutant cut =
        mutant("history cut behind it", place_.is_last() ? Expected::kNotFound : Expected::kFound);
    // A shortened history is valid: the run has just come less far. A turn is either complete or
    // missing.
    if (place_.is_last()) cut.mutation = "history cut behind its turn";
    auto* turns = cut.history.mutable_turns();
    turns->DeleteSubrange(place_.turn + 1, turns->size() - place_.turn - 1);
    auto* commands = turns->Mutable(place_.turn)->mutable_commands();
    commands->DeleteSubrange(place_.index + 1, commands->size() - place_.index - 1);
    visit_(std::move(cut));
  }

  // ---- parts ----

  std::vector<Path> paths() const {
    std::vector<Path> paths;
    const auto& all = *place_.event().GetReflection();
    add_paths(all.GetMessage(place_.event(), kind_of(place_.event())), {}, &paths);
    return paths;
  }

  // Does the code cancel this activity? If it is abandoned then, the history does not say so; all
  // golden runs that have such an activity cancel it.
  bool is_cancelled() const {
    const auto& activity = place_.event().activity_scheduled();
    if (activity.on_cancel() == activity.ABANDON) return true;
    for (const Turn& turn : place_.history.turns()) {
      for (const Event& command : turn.commands()) {
        const std::uint32_t id = command.has_activity_cancel_awaited()
                                     ? command.activity_cancel_awaited().id()
                                     : command.activity_cancel_requested().id();
        if (id == activity.id()) return true;
      }
    }
    return false;
  }

  // Two settings of one name that change places only change their values.
  Expected when_swapped() const {
    const Event& next = place_.its_turn().commands(place_.index + 1);
    return place_.event().has_setting_recorded() &&
                   reprise::event::same_command(place_.event(), next)
               ? Expected::kFoundIfStrict
               : Expected::kFound;
  }

  void change_field(const Path& path) const {
    if (place_.event().has_side_effect_recorded()) return;  // see for_each_mutant()
    std::string name = "another " + path.front()->name();
    Expected expected = Expected::kFoundIfStrict;
    if (path.size() == 1 && path.front()->name() == "id") {
      name = "another id";
      expected = Expected::kFound;
    } else if (path.size() == 1 && is_name(*path.front())) {
      name = "another name";
      expected = Expected::kFound;
    }
    if (place_.event().has_decision_recorded()) expected = Expected::kFound;
    // The receiver of a message, and the child.
    for (const char* receiver : {"workflow_id", "run_id", "of_chain"}) {
      if (path.front()->name() == receiver) expected = Expected::kFound;
    }
    if (place_.event().has_setting_recorded() && path.front()->name() == "type") {
      expected = Expected::kFound;
    }
    // During the life of a change, code asks by patched() or by deprecate_patch().
    if (path.front()->name() == "deprecated") expected = Expected::kNotFound;
    // The ids of the next run and of a child are taken from the log.
    if (path.front()->name() == "run_id" &&
        (place_.event().has_run_continued_as_new() || place_.event().has_child_scheduled())) {
      expected = Expected::kNotFound;
    }
    // And so it does where a run is tried again.
    const std::string& field = path.front()->name();
    // The mode is taken from the log: with another one the cancellation is another command.
    if (field == "on_cancel" && is_cancelled()) expected = Expected::kFound;
    if (place_.event().has_run_failed() && (field == "next_run_id" || field == "retry_in_ms")) {
      expected = Expected::kNotFound;
    }
    // Interceptors come and go.
    if (field == "headers") expected = Expected::kNotFound;
    // Only the signal that it names counts; the reason is for people.
    if (place_.event().has_signal_set_aside()) {
      expected = path.front()->name() == "why" ? Expected::kNotFound : Expected::kFound;
      // Set aside in a condition: otherwise next() would have set it aside, and nothing else would
      // differ.
      if (path.front()->name() == "looks" && !place_.event().has_call_site()) return;
    }
    edit(name, expected, [&](Turn* turn) {
      Message* message = content_of(turn->mutable_commands(place_.index));
      for (std::size_t i = 0; i + 1 < path.size(); ++i) {
        message = message->GetReflection()->MutableMessage(message, path[i]);
      }
      change(message, path.back());
    });
  }

  // Each of the other kinds of command, with the same id and name where it has such.
  void change_kind() const {
    for (int number : command_kinds()) {
      if (number == place_.event().kind_case()) continue;
      edit("another kind", Expected::kFound, [&](Turn* turn) {
        *turn->mutable_commands(place_.index) = event_of(number, place_.event());
      });
    }
  }

  void add_others(const std::string& mutation, int index) const {
    for (int number : command_kinds()) {
      const Event other = event_of(number, Event());
      edit(mutation, Expected::kFound, [&](Turn* turn) { insert(other, index, turn); });
    }
  }

  void move(const std::string& mutation, int to) const {
    if (to < 0 || to >= place_.history.turns_size()) return;
    Mutant moved = mutant(mutation, Expected::kFound);
    moved.history.mutable_turns(place_.turn)->mutable_commands()->DeleteSubrange(place_.index, 1);
    Turn* turn = moved.history.mutable_turns(to);
    insert(place_.event(), to < place_.turn ? turn->commands_size() : 0, turn);
    visit_(std::move(moved));
  }

  void edit(const std::string& mutation,
            Expected expected,
            reprise::base::FunctionRef<void(Turn*)> change_turn) const {
    Mutant edited = mutant(mutation, expected);
    change_turn(edited.history.mutable_turns(place_.turn));
    visit_(std::move(edited));
  }

  Mutant mutant(const std::string& mutation, Expected expected) const {
    return {mutation, place_.name(), expected, place_.history};
  }

  Place place_;
  Visit visit_;
};

// ---- mutants of turns and of answers ----------------------------------------------------------

// Ends of histories: nothing can come after them.
void add_behind_the_end(const History& history, Visit visit) {
  const Turn& last = history.turns(history.turns_size() - 1);
  bool ended = false;
  for (const Event& input : last.inputs())
    ended |= input.has_run_terminated() || input.has_run_timed_out() || input.has_run_called_off();
  if (!last.commands().empty()) {
    const Event& command = last.commands(last.commands_size() - 1);
    ended |= command.has_run_completed() || command.has_run_failed() ||
             command.has_run_cancelled() || command.has_run_continued_as_new();
  }
  if (!ended) return;
  Mutant more{"a turn behind the end", "the end", Expected::kFound, history};
  more.history.add_turns()->add_inputs()->mutable_signal_received()->set_name("late");
  visit(std::move(more));
}

bool has_code(const History& history) {
  return std::any_of(history.turns().begin(), history.turns().end(),
                     [](const Turn& turn) { return !turn.without_code(); });
}

// The id of the command that an input answers; 0: it answers none.
std::uint32_t answers(const Event& input) {
  switch (input.kind_case()) {
    case Event::kActivityCompleted:
      return input.activity_completed().id();
    case Event::kActivityFailed:
      return input.activity_failed().id();
    case Event::kStepCompleted:
      return input.step_completed().id();
    case Event::kStepFailed:
      return input.step_failed().id();
    case Event::kTransactionCompleted:
      return input.transaction_completed().id();
    case Event::kTransactionFailed:
      return input.transaction_failed().id();
    case Event::kTimerFired:
      return input.timer_fired().id();
    case Event::kMessageDelivered:
      return input.message_delivered().id();
    case Event::kMessageRefused:
      return input.message_refused().id();
    case Event::kChildStarted:
      return input.child_started().id();
    case Event::kChildCompleted:
      return input.child_completed().id();
    case Event::kChildFailed:
      return input.child_failed().id();
    default:
      return 0;
  }
}

void change_inputs(const History& history, int turn, Visit visit) {
  for (int i = 0; i < history.turns(turn).inputs_size(); ++i) {
    const Event& input = history.turns(turn).inputs(i);
    const std::string place =
        "turn " + std::to_string(turn + 1) + ", " + reprise::event::describe(input);
    if (answers(input) != 0) {
      Mutant orphan{"an answer to no command", place, Expected::kFound, history};
      Message* content = content_of(orphan.history.mutable_turns(turn)->mutable_inputs(i));
      content->GetReflection()->SetUInt32(content, content->GetDescriptor()->FindFieldByName("id"),
                                          kNobody);
      visit(std::move(orphan));
    }
    if (input.has_checkpoint_taken()) {
      Mutant twice{"a checkpoint is taken twice", place, Expected::kFound, history};
      *twice.history.mutable_turns(turn)->add_inputs() = input;
      visit(std::move(twice));
      Mutant never{"a checkpoint is not taken", place, Expected::kFound, history};
      never.history.mutable_turns(turn)->mutable_inputs()->DeleteSubrange(i, 1);
      visit(std::move(never));
    }
    if (input.has_run_started()) {
      // Without code nothing is applied: the fold's verifier finds it, not a replay.
      Mutant twice{"the run starts twice", place,
                   has_code(history) ? Expected::kFound : Expected::kNotFound, history};
      *twice.history.mutable_turns(turn)->add_inputs() = input;
      visit(std::move(twice));
    }
  }
}

void change_turn(const History& history, int turn, Visit visit) {
  const std::string place = "turn " + std::to_string(turn + 1);
  change_inputs(history, turn, visit);
  if (!history.turns(turn).commands().empty()) {
    Mutant deferred{"commands in a turn without code", place, Expected::kFound, history};
    deferred.history.mutable_turns(turn)->set_without_code(true);
    visit(std::move(deferred));
  }
}

bool is_taken(int command, int commands) {
  return commands <= kAllUpTo || command < kAtTheEnds || command >= commands - kAtTheEnds ||
         command % kEvery == 0;
}

}  // namespace

void for_each_mutant(const History& history, Visit visit) {
  int commands = 0;
  for (const Turn& turn : history.turns()) commands += turn.commands_size();
  int command = 0;
  for (int turn = 0; turn < history.turns_size(); ++turn) {
    const int before = command;
    for (int i = 0; i < history.turns(turn).commands_size(); ++i, ++command) {
      if (is_taken(command, commands)) CommandMutants({history, turn, i}, visit).visit_all();
    }
    if (is_taken(before, commands)) change_turn(history, turn, visit);
  }
  add_behind_the_end(history, visit);
}

}  // namespace golden
