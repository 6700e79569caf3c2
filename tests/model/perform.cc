#include "tests/model/perform.h"

#include <optional>
#include <utility>

#include "proto/history.pb.h"
#include "sdk/src/errors.h"

namespace reprise::model {
namespace {

// The call's exception, in the oracle's terms.
template <class Made>
Answer answer_of(const Made& make) {
  Answer answer;
  try {
    return make();
  } catch (const AlreadyStarted& error) {
    answer.code = error.code();
    answer.run_id = error.run_id();
  } catch (const Error& error) {
    answer.code = error.code();
    answer.texts = {error.what()};
  } catch (const ApplicationFailure& failure) {
    answer.code = "failed";
    answer.texts = {std::string(failure.type()), failure.what()};
  } catch (const CancelledFailure& failure) {
    answer.code = "cancelled";
    answer.texts = {failure.what()};
  } catch (const TerminatedFailure& failure) {
    answer.code = "terminated";
    answer.texts = {failure.what()};
  } catch (const TimeoutFailure& failure) {
    answer.code = "timed out";
    answer.texts = {failure.what()};
  } catch (const std::exception& other) {
    answer.code = "exception";
    answer.texts = {other.what()};
  }
  return answer;
}

std::int64_t ms_of(const std::optional<Time>& time) {
  return time ? time->time_since_epoch().count() : 0;
}

Described described(const RunDescription& run) {
  Described to{.id = run.workflow_id,
               .run_id = run.run_id,
               .workflow = run.workflow,
               .queue = run.task_queue,
               .status = static_cast<std::uint8_t>(run.status),
               .started = ms_of(run.started),
               .closed = ms_of(run.closed),
               .parked = {}};
  if (run.parked) to.parked = run.parked->code + " " + run.parked->report;
  return to;
}

std::string value_in(std::string_view input) {
  return internal::decode_argument<std::string>(input);
}

using Line = std::pair<std::string, std::string>;

Line line_of_signal(const proto::SignalReceived& signal, const Names& names) {
  if (signal.name() == names.note) return {"note", digest_of(value_in(signal.input()))};
  if (signal.name() == names.finish) return {"finish", digest_of(value_in(signal.input()))};
  return {"odd", digest_of(signal.name())};
}

// What answers a command: at most once each.
std::uint32_t answered_operation(const proto::Event& event) {
  if (event.has_activity_completed()) return event.activity_completed().id();
  if (event.has_activity_failed()) return event.activity_failed().id();
  if (event.has_step_completed()) return event.step_completed().id();
  if (event.has_step_failed()) return event.step_failed().id();
  return event.has_timer_fired() ? event.timer_fired().id() : 0;
}

Line line_of(const proto::Event& event, const Names& names) {
  if (event.has_run_started()) return {"start", digest_of(value_in(event.run_started().input()))};
  if (event.has_signal_received()) return line_of_signal(event.signal_received(), names);
  if (event.has_update_received()) {
    return {"update", digest_of(value_in(event.update_received().input()))};
  }
  if (event.has_cancel_requested()) return {"cancel", event.cancel_requested().reason()};
  if (event.has_run_terminated()) return {"terminate", event.run_terminated().reason()};
  if (const auto id = answered_operation(event); id != 0) return {"outcome", std::to_string(id)};
  return {"event", std::to_string(static_cast<int>(event.kind_case()))};
}

}  // namespace

void Performer::perform(const Call& call) const {
  if (call.verb == Verb::kSignals) return signals(call);
  Answer answer = answer_to(call);
  answer.number = call.number;
  say_(std::move(answer));
}

bool Performer::lies(const Call& call, Lie how, std::uint64_t one_of) const {
  return lie_ == how && call.number % one_of == 0;
}

Handle<Seen> Performer::handle_of(const Call& call) const {
  return client_.attach(Definition(std::string_view(names_.workflows[0])), call.id, call.run_id);
}

Answer Performer::answer_to(const Call& call) const {
  const bool message = call.verb == Verb::kOddSignal || call.verb == Verb::kTerminate;
  if (message && lies(call, Lie::kSaysWhatItDidNot, 5)) return {};
  Answer answer = answer_of([&] { return made(call); });
  if (lies(call, Lie::kChangesAnAnswer, 7) && answer.code.empty() && !answer.texts.empty()) {
    answer.texts.back() += "x";
  }
  return answer;
}

Answer Performer::made(const Call& call) const {
  const auto run = [&] { return handle_of(call); };
  Answer done;
  switch (call.verb) {
    case Verb::kStart:
      return start(call);
    case Verb::kSignals:
    case Verb::kReopen:
    case Verb::kClose:
      return done;
    case Verb::kOddSignal:
      run().signal(Signal<std::string>(std::string_view(call.name))(call.texts[0]));
      return done;
    case Verb::kUpdate:
    case Verb::kUpdateFor:
    case Verb::kSubmitUpdate:
      return update(call);
    case Verb::kEcho:
      done.texts = {digest_of(run().query(define_.echo(call.texts[0])))};
      return done;
    case Verb::kSeen:
      done.texts = run().query(define_.seen());
      return done;
    case Verb::kUnknownQuery:
      (void)run().query(Query<Seen()>(std::string_view(call.name))());
      return done;
    case Verb::kCancel:
      run().cancel(call.texts[0]);
      return done;
    case Verb::kTerminate:
      run().terminate(call.texts[0]);
      return done;
    case Verb::kRetry:
      run().retry();
      return done;
    case Verb::kResult:
      return result(call);
    case Verb::kDescribe:
      done.runs = {described(run().describe())};
      return done;
    case Verb::kHistory:
      return history(call);
    case Verb::kFind:
      return find(call);
    case Verb::kList:
      return list(call);
    case Verb::kBackup:
      return backup(call);
  }
  return done;
}

Answer Performer::start(const Call& call) const {
  const auto message = Definition(std::string_view(call.name))(call.texts[0]);
  const StartOptions options{.id = call.id,
                             .task_queue = call.queue,
                             .id_reuse = static_cast<IdReuse>(call.reuse),
                             .id_conflict = static_cast<IdConflict>(call.conflict),
                             .run_timeout = Duration(call.ms)};
  std::optional<Handle<Seen>> run;
  if (call.how == How::kStart) run = client_.start(message, options);
  if (call.how == How::kTryStart) run = client_.try_start(message, options);
  if (call.how == How::kSubmit) run = client_.submit(message, options);
  Answer answer;
  if (!run) {
    answer.code = "RP3004";
    return answer;
  }
  run->started();
  answer.run_id = run->run_id();
  answer.texts = {run->id()};
  return answer;
}

// All are under way before the first is waited for.
void Performer::signals(const Call& call) const {
  std::vector<std::optional<SentSignal>> sent;
  for (std::size_t i = 0; i < call.texts.size(); ++i) {
    const bool lie = i == 0 && lies(call, Lie::kSaysWhatItDidNot, 5);
    sent.push_back(lie ? std::nullopt : std::optional(send(call, call.texts[i])));
  }
  for (std::size_t i = 0; i < sent.size(); ++i) {
    Answer answer = answer_of([&] {
      if (sent[i]) sent[i]->delivered();
      return Answer();
    });
    answer.number = call.number;
    answer.part = static_cast<std::uint32_t>(i);
    answer.last = i + 1 == sent.size();
    say_(std::move(answer));
  }
}

SentSignal Performer::send(const Call& call, const std::string& value) const {
  const Signal<std::string>& signal = call.name == names_.note ? define_.note : define_.finish;
  if (lies(call, Lie::kDoesItTwice, 5)) (void)handle_of(call).submit_signal(signal(value));
  return handle_of(call).submit_signal(signal(value));
}

Answer Performer::update(const Call& call) const {
  const auto run = handle_of(call);
  const auto message = define_.add(call.texts[0]);
  Answer answer;
  std::optional<std::string> result;
  if (call.verb == Verb::kUpdate) result = run.update(message);
  if (call.verb == Verb::kUpdateFor) result = run.update_for(message, Duration(call.ms));
  if (call.verb == Verb::kSubmitUpdate) result = run.submit_update(message).result();
  if (result) {
    answer.texts = {*result};
  } else {
    answer.code = "pending";
  }
  return answer;
}

Answer Performer::result(const Call& call) const {
  const auto run = handle_of(call);
  Answer answer;
  const auto result = call.ms < 0 ? run.result() : run.result_for(Duration(call.ms));
  if (result) {
    answer.texts = *result;
  } else {
    answer.code = "pending";
  }
  return answer;
}

// The last two texts stand for its bytes.
Answer Performer::history(const Call& call) const {
  const History history = handle_of(call).history();
  Answer answer;
  answer.run_id = history.run_id();
  const auto add = [&](const Line& line) {
    answer.texts.push_back(line.first);
    answer.texts.push_back(line.second);
  };
  for (const auto& turn : history.data().turns()) {
    for (const auto& input : turn.inputs()) add(line_of(input, names_));
    for (const auto& command : turn.commands()) add(line_of(command, names_));
  }
  add({"bytes", digest_of(history.to_bytes())});
  return answer;
}

Answer Performer::find(const Call& call) const {
  Answer answer;
  const auto run = client_.find(Definition(std::string_view(call.name)), call.id);
  if (run) {
    answer.run_id = run->run_id();
  } else {
    answer.code = "none";
  }
  return answer;
}

Answer Performer::list(const Call& call) const {
  ListOptions options{
      .workflow = call.name, .limit = call.limit, .newest_first = call.newest_first};
  if (call.status != 0) options.status = static_cast<RunStatus>(call.status);
  Answer answer;
  for (const RunDescription& run : client_.list(options)) answer.runs.push_back(described(run));
  return answer;
}

Answer Performer::backup(const Call& call) const {
  internal::value_or_throw(engine_.backup(call.name));
  return {};
}

}  // namespace reprise::model
