#include "sdk/src/batch/batch_activities.h"

#include <memory>
#include <optional>
#include <utility>

#include "base/printable_text.h"
#include "base/reserved.h"
#include "event/run_status.h"
#include "reprise/failure.h"
#include "sdk/src/batch/batch_messages.h"
#include "sdk/src/enums.h"
#include "sdk/src/errors.h"
#include "sdk/src/service/service.h"

namespace reprise::internal {
namespace {

namespace verb = runtime::verb;
using base::ErrorCode;

// ---- looking up runs

[[noreturn]] void fail_with(const base::Error& error, bool retryable) {
  throw ApplicationFailure(code_text(error.code), error.message, retryable);
}

template <class T>
T found_or_throw(base::Result<T> found) {
  if (found) return std::move(found).value();
  const ErrorCode code = found.error().code;
  fail_with(found.error(), code != ErrorCode::kFilter && code != ErrorCode::kPageToken);
}

// The engine's own runs are in no batch. Those that match are counted by their workflows, and all
// together if those are too many for that.
std::uint64_t count_runs(runtime::ClientService& clients, const std::string& filter) {
  const std::string by_workflow = "WorkflowType";
  const auto recent = found_or_throw(ask(clients, verb::RecentRuns{filter, by_workflow}));
  const auto counted = ask(clients, verb::CountRuns{{filter, by_workflow}, recent});
  if (!counted && counted.error().code == ErrorCode::kFilter) {
    const auto all = found_or_throw(ask(clients, verb::RecentRuns{filter}));
    return found_or_throw(ask(clients, verb::CountRuns{{filter, {}}, all})).total;
  }
  std::uint64_t total = 0;
  for (const runtime::RunGroup& group : found_or_throw(counted).groups) {
    if (!base::is_reserved(group.value)) total += group.count;
  }
  return total;
}

// ---- asking of runs

bool is_of_the_engine(ErrorCode code) {
  return code == ErrorCode::kOverloaded || code == ErrorCode::kStoreFull ||
         code == ErrorCode::kStoreClosed || code == ErrorCode::kStoreIo ||
         code == ErrorCode::kNoResources || code == ErrorCode::kStoreMoved;
}

template <class Answer>
struct Asked {
  std::shared_ptr<runtime::Promise<base::Result<Answer>>> answer;

  bool was() const { return answer != nullptr; }
};

template <class Verb>
Asked<typename Verb::Answer> begin_asking(runtime::ClientService& clients, Verb request) {
  using Answer = typename Verb::Answer;
  const auto answer = std::make_shared<runtime::Promise<base::Result<Answer>>>();
  request.reply = reply_to(answer);
  clients.ask(std::move(request));
  return {answer};
}

template <class Answer>
const base::Result<Answer>& answer_in(const Asked<Answer>& asked) {
  const base::Result<Answer>& answer = asked.answer->get();
  if (!answer && is_of_the_engine(answer.error().code)) fail_with(answer.error(), true);
  return answer;
}

// What is recorded has a bound.
BatchOutcome outcome_of(const base::Error& error) {
  return {code_text(error.code),
          base::printable_text(error.message, base::LineBreaks::kEscaped, kMaxBatchMessage)};
}

// The id of the run with which a reset goes on: the same whenever it is asked for.
base::RunId new_run_of(const BatchWork& work, const BatchTarget& target) {
  const std::string both = work.chain.bytes + target.run_id.bytes;
  return base::RunId::make(work.at, base::hash64(both, 1), base::hash64(both, 2));
}

class Reach {
 public:
  Reach(runtime::ClientService& clients, std::string_view batch_run, const BatchWork& work)
      : clients_(clients), work_(work), reason_(reason_of(batch_run, work.plan)) {}

  std::vector<BatchOutcome> run() {
    outcomes_.resize(work_.runs.size());
    switch (work_.plan.verb) {
      case BatchVerb::kTerminate:
        terminate();
        break;
      case BatchVerb::kPause:
        pause_or_resume(/*pause=*/true);
        break;
      case BatchVerb::kResume:
        pause_or_resume(/*pause=*/false);
        break;
      case BatchVerb::kReset:
      case BatchVerb::kRestart:
        reset();
        break;
      case BatchVerb::kSignal:  // the run itself sends these
      case BatchVerb::kCancel:
        break;
    }
    return std::move(outcomes_);
  }

 private:
  // Asks of each run what `make(index)` returns, and hands over the answers in the same order, once
  // all are there: when this fails, nothing is under way that the next attempt could not see.
  template <class Make, class Take>
  void ask_each(Make make, Take take) {
    using Answer = typename std::invoke_result_t<Make&, std::size_t>::value_type::Answer;
    std::vector<Asked<Answer>> asked(work_.runs.size());
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (auto request = make(i)) asked[i] = begin_asking(clients_, std::move(*request));
    }
    for (const Asked<Answer>& each : asked) {
      if (each.was()) wait_for_answer(clients_, *each.answer);
    }
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (asked[i].was()) take(i, answer_in(asked[i]));
    }
  }

