// The clients of the engine, and what they were promised: every answer is kept and compared with
// the log.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/engine/embedded_engine.h"
#include "tests/simulation/clock.h"
#include "tests/simulation/history.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/work.h"
#include "tests/support/random.h"

namespace reprise::simulation {

class Clients {
 public:
  Clients(SimDisk& disk, testing::Random& random, Trace& trace, Verdict& verdict)
      : disk_(disk), random_(random), trace_(trace), verdict_(verdict) {}

  // The engine of the running process; nullptr: it has ended, and later answers from it reach
  // nobody.
  void connect(runtime::EmbeddedEngine* engine);

  void start();
  void start_again();  // a request that has perhaps started a run
  // Many runs at once, each with an id of its own.
  void start_crowd(std::uint64_t count);
  void signal();
  void signal(const std::string& workflow_id, int sender);
  void query();  // or asks for what a run publishes
  void update();
  void cancel();
  void cancel(const std::string& workflow_id);
  void terminate();
  void pause();
  void resume(const std::string& workflow_id);
  // Any of those that were paused, or another one.
  void resume() { resume(some_key().workflow_id); }
  // Says something of an attempt by its token: often too late, or once more.
  void use_token(const std::vector<Task>& tasks);
  // Completes every attempt of which this process has not heard that it is over. False: none.
  bool complete_all(const std::vector<Task>& tasks);
  void look();  // at a description, a history, a list

  // Has a client been told the end of a run?
  void poll();

  void check(const std::vector<History>& histories);
  // After the last event: nobody waits for an answer any more.
  void check_answered();
  // Asks the engine about every run and compares.
  void check_descriptions(const std::vector<History>& histories);

  // A control: of what a run publishes clients see the first answer again and again.
  void remember_answers() { remembers_ = true; }
  // A control: updates that are sent again have another id.
  void forget_ids() { forgets_ids_ = true; }

  std::uint64_t acknowledged() const { return acknowledged_; }

 private:
  enum class Kind { kStart, kSignal, kUpdate, kCancel, kTerminate, kPause, kResume, kComplete };
  enum class Answer { kNone, kYes, kNo };
  struct Promise {
    Kind kind{};
    std::string workflow_id;
    std::string token;  // found in the log
    unsigned process = 0;
    Answer answer = Answer::kNone;
    bool existing = false;  // a start that found a run
    base::RunId run_id{};   // of a start
    std::string result{};   // of an update that was done
    // Of an update: it was told that it is not in the history.
    bool untaken = false;
  };
  // An update that clients of any process send again: to the same chain, under the same id.
  struct Repeated {
    runtime::RunKey key;
    std::string id;
    std::string token;
    std::string result{};  // "": not known
    bool known = false;
  };
  struct Question {
    runtime::RunKey key;
    std::map<store::RunNumber, std::size_t> asked;     // turns durable when it was asked
    std::map<store::RunNumber, std::size_t> answered;  // and when it was answered
    std::string answer;
    unsigned process = 0;
    bool done = false;
    bool ok = false;
    bool published = false;  // it asks for what the run publishes
  };
  struct Watcher {
    std::shared_ptr<runtime::RunWatch> watch;
    base::RunId run_id;
    std::size_t promise = 0;
    bool done = false;
  };
  struct ToldEnd {
    base::RunId run_id;
    runtime::RunEnd end;
  };

  void start(std::string workflow_id, std::uint64_t number);
  void draw_terms(runtime::StartTerms* terms);
  void complete(const Task& task);
  std::string some_id();
  runtime::RunKey some_key();
  Promise& promise(Kind kind, std::string workflow_id, std::string token);
  // Where to send the answer, never twice; nullptr when the process is gone.
  Promise* answered(std::size_t index, unsigned process, bool yes);
  template <class Result>
  runtime::Reply<Result> reply_to(std::size_t index);
  void expect_durable(const Promise& promise);
  runtime::FirstUpdate first_update(const std::string& workflow_id);
  runtime::Reply<replay::Outcome> update_reply(std::size_t index, const std::string& id);
  runtime::Reply<std::string> accepted_reply(std::size_t index);
  void send_update(const runtime::RunKey& key, const std::string& token, const std::string& id);
  void note_update(Promise& answer, const std::string& id, const replay::Outcome& outcome);
  std::map<store::RunNumber, std::size_t> durable_turns() const;
  void get(const runtime::RunKey& key);
  void note_answer(std::size_t question, bool ok, std::string answer);
  void ask_history(const runtime::RunKey& key);
  bool is_repeated(const Promise& promise) const;
  void check_promise(const Promise& promise,
                     const std::map<std::string, std::vector<std::string>>& in_log);
  void check_question(const Question& question, const std::vector<History>& histories);
  void check_end(const ToldEnd& told, const std::vector<History>& histories);

  SimDisk& disk_;
  testing::Random& random_;
  Trace& trace_;
  Verdict& verdict_;
  runtime::EmbeddedEngine* engine_ = nullptr;
  unsigned process_ = 0;
  std::deque<Promise> promises_;
  std::vector<std::pair<runtime::StartRequest, std::size_t>> requests_;  // with an id; and promises
  std::deque<Question> questions_;
  std::vector<Watcher> watchers_;
  std::vector<ToldEnd> ends_;
  std::vector<runtime::RunKey> known_;  // runs that somebody was told of
  std::size_t completed_ = 0;           // of the tasks, by this process at the end
  std::uint64_t unanswered_looks_ = 0;
  std::map<std::string, std::string> first_answers_;  // by workflow id
  bool remembers_ = false;
  std::vector<Repeated> repeated_;
  bool forgets_ids_ = false;
  std::uint64_t sent_ = 0;
  std::uint64_t acknowledged_ = 0;
};

template <class Result>
runtime::Reply<Result> Clients::reply_to(std::size_t index) {
  return [this, index, process = process_](const base::Result<Result>& result) {
    Promise* answer = answered(index, process, result.has_value());
    if (answer != nullptr && result) expect_durable(*answer);
  };
}

}  // namespace reprise::simulation
