// The parts of a shard without the shard: no thread, no engine, a log in memory. A test says when
// turns run, when they are on disk, and when their effects happen.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/engine/attempts.h"
#include "runtime/engine/children.h"
#include "runtime/engine/commands/commands.h"
#include "runtime/engine/deliveries.h"
#include "runtime/engine/requests.h"
#include "runtime/engine/stored_run.h"
#include "runtime/engine/transactions.h"
#include "runtime/engine/unsent.h"
#include "runtime/engine/updates.h"
#include "runtime/engine/workers.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/toy_codec.h"

namespace reprise::runtime::shard_parts {

// What was sent to other shards.
struct KeptPost final : Post {
  void send(Message&& message) override { messages.push_back(std::move(message)); }
  void send(Receipt&& receipt) override { receipts.push_back(std::move(receipt)); }
  void send(ChildCall&& call) override { calls.push_back(std::move(call)); }
  void send(ChildNews&& one) override { news.push_back(std::move(one)); }
  void send(std::shared_ptr<NewFork>) override {}
  void send(ParentQuestion&& question) override { questions.push_back(std::move(question)); }
  void send(const ParentEnded& parent) override { ended.push_back(parent); }
  void send(const ParentEnded& parent, std::string_view) override { ended.push_back(parent); }
  std::vector<Message> messages;
  std::vector<Receipt> receipts;
  std::vector<ChildCall> calls;
  std::vector<ChildNews> news;
  std::vector<ParentQuestion> questions;
  std::vector<ParentEnded> ended;
};

class ShardParts : public ::testing::Test {
 protected:
  explicit ShardParts(const EngineLimits& limits = {}, sealing::Codecs codecs = {})
      : shared_(options(limits, std::move(codecs)), store::memory_store(), clock_) {
    shared_.post = &post_;
    shared_.writer = std::make_unique<store::Writer>(shared_.store->journal(), 0, false);
    shared_.writer->on_durable(
        [this](const base::Result<store::Seq>& seq) { shared_.durable = *seq; });
  }

  // The first input of a new run, gathered.
  KnownRun& start(const std::string& id, const std::string& workflow = "w") {
    RunState state;
    state.number = shared_.next_run.fetch_add(1);
    state.id = shared_.ids.next(clock_.now());
    state.workflow_id = id;
    state.workflow = names_.intern(workflow);
    state.task_queue = names_.intern("default");
    KnownRun& run = runs_.add(std::move(state));
    auto* started = round_.add_input(run)->mutable_run_started();
    const std::string_view bytes = run.state.id.bytes();
    started->set_run_id(bytes.data(), bytes.size());
    started->set_workflow_id(id);
    started->set_workflow(workflow);
    started->set_task_queue("default");
    return run;
  }
  void signal(KnownRun& run) { round_.add_input(run)->mutable_signal_received()->set_name("s"); }
  // Acts as if the run's code had made this command.
  void record(KnownRun& run, const proto::Event& command) {
    proto::Turn turn;
    *turn.add_commands() = command;
    run.state.apply(turn, names_);
    if (run.extras != nullptr) run.extras->operations.apply(turn);
    commands::follow({run, shared_, effects_, outbox_, set_aside_}, turn);
  }

  // The same in a record of the log, which the next commit() makes durable.
  void log(KnownRun& run, const proto::Event& command) {
    effects_.next_turn();
    record(run, command);
    proto::Turn turn;
    *turn.add_commands() = command;
    std::string body;
    EXPECT_TRUE(shared_.sealing.seal_turn(turn.SerializeAsString(), &body).has_value());
    store::Draft draft{run.state.number, &run.state.last_seq, &run.state.chain, 0, body};
    effects_.appended(shared_.writer->append({&draft, 1}));
  }