  runtime::RunKey key_of(std::size_t index) const {
    const BatchTarget& target = work_.runs[index];
    return {.workflow_id = target.workflow_id,
            .run_id = base::RunId::from_bytes(target.run_id.bytes),
            .of_chain = target.open};
  }

  template <class Verb>
  std::optional<Verb> in_its_name(Verb request) const {
    runtime::set_principal(work_.plan.principal, &request);
    return request;
  }

  void terminate() {
    ask_each(
        [&](std::size_t i) {
          return in_its_name(verb::Terminate{key_of(i), reason_});
        },
        [&](std::size_t i, const base::Status& ended) {
          if (ended || ended.error().code == ErrorCode::kRunClosed) return;
          outcomes_[i] = outcome_of(ended.error());
        });
  }

  // A run that is as it should be is left alone: after a crash it may be this batch's doing.
  void pause_or_resume(bool pause) {
    std::vector<char> needed(work_.runs.size(), 0);
    ask_each([&](std::size_t i) { return std::optional(verb::Describe{key_of(i)}); },
             [&](std::size_t i, const base::Result<runtime::RunDescription>& run) {
               if (!run) {
                 outcomes_[i] = outcome_of(run.error());
               } else if (!event::is_open(run->status)) {
                 outcomes_[i] = {code_text(ErrorCode::kRunClosed), "the run has ended"};
               } else {
                 needed[i] = pause != (run->status == event::RunStatus::kPaused) ? 1 : 0;
               }
             });
    const auto take = [&](std::size_t i, const base::Status& changed) {
      if (changed || changed.error().code == ErrorCode::kRunNotPaused) return;
      outcomes_[i] = outcome_of(changed.error());
    };
    if (pause) {
      ask_each(
          [&](std::size_t i) {
            return if_needed(needed[i], verb::Pause{key_of(i), reason_});
          },
          take);
    } else {
      ask_each(
          [&](std::size_t i) {
            return if_needed(needed[i], verb::Resume{key_of(i), reason_});
          },
          take);
    }
  }

  template <class Verb>
  std::optional<Verb> if_needed(char needed, Verb request) const {
    return needed != 0 ? in_its_name(std::move(request)) : std::nullopt;
  }

  // The run that a reset has begun before a crash is there: its id says so.
  void reset() {
    std::vector<char> needed(work_.runs.size(), 0);
    ask_each(
        [&](std::size_t i) {
          return std::optional(
              verb::Describe{{work_.runs[i].workflow_id, new_run_of(work_, work_.runs[i])}});
        },
        [&](std::size_t i, const base::Result<runtime::RunDescription>& run) {
          if (run) return;
          needed[i] = run.error().code == ErrorCode::kNotFound ? 1 : 0;
          if (needed[i] == 0) outcomes_[i] = outcome_of(run.error());
        });
    ask_each(
        [&](std::size_t i) {
          return if_needed(needed[i], verb::Reset{.key = key_of(i),
                                                  .event = work_.plan.event,
                                                  .reapply = to_proto(work_.plan.reapply),
                                                  .rows_stay = work_.plan.rows_stay,
                                                  .reason = reason_,
                                                  .new_run = new_run_of(work_, work_.runs[i])});
        },
        [&](std::size_t i, const base::Result<runtime::StartedRun>& begun) {
          if (!begun) outcomes_[i] = outcome_of(begun.error());
        });
  }

  runtime::ClientService& clients_;
  const BatchWork& work_;
  const std::string reason_;
  std::vector<BatchOutcome> outcomes_;
};

}  // namespace

BatchPage find_batch_runs(runtime::ClientService& clients, const BatchLook& look) {
  BatchPage page;
  if (look.count) page.total = count_runs(clients, look.filter);
  const auto recent = found_or_throw(ask(clients, verb::RecentRuns{look.filter}));
  auto found = found_or_throw(
      ask(clients, verb::FindRuns{{look.filter, look.page_size, look.page_token}, recent}));
  for (const runtime::RunDescription& run : found.runs) {
    if (base::is_reserved(run.workflow_id) || base::is_reserved(run.workflow)) continue;
    page.runs.push_back(
        {run.workflow_id, {std::string(run.run_id.bytes())}, event::is_open(run.status)});
  }
  page.next_page_token = std::move(found.next_page_token);
  return page;
}

std::vector<BatchOutcome> reach_batch_runs(runtime::ClientService& clients,
                                           std::string_view batch_run,
                                           const BatchWork& work) {
  forbid_in_workflow();
  return Reach(clients, batch_run, work).run();
}

}  // namespace reprise::internal
