// What users put into a store is in none of its files, byte by byte, if the engine has a codec that
// encrypts; and it is all there for those who have the key.
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/cli.h"
#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "runtime/engine/embedded_engine.h"
#include "sdk/src/sealing/payload_codecs.h"
#include "store/store.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/sdk/operated.h"

namespace shop {

// In the stacks of commands, which leave out what belongs to the engine.
[[gnu::noinline]] std::string frame_of_MARKstack(reprise::Context& ctx) {
  ctx.sleep(reprise::Duration(1));
  return std::string(ctx.info().workflow_id);  // so that the call above is no jump
}

}  // namespace shop

namespace reprise::sealed_store_test {
namespace {

using namespace std::chrono_literals;
using operated::code_of;
using ::testing::HasSubstr;

constexpr Workflow<std::string(std::string)> everything{"everything"};
constexpr Workflow<std::string(std::string)> waiting{"waiting"};
constexpr Workflow<std::string(std::string, int)> chained{"chained"};
constexpr Workflow<std::string(std::string)> child{"child"};
constexpr Workflow<std::string(std::string)> parent{"parent"};
constexpr Workflow<void(std::string)> failing{"failing"};
constexpr Workflow<void(std::string)> buggy{"buggy"};
constexpr Activity<std::string(std::string)> charge{"charge"};
constexpr Signal<std::string> word{"word"};
constexpr Update<std::string(std::string)> say{"say"};
constexpr Topic<std::string> news{"news"};
constexpr Table<std::string, std::string> rows{"rows"};
constexpr Value<std::string> note{"note"};
constexpr Attribute<std::string> customer{"customer"};

const std::vector<std::string> kMarks = {
    "MARKargument",  "MARKdecision",   "MARKvalue",    "MARKside",   "MARKstep",   "MARKbeat",
    "MARKattempt",   "MARKcharge",     "MARKcharged",  "MARKrow",    "MARKchild",  "MARKborn",
    "MARKrefused",   "MARKsignal",     "MARKupdate",   "MARKanswer", "MARKtopic",  "MARKkept",
    "MARKresult",    "MARKheader",     "MARKpause",    "MARKresume", "MARKcancel", "MARKterminate",
    "MARKreset",     "MARKfork",       "MARKforced",   "MARKfailed", "MARKcause",  "MARKbug",
    "MARKcontinued", "MARKcheckpoint", "MARKschedule", "MARKsent",   "MARKstack",  "MARKlater",
    "MARKunread",    "MARKstarting",
};

class Marked final : public Interceptor {
 public:
  void client(std::string_view, std::string_view, Headers& headers) override {
    headers["trace"] = "MARKheader";
  }
};

std::string run_everything(Context& ctx, const std::string& argument) {
  const auto accepts =
      ctx.accept(say, [](const std::string& text) { return text + " MARKanswer"; });
  ctx.set(note("MARKvalue"));
  ctx.set(customer("Plain Ann"));
  (void)ctx.decide("MARKdecision", argument.size() > 3);
  (void)ctx.side_effect([] { return std::string("MARKside"); });
  (void)ctx.step("step", [] { return std::string("MARKstep"); });
  (void)shop::frame_of_MARKstack(ctx);
  (void)ctx.call(charge("MARKcharge"), {.retry = {.initial_interval = 1ms, .maximum_attempts = 2}});
  ctx.transaction("add", [](Transaction& tx) { tx.put(rows, "key", std::string("MARKrow")); });
  (void)ctx.call(child("MARKchild"));
  try {
    (void)ctx.call(child("refuse"));
  } catch (const Failure&) {
  }
  ctx.external("receiver").signal(word("MARKsent"));
  const std::string got = ctx.inbox(word).next().get();
  const std::string published = ctx.receive(news, "key").get();
  ctx.finish_handlers();
  return argument + " " + got + " " + published + " MARKresult";
}

std::string run_waiting(Context& ctx, const std::string&) {
  return ctx.inbox(word).next().get();
}

std::string run_chained(Context& ctx, const std::string& text, int left) {
  ctx.set(note("MARKlater"));
  if (left == 2) ctx.checkpoint(chained("MARKcheckpoint", 1));
  if (left == 1) ctx.continue_as_new(chained("MARKcontinued", 0));
  return text;
}

void implement(Worker& worker) {
  worker.implement(everything, run_everything);
  worker.implement(waiting, run_waiting);
  worker.implement(chained, run_chained);
  worker.implement(child, [](Context&, const std::string& what) -> std::string {
    if (what == "refuse") throw ApplicationFailure("Refused", "MARKrefused");
    return "MARKborn";
  });
  worker.implement(parent, [](Context& ctx, const std::string& what) {
    return ctx.call(child(what), {.task_queue = "nobody"});
  });
  worker.implement(failing, [](Context&, const std::string&) {
    try {
      throw ApplicationFailure("Inner", "MARKcause");
    } catch (const Failure&) {
      throw ApplicationFailure("Broken", "MARKfailed MARKcause");
    }
  });
  worker.implement(buggy, [](Context&, const std::string&) { throw std::logic_error("MARKbug"); });
  worker.implement(charge, [](ActivityContext& ctx, const std::string&) -> std::string {
    ctx.heartbeat(std::string("MARKbeat"));
    if (ctx.attempt() == 1) throw ApplicationFailure("Busy", "MARKattempt");
    return "MARKcharged";
  });
}

class SealedStore : public ::testing::Test {
 protected:
  std::unique_ptr<Engine> open(PayloadCodecs codecs) {
    EngineOptions options;
    options.shards = 2;
    options.record_stacks = true;
    options.control_socket = false;
    options.codecs = std::move(codecs);
    options.logger = [](LogLevel, std::string_view) {};
    return Engine::open(directory_ / "store", options);
  }
  static KeyRing ring(const std::string& id) {
    return {.keys = {{id, std::string(kEncryptionKeyBytes, id.back())}}, .current = id};
  }
  static PayloadCodecs aes(const std::string& id = "k1") {
    return {zstd_codec(), aes_gcm_codec(ring(id))};
  }

