#include "sdk/testing/surviving_requests.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "event/turn.h"

namespace reprise::internal {

using proto::Event;
using runtime::Reply;
using runtime::RunKey;
using runtime::RunWatch;

namespace verb = runtime::verb;

namespace {

// ---- what the journal holds of a request ------------------------------------------------------

// Whom it is for; nullopt: no single run.
template <class Verb>
std::optional<RunKey> run_of(const Verb& asked) {
  if constexpr (requires { asked.key; }) {
    return asked.key;
  } else if constexpr (requires { asked.token; }) {
    const auto attempt = runtime::read_token(asked.token);
    return attempt ? std::optional(attempt->run) : std::nullopt;
  } else {
    return std::nullopt;
  }
}
std::optional<RunKey> run_of(const verb::Reset& asked) {
  return RunKey{asked.key.workflow_id};
}
std::optional<RunKey> run_of(const verb::Fork& asked) {
  return RunKey{asked.id};
}
std::optional<RunKey> run_of(const verb::Start& asked) {
  return RunKey{asked.run.workflow_id};
}

// Is this input the request's, if it is one of its run? Questions leave nothing in the journal, and
// a heartbeat is sent again: the journal does not say what it was told.
template <class Question>
bool is_recorded_as(const Question& /*asked*/, const Event& /*input*/) {
  return false;
}
bool is_recorded_as(const verb::Start& asked, const Event& input) {
  if (input.has_run_started()) return input.run_started().run_id() == asked.run.run_id.bytes();
  // A run that was there has got its signal.
  return input.has_signal_received() && asked.run.signal && !input.signal_received().has_sender() &&
         input.signal_received().name() == asked.run.signal->name &&
         input.signal_received().input() == asked.run.signal->input;
}
bool is_recorded_as(const verb::Signal& asked, const Event& input) {
  return input.has_signal_received() && !input.signal_received().has_sender() &&
         input.signal_received().name() == asked.name &&
         input.signal_received().input() == asked.input;
}
bool is_recorded_as(const verb::Update& asked, const Event& input) {
  if (!input.has_update_received() || input.update_received().name() != asked.name) return false;
  // Of several with one id the first is recorded; the engine answers the others.
  if (!asked.id.empty()) return input.update_received().update_id() == asked.id;
  return input.update_received().input() == asked.input;
}
bool is_recorded_as(const verb::Cancel& asked, const Event& input) {
  return input.has_cancel_requested() && !input.cancel_requested().has_sender() &&
         input.cancel_requested().reason() == asked.reason;
}
bool is_recorded_as(const verb::Pause& asked, const Event& input) {
  return input.has_run_paused() && input.run_paused().reason() == asked.reason;
}
bool is_recorded_as(const verb::Resume& asked, const Event& input) {
  return input.has_run_resumed() && input.run_resumed().reason() == asked.reason;
}
// By the run that begins, whose id was made before it was sent.
bool is_recorded_as(const verb::Reset& asked, const Event& input) {
  return input.has_run_started() && input.run_started().run_id() == asked.new_run.bytes();
}
bool is_recorded_as(const verb::Fork& asked, const Event& input) {
  return input.has_run_started() && input.run_started().run_id() == asked.new_run.bytes();
}
bool is_recorded_as(const verb::Terminate& asked, const Event& input) {
  return input.has_run_terminated() && input.run_terminated().reason() == asked.reason;
}
// Read without the key: only what an engine has recorded is compared, so it has verified the token.
bool names(const std::string& token, std::uint32_t operation) {
  const auto attempt = runtime::read_token(token);
  return attempt && attempt->operation == operation;
}
bool is_recorded_as(const verb::Complete& asked, const Event& input) {
  const auto& completed = input.activity_completed();
  return completed.elsewhere() && completed.result() == asked.result &&
         names(asked.token, completed.id());
}
bool is_recorded_as(const verb::Fail& asked, const Event& input) {
  const auto& again = input.attempt_failed();
  const auto& last = input.activity_failed();
  return (again.elsewhere() && names(asked.token, again.id())) ||
         (last.elsewhere() && names(asked.token, last.id()));
}

// The answer to a request that has become durable; nothing if its durability is not the answer.
template <class Verb>
void confirm(const Verb& /*asked*/) {}
void confirm(const verb::Signal& asked) {
  asked.reply({});
}
void confirm(const verb::Cancel& asked) {
  asked.reply({});
}
void confirm(const verb::Terminate& asked) {
  asked.reply({});
}
void confirm(const verb::Pause& asked) {
  asked.reply({});
}
void confirm(const verb::Resume& asked) {
  asked.reply({});
}
void confirm(const verb::Reset& asked) {
  asked.reply(runtime::StartedRun{asked.key.workflow_id, asked.new_run});
}
void confirm(const verb::Fork& asked) {
  asked.reply(runtime::StartedRun{asked.id, asked.new_run});
}
void confirm(const verb::Complete& asked) {
  asked.reply({});
}
void confirm(const verb::Fail& asked) {
  asked.reply({});
}

}  // namespace

// ---- the life of a request --------------------------------------------------------------------

void SurvivingRequests::ask(runtime::ClientRequest request) {
  std::visit([this](auto& asked) { take(std::move(asked)); }, request);
}

template <class Verb>
void SurvivingRequests::take(Verb asked) {
  if constexpr (requires { asked.new_run; }) {
    if (asked.new_run == base::RunId()) asked.new_run = new_run_id_();
  }
  if constexpr (std::is_same_v<Verb, verb::Fork>) {
    if (asked.id.empty()) asked.id = asked.new_run.to_string();
  }
  const auto request = std::make_shared<Request>(Request{.asked = std::move(asked)});
  if constexpr (std::is_same_v<Verb, verb::Start>) add_update(request);
  open_.push_back(request);
  send(request);
}

// Before the start in the list: when that is sent again, this is there.
void SurvivingRequests::add_update(const RequestRef& start) {
  const runtime::StartRequest& run = std::get<verb::Start>(start->asked).run;
  if (!run.update) return;
  const auto request = std::make_shared<Request>();
  request->asked = verb::Update{.key = {.workflow_id = run.workflow_id},
                                .name = run.update->name,
                                .input = run.update->input,
                                .reply = run.update->reply,
                                .id = run.update->id,
                                .accepted = run.update->accepted,
                                .principal = run.principal,
                                .headers = run.update->headers};
  request->start = start;
  start->update = request;
  open_.push_back(request);
}

void SurvivingRequests::attach_update(const RequestRef& start, runtime::StartRequest* run) {
  if (!run->update) return;
  const auto& update = std::get<verb::Update>(start->update->asked);
  run->update->reply = answering(start->update, update.reply);
  run->update->accepted = accepting(update.accepted);
}

Reply<std::string> SurvivingRequests::accepting(Reply<std::string> accepted) {
  if (!accepted) return {};
  return [this, generation = generation_,
          accepted = std::move(accepted)](base::Result<std::string> id) {
    if (generation == generation_) accepted(std::move(id));
  };
}

template <class Answer>
Reply<Answer> SurvivingRequests::answering(const RequestRef& request, Reply<Answer> reply) {
  return [this, request, generation = generation_,
          reply = std::move(reply)](base::Result<Answer> answer) {
    if (generation != generation_) return;  // the last words of a dead engine
    open_.remove(request);
    reply(std::move(answer));
  };
}

// To the present engine; it may answer before this returns.
void SurvivingRequests::send(const RequestRef& request) {
  const auto send_copy = [this, request](auto copy) {
    if constexpr (requires { copy.reply; }) copy.reply = answering(request, std::move(copy.reply));
    if constexpr (requires { copy.accepted; }) copy.accepted = accepting(std::move(copy.accepted));
    if constexpr (requires { copy.run; }) {
      attach_update(request, &copy.run);
      const auto entry = find_watch(copy.watch);
      copy.watch = nullptr;  // nobody waits for it any more
      if (entry != watches_.end()) copy.watch = entry->engine = std::make_shared<RunWatch>();
    }
    engine_->ask(std::move(copy));
  };
  std::visit(send_copy, runtime::ClientRequest(request->asked));
}

void SurvivingRequests::connect(runtime::ClientService& engine) {
  engine_ = &engine;
  for (const RequestRef& request : std::exchange(open_, {})) {
    const auto* update = std::get_if<verb::Update>(&request->asked);
    if (update != nullptr && request->recorded && update->accepted) {
      update->accepted(request->update_id);
    }
    if (!request->recorded) {
      send_again(request);
    } else if (const auto* start = std::get_if<verb::Start>(&request->asked)) {
      const RunKey& run = runs_[request->run].key;
      start->reply(
          runtime::StartedRun{run.workflow_id, *run.run_id, run.run_id != start->run.run_id});
    } else if (update == nullptr) {
      std::visit([](const auto& asked) { confirm(asked); }, request->asked);
    } else if (request->end != nullptr) {
      update->reply(request->end());
    } else {
      accepted_.push_back(request);  // the new engine does not know about those who wait for it
    }
  }
  for (Watch& watch : watches_) {
    if (watch.started) resume_watch(watch);
  }
}

void SurvivingRequests::send_again(const RequestRef& request) {
  open_.push_back(request);
  if (const RequestRef start = request->start.lock()) {
    if (!start->recorded) return;  // is sent with it
    const RunKey& run = runs_[start->run].key;
    std::get<verb::Update>(request->asked).key = {run.workflow_id, run.run_id, true};
    request->start.reset();
  }
  send(request);
}

// ---- what becomes of it in the journal --------------------------------------------------------

void SurvivingRequests::note(const store::Record& record, const proto::Turn& turn) {
  for (const Event& input : turn.inputs()) {
    note_own(record, input);
  }
  Run& run = runs_[record.run];
  if (run.reset_from && !run.copied && run.recorded_before == 0) {
    note_end(*std::exchange(run.reset_from, std::nullopt));
  }
  for (const Event& command : turn.commands()) {
    if (command.has_update_completed()) note_update_completed(command.update_completed());
  }
  const Event* const end = event::ending(turn);
  if (end != nullptr && event::next_run_id(*end).empty()) note_end(record.run);
}

// What is copied of another run's history was noted there.
void SurvivingRequests::note_own(const store::Record& record, const Event& input) {
  if (input.has_run_started()) {
    note_start(record, input.run_started());
    return note_input(record, input);
  }
  Run& run = runs_[record.run];
  const bool reset = input.has_run_reset();
  const std::string& begins = reset ? input.run_reset().run_id() : input.run_forked().run_id();
  if (run.copied && begins == run.key.run_id->bytes()) {
    run.copied = false;
    run.carried = 0;
    run.recorded_before = reset ? input.run_reset().carried() : input.run_forked().carried();
    if (!reset) return;
    const auto from = std::find_if(runs_.begin(), runs_.end(), [&](const auto& known) {
      return known.second.key.run_id &&
             known.second.key.run_id->bytes() == std::string_view(input.run_reset().from_run_id());
    });
    if (from != runs_.end()) run.reset_from = from->first;
    return;
  }
  if (run.copied) return note_again(record, input);
  if (input.has_checkpoint_taken()) {
    return note_carried(input.checkpoint_taken().start(), &run);
  }
  note_input(record, input);
}

void SurvivingRequests::note_start(const store::Record& record, const proto::RunStarted& started) {
  const base::RunId id = *base::RunId::from_bytes(started.run_id());
  const std::string workflow_id =
      started.workflow_id().empty() ? id.to_string() : started.workflow_id();
  Run& run = runs_[record.run];
  run.key = {workflow_id, id};
  note_carried(started, &run);
  run.copied = started.has_origin();
  first_of_chain_[id] = base::RunId::from_bytes(started.first_run_id()).value_or(id);
  newest_[workflow_id] = id;
}

void SurvivingRequests::note_carried(const proto::RunStarted& started, Run* run) {
  run->recorded_before = started.carried() - started.carried_new();
  run->carried = started.carried_new();
}

bool SurvivingRequests::is_for(const RunKey& asked, const Run& run, bool carried) const {
  if (asked.workflow_id != run.key.workflow_id) return false;
  if (!asked.run_id || asked.run_id == run.key.run_id) return true;
  const auto first = first_of_chain_.find(*asked.run_id);
  return (asked.of_chain || carried) && first != first_of_chain_.end() &&
         first->second == first_of_chain_.at(*run.key.run_id);
}

void SurvivingRequests::note_input(const store::Record& record, const Event& input) {
  Run& run = runs_[record.run];
  if (!input.has_run_started() && run.recorded_before > 0) {
    --run.recorded_before;
    return note_again(record, input);
  }
  const bool carried = !input.has_run_started() && run.carried > 0;
  if (carried) --run.carried;
  const auto is_it = [&](const auto& asked) {
    const auto key = run_of(asked);
    return key && is_recorded_as(asked, input) && is_for(*key, run, carried);
  };
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const RequestRef& request) {
    return !request->recorded && std::visit(is_it, request->asked);
  });
  if (found == open_.end()) return;
  (*found)->recorded = true;
  (*found)->run = record.run;
  if (!input.has_update_received()) return;
  (*found)->update_id = input.update_received().update_id();
  // A run that was there has got the update of the start.
  if (const RequestRef start = (*found)->start.lock(); start && !start->recorded) {
    start->recorded = true;
    start->run = record.run;
  }
}

