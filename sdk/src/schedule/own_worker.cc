#include "sdk/src/schedule/own_worker.h"

#include <string>

#include "reprise/internal/registry.h"
#include "sdk/src/batch/batch_activities.h"
#include "sdk/src/batch/batch_run.h"
#include "sdk/src/schedule/schedule_run.h"
#include "sdk/src/schedule/state.h"
#include "sdk/src/topics/topic_run.h"

namespace reprise::internal {
namespace {

// One that has ended meanwhile needs no end.
void terminate_run(runtime::ClientService& clients,
                   const std::string& workflow_id,
                   const std::string& run_id) {
  runtime::RunKey key{workflow_id, base::RunId::parse(run_id)};
  key.of_chain = true;
  const auto ended =
      ask(clients,
          runtime::verb::Terminate{std::move(key), "its schedule is due again (terminate-other)"});
  using Code = base::ErrorCode;
  if (ended || ended.error().code == Code::kRunClosed || ended.error().code == Code::kNotFound) {
    return;
  }
  throw_error(ended.error());
}

void add_batches(Implementations& implementations, runtime::ClientService& clients) {
  using BatchSignature = void(BatchPlan, BatchState);
  implementations.add_workflow(kBatchWorkflow, workflow_function<BatchSignature>(&run_batch),
                               kArgumentTypes<BatchSignature>);
  implementations.add_activity(
      kFindBatchRuns.name(),
      activity_code(activity_function(std::type_identity<BatchPage(BatchLook)>{},
                                      [&clients](ActivityContext&, const BatchLook& look) {
                                        return find_batch_runs(clients, look);
                                      }),
                    /*interceptors=*/{}));
  implementations.add_activity(
      kReachBatchRuns.name(),
      activity_code(activity_function(std::type_identity<std::vector<BatchOutcome>(BatchWork)>{},
                                      [&clients](ActivityContext& attempt, const BatchWork& work) {
                                        return reach_batch_runs(clients, attempt.workflow_id(),
                                                                work);
                                      }),
                    /*interceptors=*/{}));
}

}  // namespace

void add_own_code(Implementations& implementations, runtime::ClientService& clients) {
  using ScheduleSignature = void(ScheduleAction, SchedulePlan, ScheduleProgress);
  implementations.add_workflow(kScheduleWorkflow,
                               workflow_function<ScheduleSignature>(&run_schedule),
                               kArgumentTypes<ScheduleSignature>);
  implementations.add_workflow(kTopicRun.name(), workflow_function<void(TopicState)>(&run_topic),
                               kArgumentTypes<void(TopicState)>);
  implementations.add_activity(
      kTerminateActivity,
      activity_code(activity_function(
          std::type_identity<void(std::string, std::string)>{},
          [&clients](ActivityContext&, const std::string& workflow_id, const std::string& run_id) {
            terminate_run(clients, workflow_id, run_id);
          }), /*interceptors=*/{}));
  add_batches(implementations, clients);
}

// Two threads: a slow part of a batch does not hold up schedules.
std::unique_ptr<runtime::WorkerSession> start_own_worker(const ServiceState& service) {
  Implementations implementations;
  add_own_code(implementations, *service.clients);
  const auto host = std::make_shared<const WorkflowHost>(WorkflowHost{.log = service.log});
  return value_or_throw(service.workers->register_worker(
      implementations.worker_code(std::string(kSystemQueue), /*activity_threads=*/2, host)));
}

}  // namespace reprise::internal