  // The marks that are in a file of the store, or of another directory.
  std::set<std::string> marks_in_files(const std::string& name = "store") const {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_ / name)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      for (const std::string& mark : kMarks) {
        if (bytes.find(mark) != std::string::npos) found.insert(mark);
      }
    }
    return found;
  }

  // Moves everything from the journal to the archive, with an engine that has these codecs.
  void archive(const PayloadCodecs& codecs) {
    runtime::EngineOptions options;
    options.threaded = false;
    options.codecs = internal::sealing_codecs(codecs);
    options.log = [](runtime::LogLevel, std::string_view) {};
    auto store = store::open_store(directory_ / "store");
    ASSERT_TRUE(store.has_value());
    auto engine = runtime::EmbeddedEngine::over(std::move(*store), std::move(options));
    ASSERT_TRUE(engine.has_value());
    ASSERT_TRUE(static_cast<runtime::EmbeddedEngine&>(**engine).archive().has_value());
  }

  // Puts each mark into the store.
  void work(Engine& engine) {
    Worker worker(engine);
    implement(worker);
    worker.start();
    const Client client(engine, {.interceptors = {std::make_shared<Marked>()}});
    const auto receiver = client.start(waiting("x"), {.id = "receiver"});
    const auto run =
        client.start(everything("MARKargument"), {.id = "all", .settings = {note("MARKstarting")}});
    EXPECT_THAT(run.update(say("MARKupdate")), HasSubstr("MARKanswer"));
    run.signal(word("MARKsignal"));
    EXPECT_EQ(receiver.result(), "MARKsent");
    (void)client.publish(news, "key", std::string("MARKtopic"), {.id = "1", .keep = 1h});
    EXPECT_EQ(run.result(), "MARKargument MARKsignal MARKtopic MARKresult");
    (void)client.publish(news, "key", std::string("MARKkept"), {.id = "2", .keep = 1h});
    EXPECT_EQ(client.start(chained("first", 2), {.id = "chain"}).result(), "MARKcontinued");
    const auto paused = client.start(waiting("p"), {.id = "paused"});
    paused.pause("MARKpause");
    paused.resume("MARKresume");
    paused.pause("MARKpause");
    paused.signal(word("MARKunread"));
    const auto cancelled = client.start(waiting("c"), {.id = "cancelled"});
    cancelled.cancel("MARKcancel");
    EXPECT_THROW(cancelled.result(), Failure);
    const auto terminated = client.start(waiting("t"), {.id = "terminated"});
    terminated.terminate("MARKterminate");
    const auto failed = client.start(failing("f"), {.id = "failed"});
    EXPECT_THROW(failed.result(), Failure);
    (void)run.reset({.event = 2, .rows_stay = true, .reason = "MARKreset"});
    (void)client.start(buggy("b"), {.id = "buggy"});
    while (!client.describe("buggy").parked) std::this_thread::yield();
    (void)client.create_schedule("often", {.every = 24h}, chained("MARKschedule", 0));
    (void)receiver.fork({.event = 2, .id = "fork", .reason = "MARKfork"});
    client.handle("fork").signal(word("MARKforced"));
  }

