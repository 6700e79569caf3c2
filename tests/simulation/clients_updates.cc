// Updates that clients send, some of them again and again under one id, and with starts.
#include <algorithm>
#include <utility>

#include "tests/simulation/clients.h"

namespace reprise::simulation {

using runtime::RunKey;

void Clients::update() {
  if (!repeated_.empty() && random_.chance(30)) {
    const Repeated& again = repeated_[random_.below(repeated_.size())];
    return send_update(again.key, again.token,
                       forgets_ids_ ? again.id + std::to_string(++sent_) : again.id);
  }
  runtime::RunKey key{some_key().workflow_id, {}};
  const std::string token =
      std::string(1, "itnfarb"[random_.below(7)]) + "u" + std::to_string(++sent_);
  std::string id;
  if (!known_.empty() && random_.chance(50)) {
    key = known_[random_.below(known_.size())];
    key.of_chain = true;
    id = "U" + token;
    repeated_.push_back({key, id, token});
  }
  send_update(key, token, id);
}

void Clients::send_update(const RunKey& key, const std::string& token, const std::string& id) {
  trace_.say("update " + token + " of " + key.workflow_id + " as " + id);
  (void)promise(Kind::kUpdate, key.workflow_id, token);
  const std::size_t index = promises_.size() - 1;
  const bool unknown = id.empty() && random_.chance(5);
  engine_->ask(runtime::verb::Update{.key = key,
                                     .name = unknown ? "nothing" : "add",
                                     .input = token,
                                     .reply = update_reply(index, id),
                                     .id = id,
                                     .accepted = accepted_reply(index)});
}

// Comes with a start.
runtime::FirstUpdate Clients::first_update(const std::string& workflow_id) {
  const std::string token =
      std::string(1, "itarb"[random_.below(5)]) + "u" + std::to_string(++sent_);
  trace_.say("with update " + token);
  (void)promise(Kind::kUpdate, workflow_id, token);
  const std::size_t index = promises_.size() - 1;
  const std::string id = random_.chance(50) ? "F" + token : "";
  return {.name = "add",
          .input = token,
          .id = id,
          .reply = update_reply(index, id),
          .accepted = accepted_reply(index)};
}

runtime::Reply<replay::Outcome> Clients::update_reply(std::size_t index, const std::string& id) {
  return [this, index, id, process = process_](const base::Result<replay::Outcome>& outcome) {
    Promise* answer = answered(index, process, outcome.has_value());
    if (answer == nullptr) return;
    if (outcome) return note_update(*answer, id, *outcome);
    // It may have been taken before, under the same id.
    const base::ErrorCode code = outcome.error().code;
    answer->untaken = code == base::ErrorCode::kUpdateCheck ||
                      (id.empty() && code == base::ErrorCode::kRunClosed);
  };
}

runtime::Reply<std::string> Clients::accepted_reply(std::size_t index) {
  return [this, index, process = process_](const base::Result<std::string>& accepted) {
    if (process != process_ || engine_ == nullptr || !accepted) return;
    expect_durable(promises_[index]);
  };
}

void Clients::note_update(Promise& answer, const std::string& id, const replay::Outcome& outcome) {
  answer.result = outcome.ok() ? outcome.payload() : "! " + outcome.failure().message();
  if (outcome.ok() && answer.result != "added " + answer.token) {
    verdict_.found(Flaw::kPromise, answer.token + " got " + answer.result);
  }
  answer.untaken = answer.result == "! rejected";
  if (answer.untaken) return;
  expect_durable(answer);
  for (Repeated& repeated : repeated_) {
    if (id.empty() || repeated.id != id) continue;
    if (std::exchange(repeated.known, true) && repeated.result != answer.result) {
      verdict_.found(Flaw::kPromise,
                     answer.token + " got " + answer.result + ", and " + repeated.result);
    }
    repeated.result = answer.result;
  }
}

// One that was rejected may be taken when it is sent again.
bool Clients::is_repeated(const Promise& promise) const {
  return std::any_of(repeated_.begin(), repeated_.end(),
                     [&](const Repeated& repeated) { return repeated.token == promise.token; });
}

}  // namespace reprise::simulation