  void run_turns() {
    round_.run_turns();
    round_.append();
  }
  void commit() { (void)shared_.writer->commit_pending(); }
  // Lets the effects of durable turns happen; attempts and timers are noted.
  void release() {
    effects_.release(100'000, [this](Effect& effect) {
      if (effect.act) effect.act();
      if (effect.confirm) effect.confirm({});
      if (effect.kind == Effect::Kind::kStarted) Outbox::started(*effect.run);
      if (effect.kind == Effect::Kind::kClosed) Outbox::ended(*effect.run);
      if (effect.operation != 0) released_.emplace_back(effect.kind, effect.operation);
    });
  }
  void settle() {
    run_turns();
    commit();
    release();
  }
  // What was posted, and what has been held if there is room.
  void take_mail() {
    std::vector<Mail> mail;
    intake_.take(&mail);
    for (Mail& each : mail) std::get<std::function<void()>>(each)();
  }
  void fill_disk() {
    shared_.space.set(base::Error{base::ErrorCode::kStoreFull, "no room"});
    take_mail();
  }

  // The inputs of each record of the run.
  std::vector<std::string> history(const KnownRun& run) {
    std::vector<std::string> turns;
    const base::Status read = StoredRun(shared_, run.state).history([&](const proto::Turn& turn) {
      std::string& text = turns.emplace_back();
      for (const proto::Event& input : turn.inputs()) text += event::row_of(input).name;
    });
    EXPECT_TRUE(read) << read.error().text();
    return turns;
  }
  // A reply that keeps its answer.
  Reply<void> into(std::string* answer) {
    return [answer](const base::Status& status) {
      *answer = status ? "done" : base::to_string(status.error().code);
    };
  }

  EngineOptions options(const EngineLimits& limits, sealing::Codecs codecs) {
    EngineOptions options;
    options.threaded = false;
    options.seed = 7;
    options.limits = limits;
    options.codecs = std::move(codecs);
    options.log = [this](LogLevel, std::string_view line) { logged_ += line; };
    return options;
  }

  reprise::testing::ManualClock clock_;
  std::string logged_;
  std::vector<std::pair<Effect::Kind, std::uint32_t>> released_;
  KeptPost post_;
  Shared shared_;
  Intake intake_{shared_.space};
  Names names_;
  RunTable runs_;
  ChildIndex child_index_;
  Timers timers_{runs_};
  Effects effects_{shared_.durable};
  Outbox outbox_{effects_, post_};
  LogTally set_aside_;
  Loading loading_{runs_, effects_, intake_};
  Parking parking_{shared_, executor_};
  Round round_{
      {shared_, runs_, names_, intake_, effects_, outbox_, loading_, parking_, executor_,
       child_index_}};
  Attempts attempts_{
      0, {shared_, runs_, intake_, loading_, parking_, timers_, round_, executor_}};
  Transactions transactions_{
      0, {shared_, runs_, intake_, loading_, parking_, timers_, round_, executor_}};
  Workers workers_{
      {shared_, runs_, intake_, loading_, parking_, round_, attempts_, transactions_, executor_}};
  RunFinder finder_{shared_, runs_, names_};
  Updates updates_{{shared_, runs_, finder_, intake_, effects_, loading_, outbox_, round_}};
  Starts starts_{{shared_, runs_, names_, finder_, intake_, effects_, loading_, outbox_, round_,
                  updates_, executor_}};
  Deliveries deliveries_{
      {shared_, runs_, names_, finder_, intake_, effects_, loading_, outbox_, round_, starts_}};
  Requests requests_{
      {shared_, finder_, intake_, outbox_, loading_, parking_, round_, executor_, workers_}};
  Children children_{
      {shared_, runs_, finder_, intake_, effects_, round_, starts_, requests_, child_index_}};
  RunExecutor executor_{RunExecutorOptions{}};  // last, as in a shard
};

// For a shard whose log is sealed: made before its parts.
struct WithToy {
  std::shared_ptr<reprise::testing::ToyCodec> toy =
      std::make_shared<reprise::testing::ToyCodec>("k1");
};

}  // namespace reprise::runtime::shard_parts
