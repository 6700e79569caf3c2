#include "replay/commands/signal.h"

#include <iterator>
#include <utility>

#include "base/check.h"
#include "base/utf8.h"
#include "replay/execution_state.h"

namespace reprise::replay {

using Kind = Operation::Kind;
using Trigger = Operation::Trigger;

namespace {

constexpr std::size_t kMostWhy = 1'024;  // of a codec's message
constexpr std::size_t kMostWhys = 100;   // in a turn

// True also if the codec has a bug: the code that takes the signal must meet it, on its strand.
bool reads(std::string_view input, ReadSignal read, SignalValue* value, std::string* why_not) {
  *value = {read, nullptr};
  try {
    return read(input, &value->value, why_not);
  } catch (const std::bad_alloc&) {
    throw;  // that tells nothing about the signal
  } catch (...) {
    value->value.reset();
    return true;
  }
}

// Another receiver has decoded it as another type.
std::shared_ptr<void> value_for(ReadSignal read, SignalValue* value) {
  return value->read == read ? std::move(value->value) : nullptr;
}

}  // namespace

// ---- call -------------------------------------------------------------------------------------

OperationRef Execution::next_signal(std::string_view name,
                                    base::CallSite site,
                                    ReadSignal read) try {
  state_->core.enter();
  return state_->signals.next(name, site, read);
} catch (const std::bad_alloc&) {
  out_of_memory();
}

bool Execution::has_signal(std::string_view name, ReadSignal read, base::CallSite site) try {
  return state_->signals.has(name, read, site);
} catch (const std::bad_alloc&) {
  out_of_memory();
}

std::uint64_t Execution::on_signal(std::string_view signal,
                                   SignalHandler handler,
                                   ReadSignal read) try {
  const std::uint64_t id = state_->next_handler++;
  state_->signals.handle(signal, id, std::move(handler), read);
  return id;
} catch (const std::bad_alloc&) {
  out_of_memory();
}

std::uint64_t Execution::on_any_signal(AnySignalHandler handler) try {
  const std::uint64_t id = state_->next_handler++;
  state_->signals.handle_any(id, std::move(handler));
  return id;
} catch (const std::bad_alloc&) {
  out_of_memory();
}

OperationRef Signals::next(std::string_view name, base::CallSite site, ReadSignal read) {
  OperationRef operation = run_.create(Kind::kSignal, name, site);
  operation->listener = this;
  if (read != nullptr) {
    operation->signal = std::make_unique<SignalPart>(read);
  }
  inboxes_.note_reader(name, read);
  while (auto arrival = inboxes_.take(name)) {
    if (is_readable(name, &*arrival, read, site)) {
      hand_over(*operation, std::move(*arrival));
      return operation;
    }
    run_.enter();
  }
  REPRISE_CHECK(operation->on(Trigger::kStart), "a new operation waits");
  inboxes_.wait(name, operation.get());
  return operation;
}

bool Signals::has(std::string_view name, ReadSignal read, base::CallSite site) {
  const StrandRecord* const strand = run_.scheduler.current();
  // Replay does not run the closure of a side effect: nothing is set aside there.
  const bool only_looks = strand == nullptr || strand->strand.evicting() ||
                          run_.scheduler.halted() || in_side_effect(strand);
  if (only_looks) return inboxes_.has(name);
  if (read != nullptr) inboxes_.note_reader(name, read);
  while (Inboxes::Arrival* const first = inboxes_.first(name)) {
    if (is_readable(name, first, read, site)) return true;
    (void)inboxes_.take(name);
    run_.enter();
  }
  return false;
}

void Signals::handle(std::string_view name,
                     std::uint64_t id,
                     Execution::SignalHandler handler,
                     ReadSignal read) {
  const Handler both{std::move(handler), read};
  handlers_.set(name, id, both);
  // Signals that came before the handler are not lost.
  while (auto arrival = inboxes_.take(name)) {
    run_handler(std::string(name), std::move(*arrival), both);
  }
}

void Signals::handle_any(std::uint64_t id, Execution::AnySignalHandler handler) {
  any_id_ = id;
  any_ = std::make_shared<Execution::AnySignalHandler>(std::move(handler));
  for (auto& [name, arrival] : inboxes_.take_unasked()) run_any(name, std::move(arrival));
}

void Signals::remove_handler(std::uint64_t id) {
  handlers_.remove(id);
  if (any_id_ == id) any_ = nullptr;
}

// ---- cancel, drop -----------------------------------------------------------------------------

void Signals::cancel(Operation& waiting) {
  inboxes_.stop_waiting(waiting.label, &waiting);
  run_.end_as_cancelled(waiting);
}

// Called by a destructor, which must not throw.
void Signals::dropped(Operation& signal) try {
  if (signal.handed_at != 0) unlist(signal);
  if (!signal.ready()) {
    REPRISE_CHECK(signal.on(Trigger::kDrop), "who waits for a signal may stop");
    inboxes_.stop_waiting(signal.label, &signal);
  } else if (!signal.read() && !run_.scheduler.halted()) {
    take_back(signal);
  }
} catch (const std::bad_alloc&) {
  out_of_memory();
}

// It goes to the operation that has waited longest, or back to the inbox.
void Signals::take_back(Operation& signal) {
  if (signal.state() == Operation::State::kCancelled &&
      run_.behaviours.cancelled_signals_are_none()) {
    return;
  }
  Inboxes::Arrival unread{.order = signal.order(), .event = signal.event, .looks = signal.looks};
  if (signal.signal != nullptr) {
    unread.value = std::move(signal.signal->value);
    unread.headers = std::move(signal.signal->headers);
  }
  Outcome outcome = signal.take_outcome();
  if (!outcome.ok()) {  // it was cancelled, in a run from before
    if (Operation* waiting = inboxes_.first_waiting(signal.label); waiting != nullptr) {
      inboxes_.stop_waiting(signal.label, waiting);
      list_as_handed(*waiting);
      waiting->event = unread.event;
      return run_.complete(*waiting, Trigger::kSuccess, unread.order, std::move(outcome));
    }
  }
  unread.input = outcome.take_payload();
  deliver(signal.label, std::move(unread));
}

// ---- apply ------------------------------------------------------------------------------------

void Signals::begin_turn() {
  set_aside_in_turn_ = 0;
  set_aside_bytes_ = 0;
}

void Signals::apply(const proto::Event& input) {
  const proto::SignalReceived& signal = input.signal_received();
  Inboxes::Arrival arrival{
      .order = run_.next_order++, .input = signal.input(), .event = run_.applied.number};
  if (signal.headers_size() > 0) {
    arrival.headers = std::make_shared<const event::HeaderFields>(signal.headers());
  }
  if (const Handler* handler = handlers_.find(signal.name()); handler != nullptr) {
    run_handler(signal.name(), std::move(arrival), *handler);
  } else if (any_ != nullptr && !inboxes_.is_asked_for(signal.name())) {
    run_any(signal.name(), std::move(arrival));
  } else {
    deliver(signal.name(), std::move(arrival));
  }
}

void Signals::deliver(std::string_view name, Inboxes::Arrival&& signal) {
  Operation* const waiting = inboxes_.first_waiting(name);
  if (waiting == nullptr) return inboxes_.keep(name, std::move(signal));
  // Replay does not run the closure of a side effect: what is dropped there is not decoded.
  const bool reads_it = !in_side_effect(run_.scheduler.current());
  if (reads_it && !is_readable(name, &signal, waiting->read_signal(), waiting->site)) return;
  inboxes_.stop_waiting(name, waiting);
  hand_over(*waiting, std::move(signal));
}

void Signals::hand_over(Operation& operation, Inboxes::Arrival&& signal) {
  list_as_handed(operation);
  operation.event = signal.event;
  operation.looks = signal.looks;
  if (signal.headers != nullptr && operation.signal == nullptr) {
    operation.signal = std::make_unique<SignalPart>(nullptr);
  }
  if (operation.signal != nullptr) {
    operation.signal->headers = std::move(signal.headers);
    operation.signal->value = {signal.value.read, value_for(operation.signal->read, &signal.value)};
  }
  run_.complete(operation, Trigger::kSuccess, signal.order,
                Outcome::success(std::move(signal.input)));
}

void Signals::list_as_handed(Operation& signal) {
  handed_.push_back(&signal);
  signal.handed_at = static_cast<std::uint32_t>(handed_.size());
}

void Signals::unlist(Operation& signal) {
  Operation* const last = handed_.back();
  handed_[signal.handed_at - 1] = last;
  last->handed_at = std::exchange(signal.handed_at, 0);
  handed_.pop_back();
}

void Signals::run_handler(std::string name, Inboxes::Arrival arrival, const Handler& handler) {
  to_handle_.push_back({std::move(name), std::move(arrival)});
  run_on_strand(std::prev(to_handle_.end()), [this, handler](ToHandle& taken) {
    run_.guarded({"the handler of signal", taken.name}, [&] {
      Inboxes::Arrival& signal = taken.signal;
      if (!is_readable(taken.name, &signal, handler.read, {})) return;
      handler.handle({signal.input, value_for(handler.read, &signal.value), signal.event,
                      signal.headers.get()});
    });
  });
}

void Signals::run_any(std::string name, Inboxes::Arrival arrival) {
  to_handle_.push_back({std::move(name), std::move(arrival)});
  run_on_strand(std::prev(to_handle_.end()), [this, handler = any_](const ToHandle& taken) {
    run_.guarded({"the handler of any signal, here", taken.name},
                 [&] { (*handler)(taken.name, taken.signal.input, taken.signal.headers.get()); });
  });
}

// `handle` throws nothing: guarded().
void Signals::run_on_strand(std::list<ToHandle>::iterator waiting,
                            std::function<void(ToHandle&)> handle) {
  auto listed = [this, waiting, handle = std::move(handle)] {
    handling_.splice(handling_.end(), to_handle_, waiting);
    handle(*waiting);
    handling_.erase(waiting);
  };
  run_.spawn_strand(std::move(listed), run_.root).is_handler = true;
}

// ---- signals that do not decode ---------------------------------------------------------------

bool Signals::is_readable(std::string_view name,
                          Inboxes::Arrival* signal,
                          ReadSignal read,
                          base::CallSite site) {
  if (!run_.behaviours.unreadable_signals_are_set_aside() || read == nullptr) return true;
  const bool seen = signal->value.read == read;  // and found good
  if (run_.log.replaying()) {
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

// Does the log set it aside next? `looks`: how many readers had accepted it before this one.
bool Signals::accept_set_aside(std::string_view name,
                               const Inboxes::Arrival& signal,
                               std::uint32_t looks) {
  const proto::Event* const next = run_.log.peek();
  const bool is_it = next != nullptr && next->has_signal_set_aside() &&
                     next->signal_set_aside().event() == signal.event &&
                     next->signal_set_aside().looks() == looks &&
                     next->signal_set_aside().name() == name;
  if (!is_it) return false;
  run_.observation.asks(*next);
  if (!run_.observation.left()) run_.log.accept_recorded();
  ++number_set_aside_;
  return true;
}

// Throws nothing: it may be called by a destructor, or outside strands.
void Signals::set_aside(std::string_view name,
                        const Inboxes::Arrival& signal,
                        const std::string& why,
                        base::CallSite site) {
  auto* event = run_.log.draft(site)->mutable_signal_set_aside();
  event->set_event(signal.event);
  event->set_looks(signal.looks);
  event->set_name(name.data(), name.size());
  if (set_aside_in_turn_++ < kMostWhys) event->set_why(base::to_text(why.substr(0, kMostWhy)));
  const std::size_t bytes = name.size() + event->why().size();
  if (StrandRecord* strand = run_.scheduler.current()) strand->strand.label().last_call = site;
  if (!run_.log.submit()) return run_.parking.park_on_mismatch();
  ++number_set_aside_;
  // Counted for the turn, not since the last input: one turn may set aside all signals that have
  // ever come.
  set_aside_bytes_ += kBytesPerCommand + bytes;
  if (set_aside_bytes_ > run_.limits.turn_bytes) {
    run_.park_at_limit("commands of more bytes in one turn", "turn_bytes", run_.limits.turn_bytes);
  }
}

std::uint64_t Execution::signals_set_aside() const {
  return state_->signals.number_set_aside();
}

std::optional<std::string> Execution::signal_refusal(std::string_view name,
                                                     std::string_view input) const try {
  return state_->core.over() ? std::nullopt : state_->signals.refusal(name, input);
} catch (const std::bad_alloc&) {
  out_of_memory();
}

std::optional<std::string> Signals::refusal(std::string_view name, std::string_view input) const {
  if (!run_.behaviours.unreadable_signals_are_set_aside()) return std::nullopt;
  const Handler* const handler = handlers_.find(name);
  const ReadSignal read = handler != nullptr ? handler->read : inboxes_.reader(name);
  SignalValue value;
  std::string why_not;
  if (read == nullptr || reads(input, read, &value, &why_not)) return std::nullopt;
  return why_not;
}

std::optional<std::string> Signals::under_way() const {
  return handling_.empty() ? std::nullopt : std::optional(handling_.front().name);
}

// ---- signals that nobody took -----------------------------------------------------------------

namespace {

Unread unread_signal(std::string_view name,
                     std::uint64_t order,
                     const std::string& input,
                     const SignalHeaders& headers) {
  Unread unread{.order = order, .input = {}};
  auto* signal = unread.input.mutable_signal_received();
  signal->set_name(name.data(), name.size());
  signal->set_input(input);
  if (headers != nullptr) *signal->mutable_headers() = *headers;
  return unread;
}

}  // namespace

void Signals::add_unread(std::vector<Unread>* out) const {
  const auto add = [out](std::string_view name, const Inboxes::Arrival& signal) {
    out->push_back(unread_signal(name, signal.order, signal.input, signal.headers));
  };
  inboxes_.for_each_unread(add);
  for (const ToHandle& waiting : to_handle_) add(waiting.name, waiting.signal);
  for (const Operation* operation : handed_) {
    if (operation->read() || operation->state() != Operation::State::kSucceeded) continue;
    const SignalPart* const part = operation->signal.get();
    out->push_back(unread_signal(operation->label, operation->order(),
                                 operation->outcome().payload(),
                                 part == nullptr ? SignalHeaders() : part->headers));
  }
}

}  // namespace reprise::replay
