// The requests of a test's clients, kept across deaths of the engine: a request without an answer
// is repeated to the next engine, unless the journal shows that the dead one had recorded it; then
// it counts as answered. So a start, a signal or an update reaches its run exactly once.
//
// Real clients die with their process, and their unanswered requests have happened or not. A test's
// client outlives the engine, and blind repetition would cause duplicates that no real client
// makes.
#pragma once
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/service.h"
#include "store/record.h"

namespace reprise::internal {

// One thread. Requests are identified by run, kind, name and input: of equal ones, the first one
// made is the first one recorded.
class SurvivingRequests final : public runtime::Service {
 public:
  // `new_run_id`: a start gets its run's id before it is sent; otherwise it could not be found
  // again.
  explicit SurvivingRequests(std::function<base::RunId()> new_run_id)
      : new_run_id_(std::move(new_run_id)) {}

  // From now on messages of the previous engine are ignored.
  void disconnect() { ++generation_; }
  // Answers requests that are in the journal, and sends the rest to the new engine, in order.
  void connect(runtime::Service& engine);
  // A record has become durable.
  void note(const store::Record& record, const proto::Turn& turn);
  // Passes on how runs have ended.
  void poll();

  void start(runtime::StartRequest request,
             std::shared_ptr<runtime::RunWatch> watch,
             runtime::Reply<runtime::StartedRun> reply) override;
  void watch(runtime::RunKey key, std::shared_ptr<runtime::RunWatch> watch) override;
  void unwatch(runtime::RunKey key, std::shared_ptr<runtime::RunWatch> watch) override;
  void signal(runtime::RunKey key,
              std::string name,
              std::string input,
              runtime::Reply<void> reply) override;
  void query(runtime::RunKey key,
             std::string name,
             std::string input,
             runtime::Reply<std::string> reply) override;
  void update(runtime::RunKey key,
              std::string name,
              std::string input,
              runtime::Reply<replay::Outcome> reply) override;
  void cancel(runtime::RunKey key, std::string reason, runtime::Reply<void> reply) override;
  void terminate(runtime::RunKey key, std::string reason, runtime::Reply<void> reply) override;
  void retry(runtime::RunKey key, runtime::Reply<void> reply) override;
  void describe(runtime::RunKey key, runtime::Reply<runtime::RunDescription> reply) override;
  void list(runtime::ListRequest request,
            runtime::Reply<std::vector<runtime::RunDescription>> reply) override;
  void history(runtime::RunKey key, runtime::Reply<std::vector<std::string>> reply) override;
  base::Result<std::unique_ptr<runtime::WorkerSession>> register_worker(
      runtime::WorkerCode code) override {
    return engine_->register_worker(std::move(code));
  }

 private:
  // The state of a request without an answer.
  struct Request {
    // Its event in the journal; KIND_NOT_SET: none, it is a question.
    proto::Event::KindCase kind = proto::Event::KIND_NOT_SET;
    runtime::RunKey key{};
    std::string name{};
    std::string input{};
    std::function<void()> send{};
    // It is durable; `end` is how an update ended, if that is known.
    std::function<void()> confirm{};
    std::function<void(base::Result<replay::Outcome>)> complete{};  // updates only
    bool recorded = false;
    std::string update_id{};
    store::RunNumber run = 0;
    std::function<base::Result<replay::Outcome>()> end{};
  };
  using RequestRef = std::shared_ptr<Request>;
  // A caller waits for the end of a run.
  struct Watch {
    runtime::RunKey key;
    std::shared_ptr<runtime::RunWatch> told;    // by us
    std::shared_ptr<runtime::RunWatch> engine;  // by the engine of now
    bool started = true;                        // not by a start that has no answer yet
  };

  template <class Result>
  runtime::Reply<Result> answering(const RequestRef& request, runtime::Reply<Result> reply);
  void ask(const RequestRef& request);
  void note_start(const store::Record& record, const proto::RunStarted& started);
  void note_input(const store::Record& record, const proto::Event& input);
  RequestRef find(proto::Event::KindCase kind,
                  store::RunNumber run,
                  const std::string& name,
                  const std::string& input);
  void end_update(const RequestRef& request, std::function<base::Result<replay::Outcome>()> end);
  void send_input(proto::Event::KindCase kind,
                  runtime::RunKey key,
                  std::string name,
                  std::string input,
                  runtime::Reply<void> reply,
                  std::function<void(const Request&, runtime::Reply<void>)> send);
  template <class Result, class Send>
  void question(runtime::Reply<Result> reply, Send send);
  void resume_watch(Watch& watch);

  std::function<base::RunId()> new_run_id_;
  runtime::Service* engine_ = nullptr;
  int generation_ = 0;
  std::list<RequestRef> open_;      // in the order in which they were made
  std::list<RequestRef> accepted_;  // updates that a dead engine had recorded
  std::list<Watch> watches_;
  std::map<store::RunNumber, runtime::RunKey> runs_;
  std::map<std::string, base::RunId, std::less<>> newest_;  // by workflow id
};

}  // namespace reprise::internal
