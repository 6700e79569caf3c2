#include "sdk/testing/surviving_requests.h"

#include <algorithm>
#include <utility>

#include "event/catalogue.h"

namespace reprise::internal {

using proto::Event;
using runtime::Reply;
using runtime::RunKey;
using runtime::RunWatch;

// ---- the life of a request --------------------------------------------------------------------

template <class Result>
Reply<Result> SurvivingRequests::answering(const RequestRef& request, Reply<Result> reply) {
  return [this, request, generation = generation_,
          reply = std::move(reply)](base::Result<Result> answer) {
    if (generation != generation_) return;  // the last words of a dead engine
    open_.remove(request);
    reply(std::move(answer));
  };
}

void SurvivingRequests::ask(const RequestRef& request) {
  open_.push_back(request);
  request->send();
}

void SurvivingRequests::connect(runtime::Service& engine) {
  engine_ = &engine;
  for (const RequestRef& request : std::exchange(open_, {})) {
    if (!request->recorded) {
      ask(request);
    } else if (request->complete == nullptr) {
      request->confirm();
    } else if (request->end != nullptr) {
      request->complete(request->end());
    } else {
      accepted_.push_back(request);  // the new engine does not know about those who wait for it
    }
  }
  for (Watch& watch : watches_) {
    if (watch.started) resume_watch(watch);
  }
}

void SurvivingRequests::note(const store::Record& record, const proto::Turn& turn) {
  for (const Event& input : turn.inputs()) note_input(record, input);
  for (const Event& command : turn.commands()) {
    if (!command.has_update_completed()) continue;
    const auto ended = [completed = command.update_completed()]() -> base::Result<replay::Outcome> {
      return completed.has_failure() ? replay::Outcome::failed(completed.failure())
                                     : replay::Outcome::success(completed.result());
    };
    const auto is_it = [&](const RequestRef& request) {
      return request->update_id == command.update_completed().update_id();
    };
    for (auto* requests : {&open_, &accepted_}) {
      const auto found = std::find_if(requests->begin(), requests->end(), is_it);
      if (found != requests->end()) end_update(RequestRef(*found), ended);
    }
  }
  if (!record.last()) return;
  const auto too_late = []() -> base::Result<replay::Outcome> {
    return base::Error{base::ErrorCode::kRunClosed, "the run ended before the update was done"};
  };
  for (auto requests : {open_, accepted_}) {
    for (const RequestRef& request : requests) {
      if (request->run == record.run && request->end == nullptr) end_update(request, too_late);
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
  request->complete(request->end());
}

SurvivingRequests::RequestRef SurvivingRequests::find(Event::KindCase kind,
                                                      store::RunNumber run,
                                                      const std::string& name,
                                                      const std::string& input) {
  const RunKey& recorded = runs_[run];
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const RequestRef& request) {
    return request->kind == kind && !request->recorded &&
           request->key.workflow_id == recorded.workflow_id &&
           (!request->key.run_id || request->key.run_id == recorded.run_id) &&
           request->name == name && request->input == input;
  });
  return found == open_.end() ? nullptr : *found;
}

void SurvivingRequests::note_start(const store::Record& record, const proto::RunStarted& started) {
  const base::RunId id = *base::RunId::from_bytes(started.run_id());
  const std::string workflow_id =
      started.workflow_id().empty() ? id.to_string() : started.workflow_id();
  runs_[record.run] = {workflow_id, id};
  newest_[workflow_id] = id;
}

void SurvivingRequests::note_input(const store::Record& record, const Event& input) {
  const event::Row& row = event::row_of(input);
  RequestRef request;
  if (input.has_run_started()) {
    note_start(record, input.run_started());
    request = find(row.kind, record.run, "", "");
  } else if (row.called != nullptr) {
    request = find(row.kind, record.run, row.called(input), row.payload(input));
  } else if (row.remark != nullptr) {
    request = find(row.kind, record.run, "", row.remark(input));
  }
  if (request == nullptr) return;
  if (input.has_update_received()) request->update_id = input.update_received().update_id();
  request->recorded = true;
  request->run = record.run;
}

// ---- starts and ends --------------------------------------------------------------------------

void SurvivingRequests::start(runtime::StartRequest request,
                              std::shared_ptr<RunWatch> watch,
                              Reply<runtime::StartedRun> reply) {
  if (request.run_id == base::RunId()) request.run_id = new_run_id_();
  if (request.workflow_id.empty()) request.workflow_id = request.run_id.to_string();
  const RunKey key{request.workflow_id, request.run_id};
  if (watch != nullptr) watches_.push_back({key, watch, nullptr, false});
  const auto find_watch = [this, watch] {
    return std::find_if(watches_.begin(), watches_.end(), [&](const Watch& entry) {
      return watch != nullptr && entry.told == watch;
    });
  };
  const auto answered = [this, find_watch,
                         reply = std::move(reply)](base::Result<runtime::StartedRun> started) {
    if (const auto entry = find_watch(); started && entry != watches_.end()) {
      entry->key = {started->workflow_id, started->run_id};
      entry->started = true;
    }
    reply(std::move(started));
  };
  const auto asked = std::make_shared<Request>();
  asked->kind = Event::kRunStarted;
  asked->key = key;
  asked->confirm = [answered, key] {
    answered(runtime::StartedRun{key.workflow_id, *key.run_id, false});
  };
  asked->send = [this, request = std::move(request), find_watch, answered,
                 weak = std::weak_ptr(asked)] {
    std::shared_ptr<RunWatch> end;
    if (const auto entry = find_watch(); entry != watches_.end()) {
      end = entry->engine = std::make_shared<RunWatch>();
    }
    engine_->start(request, end, answering<runtime::StartedRun>(weak.lock(), answered));
  };
  ask(asked);
}

void SurvivingRequests::watch(RunKey key, std::shared_ptr<RunWatch> watch) {
  watches_.push_back({std::move(key), std::move(watch), nullptr});
  Watch& entry = watches_.back();
  // By the time the next engine is asked, another run may be the newest with its id.
  const auto newest = newest_.find(entry.key.workflow_id);
  if (!entry.key.run_id && newest != newest_.end()) entry.key.run_id = newest->second;
  resume_watch(entry);
}

void SurvivingRequests::resume_watch(Watch& watch) {
  watch.engine = std::make_shared<RunWatch>();
  engine_->watch(watch.key, watch.engine);
}

void SurvivingRequests::unwatch(RunKey key, std::shared_ptr<RunWatch> watch) {
  const auto entry = std::find_if(watches_.begin(), watches_.end(),
                                  [&](const Watch& known) { return known.told == watch; });
  if (entry == watches_.end()) return;
  engine_->unwatch(std::move(key), entry->engine);
  watches_.erase(entry);
}

void SurvivingRequests::poll() {
  watches_.remove_if([](const Watch& watch) {
    if (watch.engine == nullptr || !watch.engine->ready()) return false;
    watch.told->set(watch.engine->get());
    return true;
  });
}

// ---- messages ---------------------------------------------------------------------------------

void SurvivingRequests::send_input(Event::KindCase kind,
                                   RunKey key,
                                   std::string name,
                                   std::string input,
                                   Reply<void> reply,
                                   std::function<void(const Request&, Reply<void>)> send) {
  const auto asked = std::make_shared<Request>();
  asked->kind = kind;
  asked->key = std::move(key);
  asked->name = std::move(name);
  asked->input = std::move(input);
  asked->confirm = [reply] { reply({}); };
  asked->send = [this, send = std::move(send), reply, weak = std::weak_ptr(asked)] {
    const RequestRef request = weak.lock();
    send(*request, answering<void>(request, reply));
  };
  ask(asked);
}

void SurvivingRequests::signal(RunKey key, std::string name, std::string input, Reply<void> reply) {
  send_input(Event::kSignalReceived, std::move(key), std::move(name), std::move(input),
             std::move(reply), [this](const Request& asked, Reply<void> answer) {
               engine_->signal(asked.key, asked.name, asked.input, std::move(answer));
             });
}

void SurvivingRequests::cancel(RunKey key, std::string reason, Reply<void> reply) {
  send_input(Event::kCancelRequested, std::move(key), {}, std::move(reason), std::move(reply),
             [this](const Request& asked, Reply<void> answer) {
               engine_->cancel(asked.key, asked.input, std::move(answer));
             });
}

void SurvivingRequests::terminate(RunKey key, std::string reason, Reply<void> reply) {
  send_input(Event::kRunTerminated, std::move(key), {}, std::move(reason), std::move(reply),
             [this](const Request& asked, Reply<void> answer) {
               engine_->terminate(asked.key, asked.input, std::move(answer));
             });
}

void SurvivingRequests::update(RunKey key,
                               std::string name,
                               std::string input,
                               Reply<replay::Outcome> reply) {
  const auto asked = std::make_shared<Request>();
  asked->kind = Event::kUpdateReceived;
  asked->key = std::move(key);
  asked->name = std::move(name);
  asked->input = std::move(input);
  asked->complete = reply;
  asked->send = [this, reply, weak = std::weak_ptr(asked)] {
    const RequestRef request = weak.lock();
    engine_->update(request->key, request->name, request->input,
                    answering<replay::Outcome>(request, reply));
  };
  ask(asked);
}

// ---- questions --------------------------------------------------------------------------------

template <class Result, class Send>
void SurvivingRequests::question(Reply<Result> reply, Send send) {
  const auto asked = std::make_shared<Request>();
  asked->send = [this, send = std::move(send), reply = std::move(reply),
                 weak = std::weak_ptr(asked)] { send(answering<Result>(weak.lock(), reply)); };
  ask(asked);
}

void SurvivingRequests::query(RunKey key,
                              std::string name,
                              std::string input,
                              Reply<std::string> reply) {
  question<std::string>(std::move(reply), [this, key = std::move(key), name = std::move(name),
                                           input = std::move(input)](Reply<std::string> answer) {
    engine_->query(key, name, input, std::move(answer));
  });
}

void SurvivingRequests::retry(RunKey key, Reply<void> reply) {
  question<void>(std::move(reply), [this, key = std::move(key)](Reply<void> answer) {
    engine_->retry(key, std::move(answer));
  });
}

void SurvivingRequests::describe(RunKey key, Reply<runtime::RunDescription> reply) {
  question<runtime::RunDescription>(
      std::move(reply), [this, key = std::move(key)](Reply<runtime::RunDescription> answer) {
        engine_->describe(key, std::move(answer));
      });
}

void SurvivingRequests::list(runtime::ListRequest request,
                             Reply<std::vector<runtime::RunDescription>> reply) {
  question<std::vector<runtime::RunDescription>>(
      std::move(reply),
      [this, request = std::move(request)](Reply<std::vector<runtime::RunDescription>> answer) {
        engine_->list(request, std::move(answer));
      });
}

void SurvivingRequests::history(RunKey key, Reply<std::vector<std::string>> reply) {
  question<std::vector<std::string>>(
      std::move(reply), [this, key = std::move(key)](Reply<std::vector<std::string>> answer) {
        engine_->history(key, std::move(answer));
      });
}

}  // namespace reprise::internal
