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

// True also where the codec has a bug: the code that takes the signal is to meet it, on its strand.
bool reads(Inboxes::Arrival* signal, ReadSignal read, std::string* why_not) {
  if (read == nullptr || signal->value.read == read) return true;
  try {
    std::shared_ptr<void> value;
    if (!read(signal->input, &value, why_not)) return false;
    signal->value = {read, std::move(value)};
  } catch (...) {
  }
  return true;
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
  if (!is_readable(name, &signal, waiting->read_signal(), waiting->site)) return;
  inboxes.stop_waiting(name, waiting);
  hand_over(*waiting, std::move(signal));
}

void Execution::State::hand_over(Operation& operation, Inboxes::Arrival signal) {
  operation.event = signal.event;
  operation.looks = signal.looks;
  if (operation.signal != nullptr) operation.signal->value = std::move(signal.value);
  complete(operation, Trigger::kSuccess, signal.order, Outcome::success(std::move(signal.input)));
}

void Execution::State::handle_signal(std::string name,
                                     Inboxes::Arrival signal,
                                     const Handlers::Signals& handler) {
  spawn_strand(
      [this, name = std::move(name), signal = std::move(signal), handler]() mutable {
        guarded({"the handler of signal", name}, [&] {
          if (!is_readable(name, &signal, handler.read, {})) return;
          handler.handle({signal.input, std::move(signal.value.value), signal.event});
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

// ---- reading ----------------------------------------------------------------------------------

bool Execution::State::is_readable(std::string_view name,
                                   Inboxes::Arrival* signal,
                                   ReadSignal read,
                                   base::CallSite site) {
  if (!behaviours.unreadable_signals_are_set_aside()) return true;
  if (log.replaying()) {
    const proto::Event* const next = log.peek();
    const bool is_it = next != nullptr && next->has_signal_set_aside() &&
                       next->signal_set_aside().event() == signal->event &&
                       next->signal_set_aside().looks() == signal->looks &&
                       next->signal_set_aside().name() == name;
    ++signal->looks;
    if (!is_it) return true;
    tell_command(*next);
    if (!left) log.accept_recorded();
    return false;
  }
  std::string why_not;
  if (reads(signal, read, &why_not)) {
    ++signal->looks;
    return true;
  }
  set_aside(name, *signal, why_not, site);
  return false;
}

void Execution::State::set_aside(std::string_view name,
                                 const Inboxes::Arrival& signal,
                                 const std::string& why,
                                 base::CallSite site) {
  auto* event = log.draft(site)->mutable_signal_set_aside();
  event->set_event(signal.event);
  event->set_looks(signal.looks);
  event->set_name(name.data(), name.size());
  event->set_why(base::to_text(why.substr(0, kMostWhy)));
  if (!log.submit()) park_on_mismatch();
}

std::optional<std::string> Execution::signal_refusal(std::string_view name,
                                                     std::string_view input) const {
  const State& s = *state_;
  if (!s.behaviours.unreadable_signals_are_set_aside() || s.over()) return std::nullopt;
  const auto handler = s.handlers.signals.find(name);
  Inboxes::Arrival signal{.input = std::string(input)};
  std::string why_not;
  const ReadSignal read =
      handler != s.handlers.signals.end() ? handler->second.handler.read : s.inboxes.reader(name);
  if (reads(&signal, read, &why_not)) return std::nullopt;
  return why_not;
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

bool Execution::has_signal(std::string_view name, ReadSignal read) try {
  State& s = *state_;
  const StrandRecord* const strand = s.scheduler.current();
  // The closure of a side effect is not run again on replay: there one only looks.
  const bool only_looks = strand == nullptr || strand->strand.evicting() || s.scheduler.halted() ||
                          (strand->closure != nullptr && strand->closure != kInCondition);
  if (only_looks) return s.inboxes.has(name);
  if (read != nullptr) s.inboxes.note_reader(name, read);
  while (Inboxes::Arrival* const first = s.inboxes.first(name)) {
    if (s.is_readable(name, first, read, {})) return true;
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
