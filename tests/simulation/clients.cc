#include "tests/simulation/clients.h"

#include <algorithm>
#include <set>
#include <utility>

#include "tests/simulation/program_children.h"

namespace reprise::simulation {

using runtime::RunKey;

void Clients::connect(runtime::EmbeddedEngine* engine) {
  engine_ = engine;
  if (engine == nullptr) {
    ++process_;
    completed_ = 0;
    unanswered_looks_ = 0;
    return;
  }
  // Who waited for an end asks the new process.
  for (Watcher& watcher : watchers_) {
    if (watcher.done || watcher.run_id == base::RunId()) continue;
    watcher.watch = std::make_shared<runtime::RunWatch>();
    engine->ask(runtime::verb::Watch{{promises_[watcher.promise].workflow_id, watcher.run_id},
                                     watcher.watch});
  }
  std::erase_if(watchers_, [](const Watcher& w) { return !w.done && w.run_id == base::RunId(); });
}

// ---- asking -----------------------------------------------------------------------------------

std::string Clients::some_id() {
  if (random_.chance(15)) return some_kid(random_.next());
  return "id" + std::to_string(random_.below(4));
}

RunKey Clients::some_key() {
  if (!known_.empty() && random_.chance(50)) return known_[random_.below(known_.size())];
  return {some_id(), {}};
}

Clients::Promise& Clients::promise(Kind kind, std::string workflow_id, std::string token) {
  promises_.push_back({kind, std::move(workflow_id), std::move(token), process_});
  return promises_.back();
}

Clients::Promise* Clients::answered(std::size_t index, unsigned process, bool yes) {
  if (process != process_ || engine_ == nullptr) return nullptr;
  Promise& promise = promises_[index];
  trace_.say("  answer to " + promise.token + (yes ? ": yes" : ": no"));
  if (promise.answer != Answer::kNone) {
    verdict_.found(Flaw::kPromise, promise.token + " was answered twice");
  }
  promise.answer = yes ? Answer::kYes : Answer::kNo;
  if (yes) ++acknowledged_;
  return &promise;
}

// What is acknowledged is on the disk already.
void Clients::expect_durable(const Promise& promise) {
  for (const auto& [run, records] : disk_.acknowledged) {
    for (const KeptRecord& record : records) {
      if (record.body.find(promise.token) != std::string::npos) return;
    }
  }
  verdict_.found(Flaw::kEffect, promise.token + " was acknowledged before it was durable");
}

void Clients::start() {
  start(random_.chance(10) ? "" : some_id(), random_.chance(8)   ? kListener
                                             : random_.chance(8) ? kRelay
                                             : random_.chance(8)
                                                 ? kCounter
                                                 : 2 + random_.below(1'000'000'000));
}

void Clients::start_crowd(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    start("crowd" + std::to_string(i),
          random_.chance(70) ? kListener : 1 + random_.below(1'000'000'000));
  }
}

void Clients::draw_terms(runtime::StartTerms* terms) {
  if (random_.chance(10)) terms->run_timeout = base::Duration(random_.between(1, 40'000));
  if (random_.chance(5)) terms->execution_timeout = base::Duration(random_.between(8'000, 90'000));
  if (random_.chance(15)) terms->start_delay = base::Duration(random_.between(1, 7'000));
  if (!random_.chance(25)) return;
  proto::RetryPolicy& retry = terms->retry.emplace();
  retry.set_initial_interval_ms(random_.chance(20) ? 0 : random_.between(1, 3'000));
  retry.set_backoff_coefficient(2.0);
  retry.set_maximum_interval_ms(8'000);
  retry.set_maximum_attempts(static_cast<std::int32_t>(1 + random_.below(4)));
}

// The same request once more, as a client makes it that has heard nothing or has forgotten.
void Clients::start_again() {
  if (requests_.empty()) return;
  const auto& [request, index] = requests_[random_.below(requests_.size())];
  const Promise& first = promises_[index];
  const bool lost = first.answer == Answer::kNone && first.process != process_;
  if (!lost && (first.answer != Answer::kYes || first.existing)) return;
  // A run of another request may have taken the update, and another one may have its id now.
  if (lost && request.update) return;
  trace_.say("the same start once more: " + request.terms.request_id);
  runtime::StartRequest again = request;
  again.conflict = static_cast<runtime::IdConflict>(random_.below(3));
  if (again.update) {  // the first request is the one that is judged
    again.update->reply = [](const base::Result<replay::Outcome>&) {};
    again.update->accepted = {};
  }
  ++unanswered_looks_;
  engine_->ask(runtime::verb::Start{
      std::move(again), nullptr,
      [this, lost, index = index,
       process = process_](const base::Result<runtime::StartedRun>& told) {
        if (process != process_ || engine_ == nullptr) return;
        --unanswered_looks_;
        const bool refused = !told && told.error().code == base::ErrorCode::kAlreadyStarted;
        if (lost || (told && told->run_id == promises_[index].run_id)) return;
        if (!told && !refused) return;
        verdict_.found(Flaw::kIdentity, promises_[index].token + " is not known any more");
      }});
}

void Clients::start(std::string workflow_id, std::uint64_t number) {
  runtime::StartRequest request;
  const std::string token = "#start" + std::to_string(++sent_);
  request.workflow = "program";
  request.workflow_id = std::move(workflow_id);
  if (request.workflow_id.empty() || random_.chance(20)) {
    request.run_id =
        base::RunId::make(base::from_ms(1'700'000'000'000), random_.next(), random_.next());
  }
  if (request.workflow_id.empty() && random_.chance(50)) {
    request.workflow_id = request.run_id.to_string();
  }
  request.reuse = static_cast<runtime::IdReuse>(random_.chance(60) ? 0 : random_.below(4));
  request.conflict = static_cast<runtime::IdConflict>(random_.below(3));
  if (!request.workflow_id.empty() && random_.chance(15)) {
    request.reuse = runtime::IdReuse::kAllow;  // a closed run gets no updates
    request.update = first_update(request.workflow_id);
  }
  request.input = std::to_string(number) + " " + token + " " +
                  std::to_string(static_cast<int>(request.reuse)) +
                  std::to_string(static_cast<int>(request.conflict));
  draw_terms(&request.terms);
  const std::string id =
      request.workflow_id.empty() ? request.run_id.to_string() : request.workflow_id;
  trace_.say("start " + id + " with " + request.input);
  (void)promise(Kind::kStart, id, token);
  const std::size_t index = promises_.size() - 1;
  if (!request.workflow_id.empty() && random_.chance(30)) {
    request.terms.request_id = token;
    requests_.emplace_back(request, index);
  }
  watchers_.push_back({std::make_shared<runtime::RunWatch>(), {}, index});
  const auto watch = watchers_.back().watch;
  engine_->ask(runtime::verb::Start{
      std::move(request), watch,
      [this, index, process = process_](const base::Result<runtime::StartedRun>& started) {
        Promise* answer = answered(index, process, started.has_value());
        if (answer == nullptr || !started) return;
        answer->existing = started->existing;
        answer->run_id = started->run_id;
        for (Watcher& watcher : watchers_) {
          if (watcher.promise == index) watcher.run_id = started->run_id;
        }
        known_.push_back({started->workflow_id, started->run_id});
        if (started->workflow_id != answer->workflow_id) {
          verdict_.found(Flaw::kIdentity, answer->token + " was told another workflow id");
        }
        if (!started->existing) expect_durable(*answer);
      }});
}

void Clients::signal() {
  signal(some_key().workflow_id, static_cast<int>(random_.below(3)));
}

void Clients::signal(const std::string& workflow_id, int sender) {
  const std::string message = "s" + std::to_string(sender) + ":" + std::to_string(++sent_);
  const char* const name = random_.chance(75) ? "go" : random_.chance(50) ? "note" : "late";
  trace_.say("signal " + std::string(name) + " " + message + " to " + workflow_id);
  (void)promise(Kind::kSignal, workflow_id, message);
  engine_->ask(runtime::verb::Signal{
      {workflow_id, {}}, name, message, reply_to<void>(promises_.size() - 1)});
}

void Clients::cancel() {
  cancel(some_key().workflow_id);
}

void Clients::cancel(const std::string& workflow_id) {
  const std::string token = "cancel" + std::to_string(++sent_) + ".";
  trace_.say(token + " of " + workflow_id);
  (void)promise(Kind::kCancel, workflow_id, token);
  engine_->ask(
      runtime::verb::Cancel{{workflow_id, {}}, token, reply_to<void>(promises_.size() - 1)});
}

void Clients::terminate() {
  const RunKey key = some_key();
  const std::string token = "terminate" + std::to_string(++sent_) + ".";
  trace_.say(token + " of " + key.workflow_id);
  (void)promise(Kind::kTerminate, key.workflow_id, token);
  engine_->ask(
      runtime::verb::Terminate{{key.workflow_id, {}}, token, reply_to<void>(promises_.size() - 1)});
}

void Clients::pause() {
  const RunKey key = some_key();
  const std::string token = "pause" + std::to_string(++sent_) + ".";
  trace_.say(token + " of " + key.workflow_id);
  (void)promise(Kind::kPause, key.workflow_id, token);
  engine_->ask(
      runtime::verb::Pause{{key.workflow_id, {}}, token, reply_to<void>(promises_.size() - 1)});
}

void Clients::resume(const std::string& workflow_id) {
  const std::string token = "resume" + std::to_string(++sent_) + ".";
  trace_.say(token + " of " + workflow_id);
  (void)promise(Kind::kResume, workflow_id, token);
  engine_->ask(
      runtime::verb::Resume{{workflow_id, {}}, token, reply_to<void>(promises_.size() - 1)});
}

std::map<store::RunNumber, std::size_t> Clients::durable_turns() const {
  std::map<store::RunNumber, std::size_t> turns;
  for (const auto& [run, records] : disk_.acknowledged) turns[run] = records.size();
  return turns;
}

void Clients::query() {
  const RunKey key = some_key();
  if (random_.chance(50)) return get(key);
  trace_.say("query " + key.workflow_id);
  questions_.push_back({key, durable_turns(), {}, {}, process_});
  engine_->ask(runtime::verb::Query{key,
                                    "state",
                                    {},
                                    [this, index = questions_.size() - 1,
                                     process = process_](const base::Result<std::string>& answer) {
                                      if (process != process_ || engine_ == nullptr) return;
                                      note_answer(index, answer.has_value(),
                                                  answer ? *answer : answer.error().text());
                                    }});
}

void Clients::get(const RunKey& key) {
  trace_.say("get " + key.workflow_id);
  questions_.push_back({key, durable_turns(), {}, {}, process_, false, false, true});
  engine_->ask(runtime::verb::Get{
      key, kSetting,
      [this, index = questions_.size() - 1,
       process = process_](const base::Result<runtime::verb::Get::Answer>& found) {
        if (process != process_ || engine_ == nullptr) return;
        if (!found) return note_answer(index, false, found.error().text());
        std::string value = *found ? (*found)->value() : "";
        const auto first = first_answers_.emplace(questions_[index].key.workflow_id, value).first;
        note_answer(index, true, remembers_ ? first->second : std::move(value));
      }});
}

void Clients::note_answer(std::size_t question, bool ok, std::string answer) {
  Question& of = questions_[question];
  of.done = true;
  of.ok = ok;
  of.answered = durable_turns();
  of.answer = std::move(answer);
  trace_.say("  answer " + of.answer);
}

void Clients::ask_history(const RunKey& key) {
  ++unanswered_looks_;
  engine_->ask(runtime::verb::History{
      key, [this, key, process = process_](const base::Result<std::vector<std::string>>& turns) {
        if (process != process_ || engine_ == nullptr) return;
        --unanswered_looks_;
        if (!turns) {
          if (!key.run_id) return;
          return verdict_.found(Flaw::kPromise, "no history: " + turns.error().text());
        }
        for (const auto& [run, records] : disk_.acknowledged) {
          if (records.empty() || turns->empty() || records.front().body != turns->front()) continue;
          for (std::size_t i = 0; i < turns->size(); ++i) {
            if (i < records.size() && records[i].body == (*turns)[i]) continue;
            verdict_.found(Flaw::kPromise, "history() shows what is not durable");
          }
          return;
        }
        verdict_.found(Flaw::kPromise, "history() shows an unknown run");
      }});
}

void Clients::look() {
  const RunKey key = some_key();
  trace_.say("look at " + key.workflow_id);
  if (random_.chance(40)) return ask_history(key);
  ++unanswered_looks_;
  const auto seen = [this, process = process_](const auto&) {
    if (process == process_ && engine_ != nullptr) --unanswered_looks_;
  };
  if (random_.chance(50)) {
    engine_->ask(runtime::verb::Describe{key, seen});
  } else {
    engine_->ask(runtime::verb::List{{}, seen});
  }
}

void Clients::poll() {
  for (Watcher& watcher : watchers_) {
    if (watcher.done || !watcher.watch->ready()) continue;
    watcher.done = true;
    const auto& end = watcher.watch->get();
    if (!end) {
      // The error of a start that was refused; an end is never an error.
      if (watcher.run_id != base::RunId()) verdict_.found(Flaw::kEnd, end.error().text());
      continue;
    }
    trace_.say("  told the end of " + promises_[watcher.promise].workflow_id + ": " +
               std::string(runtime::to_string(end->status)));
    if (watcher.run_id == base::RunId()) {
      verdict_.found(Flaw::kEnd, "an end was told before the start");
    }
    ends_.push_back({watcher.run_id, *end});
  }
}

// ---- checking ---------------------------------------------------------------------------------

namespace {

void add_tokens(const History& history, std::map<std::string, std::vector<std::string>>* in_log) {
  const std::string id = id_of(history);
  RecordedAgain again(recorded_before(history));
  for (const proto::Turn& turn : history.turns) {
    for (const proto::Event& input : turn.inputs()) {
      if (is_continuation(history) && input.has_run_started()) continue;
      if (again.is(input)) continue;
      if (input.has_run_started()) {
        (*in_log)[parse_start(input.run_started().input()).token].push_back(id);
      } else if (input.has_signal_received()) {
        (*in_log)[input.signal_received().input()].push_back(id);
      } else if (input.has_update_received()) {
        (*in_log)[input.update_received().input()].push_back(id);
      } else if (input.has_cancel_requested()) {
        (*in_log)[input.cancel_requested().reason()].push_back(id);
      } else if (input.has_run_terminated()) {
        (*in_log)[input.run_terminated().reason()].push_back(id);
      } else if (input.has_run_paused()) {
        // The next attempt of a paused run is paused for the same reason.
        auto& where = (*in_log)[input.run_paused().reason()];
        if (where.empty() || !is_continuation(history)) where.push_back(id);
      } else if (input.has_run_resumed()) {
        (*in_log)[input.run_resumed().reason()].push_back(id);
      } else if (input.activity_completed().elsewhere()) {
        const std::string& result = input.activity_completed().result();
        (*in_log)[result.substr(result.find('!') + 1)].push_back(id);
      } else if (input.attempt_failed().elsewhere()) {
        (*in_log)[input.attempt_failed().failure().message()].push_back(id);
      } else if (input.activity_failed().elsewhere()) {
        (*in_log)[input.activity_failed().failure().cause().message()].push_back(id);
      }
    }
  }
}

}  // namespace

void Clients::check(const std::vector<History>& histories) {
  std::map<std::string, std::vector<std::string>> in_log;
  for (const History& history : histories) add_tokens(history, &in_log);
  for (const Promise& promise : promises_) check_promise(promise, in_log);
  for (const ToldEnd& told : ends_) check_end(told, histories);
  if (histories.empty() || histories.front().states.empty()) return;
  for (const Question& question : questions_) check_question(question, histories);
}

void Clients::check_promise(const Promise& promise,
                            const std::map<std::string, std::vector<std::string>>& in_log) {
  const auto found = in_log.find(promise.token);
  const std::size_t count = found == in_log.end() ? 0 : found->second.size();
  const auto bad = [&](const std::string& what) {
    verdict_.found(Flaw::kPromise, promise.token + " to " + promise.workflow_id + " " + what);
  };
  if (count > 1) {
    std::string where;
    for (const std::string& run : found->second) where += " " + run;
    bad("is in the log more than once:" + where);
  }
  if (count == 1 && found->second.front() != promise.workflow_id) bad("went to another run");
  const bool made = promise.answer == Answer::kYes && !promise.existing && !promise.untaken;
  if (made && count == 0) bad("was acknowledged and is not in the log");
  if (promise.existing && count != 0) bad("found a run and started one");
  // An update may have been taken and then cut short by its run's end.
  const bool refused = promise.answer == Answer::kNo && promise.kind != Kind::kUpdate;
  if (refused && count != 0) bad("was refused and is in the log");
  const bool once = promise.kind == Kind::kUpdate && promise.untaken && !is_repeated(promise);
  if (once && count != 0) bad("was not taken and is in the log");
}

void Clients::check_end(const ToldEnd& told, const std::vector<History>& histories) {
  const History* const last = last_of_chain(std::string(told.run_id.bytes()), histories);
  for (const History& history : histories) {
    if (&history != last) continue;
    const runtime::RunEnd end = runtime::end_of(history.turns.back());
    if (history.closed() && end.status == told.end.status && end.result == told.end.result &&
        end.failure().SerializeAsString() == told.end.failure().SerializeAsString()) {
      return;
    }
    return verdict_.found(Flaw::kEnd, "somebody was told that run " +
                                          std::to_string(history.number) + " is " +
                                          std::string(runtime::to_string(told.end.status)));
  }
  verdict_.found(Flaw::kEnd, "somebody was told the end of a run that is not in the log");
}

namespace {

// What the run publishes after each turn; empty: nothing.
std::vector<std::string> published_after_turns(const History& history) {
  std::vector<std::string> values;
  std::string value;
  for (const proto::Turn& turn : history.turns) {
    for (const proto::Event& command : turn.commands()) {
      if (command.has_setting_recorded()) value = command.setting_recorded().value();
    }
    values.push_back(value);
  }
  return values;
}

}  // namespace

void Clients::check_question(const Question& question, const std::vector<History>& histories) {
  if (!question.ok) return;
  const auto turns_of = [](const auto& turns, store::RunNumber run) {
    const auto found = turns.find(run);
    return found == turns.end() ? std::size_t{0} : found->second;
  };
  for (const History& history : histories) {
    if (id_of(history) != question.key.workflow_id) continue;
    const std::size_t first = std::max<std::size_t>(1, turns_of(question.asked, history.number));
    const std::size_t last = turns_of(question.answered, history.number);
    const std::vector<std::string> states =
        question.published ? published_after_turns(history) : history.states;
    for (std::size_t i = first; i <= last && i <= states.size(); ++i) {
      if (states[i - 1] == question.answer) return;
    }
  }
  verdict_.found(Flaw::kQuery, "'" + question.answer + "' about " + question.key.workflow_id +
                                   " is no state of its durable history");
}

void Clients::check_answered() {
  for (const Promise& promise : promises_) {
    if (promise.process == process_ && promise.answer == Answer::kNone) {
      verdict_.found(Flaw::kStuck, promise.token + " was never answered");
    }
  }
  for (const Question& question : questions_) {
    if (question.process == process_ && !question.done) {
      verdict_.found(Flaw::kStuck,
                     "a question about " + question.key.workflow_id + " has no answer");
    }
  }
  if (unanswered_looks_ != 0) verdict_.found(Flaw::kStuck, "a look was never answered");
  for (const Watcher& watcher : watchers_) {
    if (watcher.done || watcher.run_id == base::RunId()) continue;
    verdict_.found(Flaw::kStuck, "nobody was told the end of run " + watcher.run_id.to_string());
  }
}

void Clients::check_descriptions(const std::vector<History>& histories) {
  std::set<std::string> listed;
  engine_->ask(runtime::verb::List{
      {}, [&](const base::Result<std::vector<runtime::RunDescription>>& runs) {
        if (!runs) return;
        for (const auto& run : *runs) {
          if (!listed.insert(run.run_id.to_string() + std::string(runtime::to_string(run.status)))
                   .second) {
            verdict_.found(Flaw::kIdentity, "run " + run.run_id.to_string() + " is listed twice");
          }
        }
      }});
  while (engine_->run_shards()) {
  }
  if (listed.size() != histories.size()) {
    verdict_.found(Flaw::kPromise, std::to_string(listed.size()) + " runs are listed, " +
                                       std::to_string(histories.size()) + " are in the log");
  }
  for (const History& history : histories) {
    const auto id = base::RunId::from_bytes(history.started().run_id());
    const auto status = runtime::end_of(history.turns.back()).status;
    const std::string line = id->to_string() + std::string(runtime::to_string(status));
    if (!listed.contains(line)) verdict_.found(Flaw::kEnd, line + " is not listed so");
    engine_->ask(runtime::verb::Describe{
        {id_of(history), *id}, [&](const base::Result<runtime::RunDescription>& description) {
          if (description && description->status == status) return;
          verdict_.found(Flaw::kEnd, line + " is not described so");
        }});
    while (engine_->run_shards()) {
    }
  }
}

}  // namespace reprise::simulation