  testing::TemporaryDirectory directory_;
};

// Otherwise the next test finds nothing because there is nothing.
TEST_F(SealedStore, WithoutACodecEachMarkIsInAFile) {
  {
    const auto engine = open({});
    work(*engine);
    const auto found = marks_in_files();
    for (const std::string& mark : kMarks) EXPECT_TRUE(found.contains(mark)) << mark;
  }
  archive({});
  const auto archived = marks_in_files("store/archive");
  for (const char* const mark : {"MARKrow", "MARKlater", "MARKpause", "MARKargument"}) {
    EXPECT_TRUE(archived.contains(mark)) << mark;
  }
}

TEST_F(SealedStore, WithAKeyNoMarkIsInAnyFile) {
  for (int life = 0; life < 2; ++life) {
    auto engine = open(aes());
    if (life == 0) work(*engine);
    if (life == 0) engine->backup(directory_ / "copy");
    EXPECT_THAT(marks_in_files(), ::testing::IsEmpty());
    engine.reset();
    EXPECT_THAT(marks_in_files(), ::testing::IsEmpty());
  }
  EXPECT_THAT(marks_in_files("copy"), ::testing::IsEmpty());
  archive({});  // which needs no key
  EXPECT_THAT(marks_in_files(), ::testing::IsEmpty());
  const auto read_row = [](Engine& from) {
    std::optional<std::string> row;
    from.read([&](const TableReader& reader) { row = reader.get(rows, "key"); });
    return row;
  };
  EXPECT_EQ(code_of([&] { (void)read_row(*open(aes("k2"))); }), "RP1012");
  const auto engine = open(aes());
  Worker worker(*engine);
  implement(worker);
  worker.start();
  const Client client(*engine);
  EXPECT_EQ(client.describe("paused").paused->reason, "MARKpause");
  EXPECT_EQ(client.handle("chain").get(note), "MARKlater");
  EXPECT_THAT(client.handle("chain").history().to_json(), HasSubstr("MARKcontinued"));
  EXPECT_EQ(read_row(*engine), "MARKrow");
  EXPECT_EQ(client.schedule("often").describe().id, "often");
}

TEST_F(SealedStore, OldContentStaysReadableWhenCodecsCome) {
  {
    const auto engine = open({});
    const Client client(*engine);
    (void)client.start(waiting("MARKargument"), {.id = "w", .settings = {note("MARKvalue")}});
  }
  const auto rotated = [] {
    KeyRing both = ring("k1");
    both.keys.merge(ring("k2").keys);
    both.current = "k2";
    return PayloadCodecs{aes_gcm_codec(both)};
  };
  {
    const auto engine = open(aes("k1"));
    const Client client(*engine);
    EXPECT_EQ(client.handle("w").get(note), "MARKvalue");
    client.handle("w").pause("MARKpause");
  }
  {
    const auto engine = open(rotated());
    const Client client(*engine);
    EXPECT_EQ(client.describe("w").paused->reason, "MARKpause");
    client.handle("w").resume("MARKresume");
    client.handle("w").signal(word("MARKsignal"));
  }
  const auto engine = open(rotated());
  Worker worker(*engine);
  implement(worker);
  worker.start();
  EXPECT_EQ(Client(*engine).attach(waiting, "w").result(), "MARKsignal");
}

// The run waits for the key; others go on, and so does it when the key is back.
TEST_F(SealedStore, ALostKeyParksTheRunThatNeedsIt) {
  {
    const auto engine = open(aes("k1"));
    Worker worker(*engine);
    implement(worker);
    worker.start();
    const Client client(*engine);
    (void)client.start(waiting("w"), {.id = "w", .settings = {note("MARKvalue")}});
    (void)client.start(chained("c", 0), {.id = "closed"}).result();
    client.start(everything("e"), {.id = "receiver"}).pause("MARKpause");
  }
  {
    const auto engine = open(aes("k2"));
    Worker worker(*engine);
    implement(worker);
    worker.start();
    const Client client(*engine);
    client.handle("w").signal(word("new"));
    EXPECT_EQ(client.start(chained("other", 0), {.id = "other"}).result(), "other");
    while (!client.describe("w").parked) std::this_thread::yield();
    const auto parked = client.describe("w").parked;
    EXPECT_EQ(parked->code, "RP1012");
    EXPECT_THAT(parked->report, HasSubstr("k1"));
    EXPECT_EQ(code_of([&] { (void)client.attach(chained, "closed").result(); }), "RP1012");
    EXPECT_EQ(code_of([&] { (void)client.handle("w").get(note); }), "RP1012");
    EXPECT_EQ(code_of([&] { (void)client.handle("closed").history(); }), "RP1012");
    EXPECT_EQ(client.describe("receiver").paused->reason, "<sealed, key k1>");
    EXPECT_EQ(client.list({.limit = 0}).size(), 4U);
  }
  KeyRing both = ring("k2");
  both.keys.merge(ring("k1").keys);
  const auto engine = open({aes_gcm_codec(both)});
  Worker worker(*engine);
  implement(worker);
  worker.start();
  const Client client(*engine);
  EXPECT_EQ(client.handle("w").get(note), "MARKvalue");
  EXPECT_EQ(client.attach(waiting, "w").result(), "new");
  EXPECT_EQ(client.attach(chained, "closed").result(), "c");
}

