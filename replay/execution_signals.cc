// Signals: who gets the next one, and what becomes of those that do not decode
// (docs/adr/0032-unreadable-signals.md).
//
// A signal is read when it is handed to the code, once, and what it was read as goes with it. What
// was decided then stands in the log: on replay nothing is read before the code takes its value.
#include <string>
#include <utility>

#include "base/out_of_memory.h"
#include "base/utf8.h"
#include "replay/execution_state.h"

namespace reprise::replay {

using Kind = Operation::Kind;
using Trigger = Operation::Trigger;

namespace {

constexpr std::size_t kMostWhy = 1'024;  // of what a codec says
constexpr std::size_t kMostWhys = 100;   // in a turn

// True also where the codec has a bug: the code that takes the signal is to meet it, on its strand.
bool reads(std::string_view input, ReadSignal read, SignalValue* value, std::string* why_not) {
  *value = {read, nullptr};
  try {
    return read(input, &value->value, why_not);
  } catch (const std::bad_alloc&) {
    throw;  // it says nothing about the signal
  } catch (...) {
    value->value.reset();
    return true;
  }
}

// What another has read it as is of another type.
std::shared_ptr<void> value_for(ReadSignal read, SignalValue* value) {
  return value->read == read ? std::move(value->value) : nullptr;
}

}  // namespace

// ---- arriving ---------------------------------------------------------------------------------

void Execution::State::receive_signal(const proto::SignalReceived& signal) {
  Inboxes::Arrival arrival{.order = next_order++, .input = signal.input(), .event = applying};
  if (const auto found = handlers.signals.find(signal.name()); found != handlers.signals.end()) {
    handle_signal(signal.name(), std::move(arrival), found->second.handler);
  } else {
    deliver(signal.name(), std::move(arrival));
  }
}

void Execution::State::deliver(std::string_view name, Inboxes::Arrival signal) {
  Operation* const waiting = inboxes.first_waiting(name);
  if (waiting == nullptr) return inboxes.keep(name, std::move(signal));
  // The closure of a side effect is not run again on replay: what is dropped there is not read.
  const bool reads_it = !in_side_effect();
  if (reads_it && !is_readable(name, &signal, waiting->read_signal(), waiting->site)) return;
  inboxes.stop_waiting(name, waiting);
  hand_over(*waiting, std::move(signal));
}

void Execution::State::hand_over(Operation& operation, Inboxes::Arrival signal) {
  operation.event = signal.event;
  operation.looks = signal.looks;
  if (operation.signal != nullptr) {
    operation.signal->value = {signal.value.read, value_for(operation.signal->read, &signal.value)};
  }
  complete(operation, Trigger::kSuccess, signal.order, Outcome::success(std::move(signal.input)));
}

void Execution::State::handle_signal(std::string name,
                                     Inboxes::Arrival signal,
                                     const Handlers::Signals& handler) {
  spawn_strand(
      [this, name = std::move(name), signal = std::move(signal), handler]() mutable {
        guarded({"the handler of signal", name}, [&] {
          if (!is_readable(name, &signal, handler.read, {})) return;
          handler.handle({signal.input, value_for(handler.read, &signal.value), signal.event});
        });
      },
      root);
}

// Handed out and not read: it goes to whoever has waited longest, or back to the inbox.
void Execution::State::take_back(Operation& signal) {
  if (!signal.ready()) return inboxes.stop_waiting(signal.label, &signal);
  if (signal.read() || scheduler.halted()) return;
  if (signal.state() == Operation::State::kCancelled && behaviours.cancelled_signals_are_none()) {
    return;
  }
  Inboxes::Arrival unread{.order = signal.order(), .event = signal.event, .looks = signal.looks};
  if (signal.signal != nullptr) unread.value = std::move(signal.signal->value);
  Outcome outcome = signal.take_outcome();
  if (!outcome.ok()) {  // it was cancelled, in a run from before
    if (Operation* waiting = inboxes.first_waiting(signal.label); waiting != nullptr) {
      inboxes.stop_waiting(signal.label, waiting);
      waiting->event = unread.event;
      return complete(*waiting, Trigger::kSuccess, unread.order, std::move(outcome));
    }
  }
  unread.input = outcome.take_payload();
  deliver(signal.label, std::move(unread));
}

bool Execution::State::in_side_effect() const {
  const StrandRecord* const strand = scheduler.current();
  return strand != nullptr && strand->closure != nullptr && strand->closure != kInCondition;
}

// ---- reading ----------------------------------------------------------------------------------

bool Execution::State::is_readable(std::string_view name,
                                   Inboxes::Arrival* signal,
                                   ReadSignal read,
                                   base::CallSite site) {
  if (!behaviours.unreadable_signals_are_set_aside() || read == nullptr) return true;
  const bool seen = signal->value.read == read;  // and found good
  if (log.replaying()) {
    if (accept_set_aside(name, *signal, signal->looks - (seen ? 1 : 0))) return false;
    if (!seen) signal->value = {read, nullptr};
  } else if (!seen) {
    std::string why_not;
    if (!reads(signal->input, read, &signal->value, &why_not)) {
      set_aside(name, *signal, why_not, site);
      return false;
    }
  }
  if (!seen) ++signal->looks;
  return true;
}

// Is it what the log says next? `looks`: how many had found it good before this reader did.
bool Execution::State::accept_set_aside(std::string_view name,
                                        const Inboxes::Arrival& signal,
                                        std::uint32_t looks) {
  const proto::Event* const next = log.peek();
  const bool is_it = next != nullptr && next->has_signal_set_aside() &&
                     next->signal_set_aside().event() == signal.event &&
                     next->signal_set_aside().looks() == looks &&
                     next->signal_set_aside().name() == name;
  if (!is_it) return false;
  tell_command(*next);
  if (!left) log.accept_recorded();
  return true;
}

// Throws nothing: it may be called by a destructor, or outside of strands.
void Execution::State::set_aside(std::string_view name,
                                 const Inboxes::Arrival& signal,
                                 const std::string& why,
                                 base::CallSite site) {
  auto* event = log.draft(site)->mutable_signal_set_aside();
  event->set_event(signal.event);
  event->set_looks(signal.looks);
  event->set_name(name.data(), name.size());
  if (set_aside_in_turn++ < kMostWhys) event->set_why(base::to_text(why.substr(0, kMostWhy)));
  const std::size_t bytes = name.size() + event->why().size();
  if (StrandRecord* strand = scheduler.current()) strand->strand.label().last_call = site;
  if (!log.submit()) return park_on_mismatch();
  // Not since the last input: nothing keeps one turn from setting aside all that has ever come.
  set_aside_bytes += kBytesPerCommand + bytes;
  if (set_aside_bytes > most_turn_bytes) {
    park_at_limit("commands of more bytes in one turn", "turn_bytes", most_turn_bytes);
  }
}

std::optional<std::string> Execution::signal_refusal(std::string_view name,
                                                     std::string_view input) const try {
  const State& s = *state_;
  if (!s.behaviours.unreadable_signals_are_set_aside() || s.over()) return std::nullopt;
  const auto handler = s.handlers.signals.find(name);
  const ReadSignal read =
      handler != s.handlers.signals.end() ? handler->second.handler.read : s.inboxes.reader(name);
  SignalValue value;
  std::string why_not;
  if (read == nullptr || reads(input, read, &value, &why_not)) return std::nullopt;
  return why_not;
} catch (const std::bad_alloc&) {
  out_of_memory();
}

// ---- calls ------------------------------------------------------------------------------------

OperationRef Execution::next_signal(std::string_view name,
                                    base::CallSite site,
                                    ReadSignal read) try {
  State& s = *state_;
  s.enter();
  OperationRef operation = s.add_operation(Kind::kSignal, 0, std::string(name), site);
  if (read != nullptr) {
    operation->signal = std::make_unique<SignalPart>(read);
    s.inboxes.note_reader(name, read);
  }
  while (auto arrival = s.inboxes.take(name)) {
    if (s.is_readable(name, &*arrival, read, site)) {
      s.hand_over(*operation, std::move(*arrival));
      return operation;
    }
    s.enter();
  }
  s.inboxes.wait(name, operation.get());
  return operation;
} catch (const std::bad_alloc&) {
  out_of_memory();
}

bool Execution::has_signal(std::string_view name, ReadSignal read, base::CallSite site) try {
  State& s = *state_;
  const StrandRecord* const strand = s.scheduler.current();
  // The closure of a side effect is not run again on replay: there one only looks.
  const bool only_looks =
      strand == nullptr || strand->strand.evicting() || s.scheduler.halted() || s.in_side_effect();
  if (only_looks) return s.inboxes.has(name);
  if (read != nullptr) s.inboxes.note_reader(name, read);
  while (Inboxes::Arrival* const first = s.inboxes.first(name)) {
    if (s.is_readable(name, first, read, site)) return true;
    (void)s.inboxes.take(name);
    s.enter();
  }
  return false;
} catch (const std::bad_alloc&) {
  out_of_memory();
}

std::uint64_t Execution::on_signal(std::string_view signal,
                                   SignalHandler handler,
                                   ReadSignal read) try {
  State& s = *state_;
  const std::uint64_t id = s.handlers.next_id++;
  const Handlers::Signals both{std::move(handler), read};
  s.handlers.signals[std::string(signal)] = {id, both};
  // Those that came before the handler did are not lost.
  while (auto arrival = s.inboxes.take(signal)) {
    s.handle_signal(std::string(signal), std::move(*arrival), both);
  }
  return id;
} catch (const std::bad_alloc&) {
  out_of_memory();
}

}  // namespace reprise::replay