// The run before it has not answered this update: this one will.
void SurvivingRequests::note_again(const store::Record& record, const Event& input) {
  if (!input.has_update_received()) return;
  for (auto* requests : {&open_, &accepted_}) {
    for (const RequestRef& request : *requests) {
      if (request->update_id == input.update_received().update_id()) request->run = record.run;
    }
  }
}

void SurvivingRequests::note_update_completed(const proto::UpdateCompleted& completed) {
  const auto ended = [completed]() -> base::Result<replay::Outcome> {
    return completed.has_failure() ? replay::Outcome::failed(completed.failure())
                                   : replay::Outcome::success(completed.result());
  };
  const auto is_it = [&](const RequestRef& request) {
    return request->update_id == completed.update_id();
  };
  for (auto* requests : {&open_, &accepted_}) {
    const auto found = std::find_if(requests->begin(), requests->end(), is_it);
    if (found != requests->end()) end_update(RequestRef(*found), ended);
  }
}

void SurvivingRequests::note_end(store::RunNumber run) {
  const auto too_late = []() -> base::Result<replay::Outcome> {
    return base::Error{base::ErrorCode::kUpdateUnfinished,
                       "the run ended before the handler of the update did"};
  };
  for (auto requests : {open_, accepted_}) {
    for (const RequestRef& request : requests) {
      if (request->run == run && request->end == nullptr) end_update(request, too_late);
    }
  }
}