// A text that says so is no content.
TEST_F(SealedStore, SettingsThatDoNotOpenAreErrors) {
  {
    const auto engine = open(aes("k1"));
    const Client client(*engine);
    (void)client.start(waiting("w"),
                       {.id = "w", .settings = {note("MARKvalue"), customer("Plain Ann")}});
    (void)client.create_schedule("often", {.every = 24h}, waiting("w"));
    (void)client.cancel_all("WorkflowId = 'none'", "MARKcancel", {.id = "old"});
    (void)client.batch("old").wait();
  }
  const auto engine = open(aes("k2"));
  const Client client(*engine);
  (void)client.create_schedule("rarely", {.every = 48h}, waiting("w"));
  (void)client.cancel_all("WorkflowId = 'none'", "of now", {.id = "new"});
  const auto message = [](auto&& call) {
    try {
      (void)call();
    } catch (const StoreError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const auto says_k1 = ::testing::AllOf(HasSubstr("RP1012"), HasSubstr("key k1"));
  const Settings described = client.describe("w").settings;
  EXPECT_THAT(message([&] { return note.find_in(described); }), says_k1);
  EXPECT_EQ(customer.find_in(described), "Plain Ann");
  const auto listed = client.list({.workflow = "waiting", .limit = 0});
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_THAT(message([&] { return note.find_in(listed[0].settings); }), says_k1);
  const auto batches = client.batches();
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches[0].id, "new");
  EXPECT_EQ(batches[0].reason, "of now");
  EXPECT_EQ(batches[1].id, "old");
  EXPECT_THAT(batches[1].parked, says_k1);
  EXPECT_THAT(message([&] { return client.batch("old").describe(); }), says_k1);
  const auto schedules = client.schedules();
  ASSERT_EQ(schedules.size(), 2U);
  EXPECT_THAT(schedules[0].parked, HasSubstr("RP1012"));
  EXPECT_EQ(schedules[1].spec.every, 48h);
  for (const AuditEntry& entry : client.handle("w").audit({}).entries) {
    EXPECT_EQ(entry.payload, "") << entry.kind;
    if (entry.kind != "RunStarted") continue;
    EXPECT_EQ(entry.payload_name, "input");
  }
}

// Their starts are sent again when the store is opened, and not before they can be read.
TEST_F(SealedStore, MessagesOfARunWaitForItsKey) {
  {
    const auto engine = open(aes("k1"));
    Worker worker(*engine);
    implement(worker);
    worker.start();
    const Client client(*engine);
    (void)client.start(parent("MARKchild"), {.id = "parent"});
    while (client.list({.workflow = "child"}).empty()) std::this_thread::yield();
  }
  {
    const auto engine = open(aes("k2"));
    const Client client(*engine);
    while (!client.describe("parent").parked) std::this_thread::yield();
    EXPECT_EQ(client.describe("parent").parked->code, "RP1012");
  }
  const auto engine = open(aes("k1"));
  Worker worker(*engine);
  Worker nobody(*engine, {.task_queue = "nobody"});
  for (Worker* each : {&worker, &nobody}) {
    implement(*each);
    each->start();
  }
  EXPECT_EQ(Client(*engine).attach(parent, "parent").result(), "MARKborn");
}

// With the program's codecs, or with those of a key file.
TEST_F(SealedStore, CommandsOfAWorkerProgramNeedTheKey) {
  {
    const auto engine = open(aes("k1"));
    const Client client(*engine);
    (void)client.start(waiting("w"), {.id = "w"});
  }
  Worker worker;
  implement(worker);
  const std::string keys = directory_ / "keys";
  std::ofstream(keys) << "k1 " << std::string(2 * kEncryptionKeyBytes, '3') << "\n";
  const auto exit_status = [&](std::vector<std::string> words, const PayloadCodecs& codecs) {
    words.insert(words.begin(), "program");
    words.insert(words.end(), {"--store", directory_ / "store"});
    std::vector<const char*> arguments;
    for (const std::string& each : words) arguments.push_back(each.c_str());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const auto status = cli(static_cast<int>(arguments.size()), arguments.data(), worker, codecs);
    (void)::testing::internal::GetCapturedStdout();
    const std::string said = ::testing::internal::GetCapturedStderr();
    const auto code = said.find("RP");
    return std::to_string(status.value()) + (code == said.npos ? "" : " " + said.substr(code, 6));
  };
  EXPECT_EQ(exit_status({"replay", "--run", "w"}, {}), "2 RP1012");
  EXPECT_EQ(exit_status({"replay", "--run", "w"}, aes("k1")), "0");
  EXPECT_EQ(exit_status({"verify"}, {}), "2");
  EXPECT_EQ(exit_status({"verify"}, aes("k1")), "0");
  EXPECT_EQ(exit_status({"verify", "--key-file", keys}, {}), "2 RP3019");
  std::filesystem::permissions(keys, std::filesystem::perms::owner_read);
  // Of that name, and with other bytes.
  EXPECT_EQ(exit_status({"replay", "--run", "w", "--key-file", keys}, aes("k1")), "2 RP1013");
  std::filesystem::remove(keys);
  std::string digits;
  for (std::size_t i = 0; i < kEncryptionKeyBytes; ++i) digits += "31";
  std::ofstream(keys) << "k1 " << digits << "\n";
  std::filesystem::permissions(keys, std::filesystem::perms::owner_read);
  EXPECT_EQ(exit_status({"replay", "--run", "w", "--key-file", keys}, {}), "0");
  EXPECT_EQ(exit_status({"verify", "--key-file", keys}, {}), "0");
}

// As one whose keys are with a service that is not always there.
class AwayCodec final : public PayloadCodec {
 public:
  std::string_view name() const override { return "away"; }
  std::string encode(std::string_view plain) const override { return std::string(plain) + "!"; }
  std::string decode(std::string_view encoded) const override {
    if (away) throw std::runtime_error("the service is not there");
    return std::string(encoded.substr(0, encoded.size() - 1));
  }
  std::atomic<bool> away = false;
};

TEST(SealedRun, OneThatIsOutOfTimeAndDoesNotOpenKeepsItsRetry) {
  const auto codec = std::make_shared<AwayCodec>();
  testing::Env env({.crash = testing::Crash::kEveryCommit, .codecs = {codec}});
  env.implement(waiting, [](Context& ctx, const std::string& text) {
    if (ctx.info().attempt == 1) ctx.sleep(100h);
    return text;
  });
  const auto run =
      env.start(waiting("kept"),
                {.id = "w", .run_timeout = 1h, .retry = RetryPolicy{.initial_interval = 1s}});
  codec->away = true;
  env.skip(2h);
  const RunDescription info = env.client().describe("w");
  EXPECT_EQ(info.status, RunStatus::kRunning);
  ASSERT_TRUE(info.parked.has_value());
  EXPECT_EQ(info.parked->code, "RP1013");
  codec->away = false;
  env.skip(2min);
  EXPECT_EQ(run.result(), "kept");
  EXPECT_EQ(env.client().list({.limit = 0}).size(), 2U);
}

// A schedule carries its settings from run to run for years.
TEST_F(SealedStore, WhatIsCopiedFromRunToRunGetsTheNewKey) {
  {
    const auto engine = open(aes("k1"));
    const Client client(*engine);
    (void)client.start(chained("c", 1), {.id = "chain", .settings = {note("MARKvalue")}});
  }
  {
    KeyRing both = ring("k2");
    both.keys.merge(ring("k1").keys);
    const auto engine = open({aes_gcm_codec(both)});
    Worker worker(*engine);
    worker.implement(chained, [](Context& ctx, const std::string& text, int left) {
      if (left == 1) ctx.continue_as_new(chained("next", 0));
      return text;
    });
    worker.start();
    EXPECT_EQ(Client(*engine).attach(chained, "chain").result(), "next");
  }
  const auto engine = open(aes("k2"));
  const Client client(*engine);
  EXPECT_EQ(client.handle("chain").get(note), "MARKvalue");
  EXPECT_THAT(client.handle("chain").history().to_json(), HasSubstr("MARKvalue"));
}

TEST_F(SealedStore, CodecsThatCannotBeUsedAreRefused) {
  EXPECT_EQ(code_of([&] { (void)open({zstd_codec(), zstd_codec()}); }), "RP3018");
  EXPECT_EQ(code_of([&] { (void)open({nullptr}); }), "RP3018");
}

}  // namespace
}  // namespace reprise::sealed_store_test
