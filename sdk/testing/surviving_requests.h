// The requests of a test's clients, kept across deaths of the engine: a request without an answer
// is repeated to the next engine, unless the journal shows that the dead one had recorded it; then
// it counts as answered. So a start, a signal or an update reaches its run exactly once.
//
// Real clients die with their process, and their unanswered requests have happened or not. A test's
// client outlives the engine, and blind repetition would cause duplicates that no real client
// makes.
#pragma once
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/client_service.h"
#include "store/record.h"

namespace reprise::internal {

// One thread. Requests are identified by run, kind, name and input: of equal ones, the first one
// made is the first one recorded.
class SurvivingRequests final : public runtime::ClientService {
 public:
  // `new_run_id`: a start gets its run's id before it is sent; otherwise it could not be found
  // again.
  explicit SurvivingRequests(std::function<base::RunId()> new_run_id)
      : new_run_id_(std::move(new_run_id)) {}

  // From now on messages of the previous engine are ignored.
  void disconnect() { ++generation_; }
  // Answers requests that are in the journal, and sends the rest to the new engine, in order.
  void connect(runtime::ClientService& engine);
  // A record has become durable.
  void note(const store::Record& record, const proto::Turn& turn);
  // Passes on how runs have ended.
  void poll();

  void ask(runtime::ClientRequest request) override;
  base::Status read_tables(base::FunctionRef<void(runtime::TableReads&)> read) override {
    return engine_->read_tables(read);
  }

 private:
  // The state of a request without an answer.
  struct Request {
    runtime::ClientRequest asked;  // with the client's own reply
    bool recorded = false;
    store::RunNumber run = 0;  // that it is recorded in
    std::string update_id{};
    std::function<base::Result<replay::Outcome>()> end{};  // of an update, as far as that is known
    // An update and the start that it is sent with. Each is recorded, and answered, by itself.
    std::shared_ptr<Request> update{};
    std::weak_ptr<Request> start{};
  };
  using RequestRef = std::shared_ptr<Request>;
  // A caller waits for the end of a run.
  struct Watch {
    runtime::RunKey key;
    std::shared_ptr<runtime::RunWatch> told;    // by us
    std::shared_ptr<runtime::RunWatch> engine;  // by the engine of now
    bool started = true;                        // not by a start that has no answer yet
  };

  // What the journal has shown of a run.
  struct Run {
    runtime::RunKey key;
    // Of the inputs that follow: those that had been recorded for the run before it in its chain,
    // or before its last checkpoint, then those that had come to it without being recorded.
    std::uint32_t recorded_before = 0;
    std::uint32_t carried = 0;
    // Its history begins with a copy of another run's, and that is being read.
    bool copied = false;
    std::optional<store::RunNumber> reset_from{};  // ends when what goes along has been read
  };

  void take(runtime::verb::Start start);
  void take(runtime::verb::Watch watch);
  void take(runtime::verb::Unwatch unwatch);
  template <class Verb>
  void take(Verb asked);
  void send(const RequestRef& request);
  void send_again(const RequestRef& request);
  runtime::Reply<std::string> accepting(runtime::Reply<std::string> accepted);
  void add_update(const RequestRef& start);
  void attach_update(const RequestRef& start, runtime::StartRequest* run);
  template <class Answer>
  runtime::Reply<Answer> answering(const RequestRef& request, runtime::Reply<Answer> reply);
  std::list<Watch>::iterator find_watch(const std::shared_ptr<runtime::RunWatch>& told);
  void note_start(const store::Record& record, const proto::RunStarted& started);
  static void note_carried(const proto::RunStarted& started, Run* run);
  bool is_for(const runtime::RunKey& asked, const Run& run, bool carried) const;
  void note_own(const store::Record& record, const proto::Event& input);
  void note_input(const store::Record& record, const proto::Event& input);
  void note_again(const store::Record& record, const proto::Event& input);
  void note_update_completed(const proto::UpdateCompleted& completed);
  void note_end(store::RunNumber run);
  void end_update(const RequestRef& request, std::function<base::Result<replay::Outcome>()> end);
  void resume_watch(Watch& watch);

  std::function<base::RunId()> new_run_id_;
  runtime::ClientService* engine_ = nullptr;
  int generation_ = 0;
  std::list<RequestRef> open_;      // in the order in which they were made
  std::list<RequestRef> accepted_;  // updates that a dead engine had recorded
  std::list<Watch> watches_;
  std::map<store::RunNumber, Run> runs_;
  std::map<base::RunId, base::RunId> first_of_chain_;
  std::map<std::string, base::RunId, std::less<>> newest_;  // by workflow id
};

}  // namespace reprise::internal