// The living engine answers by itself.
void SurvivingRequests::end_update(const RequestRef& request,
                                   std::function<base::Result<replay::Outcome>()> end) {
  request->end = std::move(end);
  const auto orphan = std::find(accepted_.begin(), accepted_.end(), request);
  if (orphan == accepted_.end()) return;
  accepted_.erase(orphan);
  std::get<verb::Update>(request->asked).reply(request->end());
}

// ---- starts and ends --------------------------------------------------------------------------

void SurvivingRequests::take(verb::Start start) {
  if (start.run.run_id == base::RunId()) start.run.run_id = new_run_id_();
  if (start.run.workflow_id.empty()) start.run.workflow_id = start.run.run_id.to_string();
  if (start.watch != nullptr) {
    watches_.push_back(
        {{start.run.workflow_id, start.run.run_id}, start.watch, nullptr, /*started=*/false});
  }
  start.reply = [this, watch = start.watch,
                 reply = std::move(start.reply)](base::Result<runtime::StartedRun> started) {
    if (const auto entry = find_watch(watch); started && entry != watches_.end()) {
      entry->key = {started->workflow_id, started->run_id};
      entry->started = true;
    }
    reply(std::move(started));
  };
  take<verb::Start>(std::move(start));
}

std::list<SurvivingRequests::Watch>::iterator SurvivingRequests::find_watch(
    const std::shared_ptr<RunWatch>& told) {
  return std::find_if(watches_.begin(), watches_.end(),
                      [&](const Watch& entry) { return told != nullptr && entry.told == told; });
}

void SurvivingRequests::take(verb::Watch watch) {
  watches_.push_back({std::move(watch.key), std::move(watch.watch), nullptr});
  Watch& entry = watches_.back();
  // By the time the next engine is asked, another run may be the newest with its id.
  const auto newest = newest_.find(entry.key.workflow_id);
  if (!entry.key.run_id && newest != newest_.end()) entry.key.run_id = newest->second;
  resume_watch(entry);
}

void SurvivingRequests::resume_watch(Watch& watch) {
  watch.engine = std::make_shared<RunWatch>();
  engine_->ask(verb::Watch{watch.key, watch.engine});
}

void SurvivingRequests::take(verb::Unwatch unwatch) {
  const auto entry = find_watch(unwatch.watch);
  if (entry == watches_.end()) return;
  engine_->ask(verb::Unwatch{std::move(unwatch.key), entry->engine});
  watches_.erase(entry);
}

void SurvivingRequests::poll() {
  watches_.remove_if([](const Watch& watch) {
    if (watch.engine == nullptr || !watch.engine->ready()) return false;
    watch.told->set(watch.engine->get());
    return true;
  });
}

}  // namespace reprise::internal
