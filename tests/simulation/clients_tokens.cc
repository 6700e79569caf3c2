// Clients that have the tokens of attempts: of some that are over, and they may use one twice.
#include <algorithm>
#include <utility>

#include "tests/simulation/clients.h"

namespace reprise::simulation {

void Clients::complete(const Task& task) {
  const std::string token = "c" + std::to_string(++sent_) + ".";
  trace_.say("complete " + token + " of " + task.workflow_id);
  (void)promise(Kind::kComplete, task.workflow_id, token);
  engine_->ask(runtime::verb::Complete{.token = task.token,
                                       .result = task.result + "!" + token,
                                       .reply = reply_to<void>(promises_.size() - 1)});
}

void Clients::use_token(const std::vector<Task>& tasks) {
  if (tasks.empty()) return;
  // The newest ones are not over, perhaps.
  const std::size_t newest = std::min<std::size_t>(tasks.size(), 6);
  const Task& task = random_.chance(80) ? tasks[tasks.size() - 1 - random_.below(newest)]
                                        : tasks[random_.below(tasks.size())];
  const std::uint64_t what = random_.below(100);
  if (what < 60) {
    complete(task);
    if (random_.chance(20)) complete(task);  // once more, in the same round
    return;
  }
  const std::string token = "c" + std::to_string(++sent_) + ".";
  if (what < 80) {
    trace_.say("fail " + token + " of " + task.workflow_id);
    (void)promise(Kind::kComplete, task.workflow_id, token);
    proto::Failure failure;
    failure.set_kind(proto::Failure::APPLICATION);
    failure.set_message(token);
    failure.set_non_retryable(random_.chance(20));
    engine_->ask(runtime::verb::Fail{.token = task.token,
                                     .failure = std::move(failure),
                                     .reply = reply_to<void>(promises_.size() - 1)});
    return;
  }
  trace_.say("heartbeat of " + task.workflow_id);
  ++unanswered_looks_;
  engine_->ask(runtime::verb::Heartbeat{
      .token = task.token,
      .details = token,
      .reply = [this, process = process_](const base::Status& status) {
        if (process != process_ || engine_ == nullptr) return;
        --unanswered_looks_;
        if (!status && status.error().code == base::ErrorCode::kInvalidToken) {
          verdict_.found(Flaw::kPromise, "a token is not accepted: " + status.error().text());
        }
      }});
}

bool Clients::complete_all(const std::vector<Task>& tasks) {
  const bool any = completed_ < tasks.size();
  while (completed_ < tasks.size()) complete(tasks[completed_++]);
  return any;
}

}  // namespace reprise::simulation
