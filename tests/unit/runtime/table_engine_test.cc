// Tables over a directory: archived or not, after restarts, damage, removal of runs, repair, and
// deaths of the process in a closure.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include <gmock/gmock.h>

#include "runtime/engine/embedded_engine.h"
#include "runtime/engine/repair.h"
#include "runtime/engine/store_audit.h"
#include "runtime/engine/store_reader.h"
#include "runtime/table_access.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/temporary_directory.h"

namespace reprise::testing::table_engine_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;
using Rows = std::map<std::string, std::string>;

Outcome put(const std::string& key, const std::string& value) {
  EXPECT_TRUE(runtime::TableWrites::current()->put("t", key, value));
  return Outcome::success("put");
}

// The parameter: how many records go to the archive at a time; the largest leaves all in the
// journal.
class TablesOnDisk : public EngineFixture, public ::testing::WithParamInterface<std::size_t> {
 protected:
  TablesOnDisk() {
    workflow("put", [](Execution& e) {
      const std::string id = e.info().workflow_id;
      return e.run_transaction("put", [&id] { return put(id, "value of " + id); }, {});
    });
    workflow("count", [](Execution& e) {
      for (int i = 0; i < 5; ++i) {
        (void)e.run_transaction(
            "count",
            [] {
              const auto before = *runtime::TableWrites::current()->get("t", "count");
              return put("count", std::to_string((before ? std::stoi(*before) : 0) + 1));
            },
            {});
      }
      return Outcome::success("counted");
    });
    reopen();
  }
  ~TablesOnDisk() override {
    worker_.reset();
    engine_.reset();
  }

  void close() {
    worker_.reset();
    engine_.reset();
  }
  void reopen() {
    close();
    auto with_slice = options();
    with_slice.archive_slice = GetParam();
    with_slice.retention = retention_;
    auto opened = runtime::Engine::open(store_, with_slice);
    ASSERT_TRUE(opened) << opened.error().text();
    engine_ = std::move(*opened);
  }
  Rows rows() {
    Rows found;
    EXPECT_TRUE(engine_->read_tables([&](runtime::TableReads& rows) {
      EXPECT_TRUE(rows.scan(
          "t", "", std::nullopt,
          [&](std::string_view key, std::string_view value) { found[std::string(key)] = value; }));
    }));
    return found;
  }

  TemporaryDirectory directory_;
  const std::string store_ = directory_ / "store";
  runtime::RetentionOptions retention_{};
};

TEST_P(TablesOnDisk, AreThereAfterARestart) {
  start_worker();
  EXPECT_EQ(result(start("put", "a")), "put");
  EXPECT_EQ(result(start("count", "b")), "counted");
  EXPECT_THAT(rows(), UnorderedElementsAre(Pair("a", "value of a"), Pair("count", "5")));
  reopen();
  EXPECT_THAT(rows(), UnorderedElementsAre(Pair("a", "value of a"), Pair("count", "5")));
  start_worker();
  EXPECT_EQ(result(start("count", "c")), "counted");
  EXPECT_EQ(rows().at("count"), "10");
}

TEST_P(TablesOnDisk, OutliveTheRunsThatWroteThem) {
  retention_.max_age = base::Duration(1'000);
  reopen();
  start_worker();
  EXPECT_EQ(result(start("put", "a")), "put");
  skip(base::Duration(5'000));
  EXPECT_EQ(result(start("put", "b")), "put");
  skip(base::Duration(5'000));
  reopen();
  EXPECT_THAT(rows(), UnorderedElementsAre(Pair("a", "value of a"), Pair("b", "value of b")));
  if (GetParam() == 1) {
    EXPECT_FALSE(describe("a"));
  }
}

TEST_P(TablesOnDisk, AreInBackupsAndRepairedStores) {
  start_worker();
  EXPECT_EQ(result(start("put", "a")), "put");
  EXPECT_EQ(result(start("count", "b")), "counted");
  ASSERT_TRUE(engine_->backup(directory_ / "copy"));
  EXPECT_EQ(result(start("put", "later")), "put");
  const Rows before = rows();
  close();
  const auto repaired = runtime::repair_store(store_, directory_ / "repaired", {}, nullptr);
  ASSERT_TRUE(repaired) << repaired.error().text();
  EXPECT_THAT(repaired->problems, IsEmpty());
  for (const char* made : {"copy", "repaired"}) {
    runtime::Names names;
    runtime::StoreAudit audit(names);
    ASSERT_TRUE(audit.run(directory_ / made, store::InspectMode::kAlone));
    EXPECT_TRUE(audit.sound()) << made;
    EXPECT_THAT(audit.notes(), IsEmpty()) << made;
    Rows found;
    const auto reader = runtime::StoreReader::open(directory_ / made);
    ASSERT_TRUE(reader);
    ASSERT_TRUE((*reader)->visit_rows(
        "", [&](std::string_view table, std::string_view key, std::string_view value) {
          EXPECT_EQ(table, "t");
          found[std::string(key)] = value;
        }));
    Rows expected = before;
    if (made == std::string("copy")) expected.erase("later");
    EXPECT_EQ(found, expected) << made;
  }
}

// One wrong bit in everything that holds the row's value.
TEST_P(TablesOnDisk, ThatAreDamagedSaySo) {
  start_worker();
  EXPECT_EQ(result(start("put", "a")), "put");
  EXPECT_EQ(result(start("put", "damaged")), "put");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(result(start("put", "z" + std::to_string(i))), "put");
  close();
  for (const char* name : {"/journal/data.mdb", "/archive/data.mdb"}) {
    std::fstream file(store_ + name, std::ios::in | std::ios::out | std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    const std::string text = "value of damaged";
    for (auto at = bytes.find(text); at != bytes.npos; at = bytes.find(text, at + 1)) {
      file.clear();
      file.seekp(static_cast<std::streamoff>(at));
      file.put('V');
    }
  }
  runtime::Names names;
  runtime::StoreAudit audit(names);
  ASSERT_TRUE(audit.run(store_, store::InspectMode::kAlone));
  EXPECT_FALSE(audit.sound());
  EXPECT_TRUE(audit.lost_rows());
  const auto repaired = runtime::repair_store(store_, directory_ / "repaired", {}, nullptr);
  ASSERT_TRUE(repaired) << repaired.error().text();
  const auto reader = runtime::StoreReader::open(directory_ / "repaired");
  ASSERT_TRUE(reader);
  std::vector<std::string> kept;
  ASSERT_TRUE((*reader)->visit_rows("t", [&](std::string_view, std::string_view key,
                                             std::string_view) { kept.emplace_back(key); }));
  EXPECT_THAT(kept, ElementsAre("a", "z0", "z1", "z2"));
  // The engine says that something is missing, whatever it is, and does not hand out a wrong row.
  reopen();
  std::string all;
  EXPECT_TRUE(engine_->read_tables([&](runtime::TableReads& rows) {
    for (const char* key : {"a", "damaged"}) {
      const auto value = rows.get("t", key);
      all += std::string(key) + ": " +
             (!value ? base::to_string(value.error().code) : value->value_or("none")) + " ";
    }
  }));
  EXPECT_THAT(all,
              ::testing::AnyOf("a: value of a damaged: none ", "a: value of a damaged: RP1005 "));
  EXPECT_THAT(logged_, ::testing::AnyOf(HasSubstr("damaged"), HasSubstr("quarantined")));
}

INSTANTIATE_TEST_SUITE_P(Slices, TablesOnDisk, ::testing::Values(1, 3, 65'536));

// ---- deaths of the process ----------------------------------------------------------------------

std::unique_ptr<store::Store> open_in(const TemporaryDirectory& directory) {
  auto store = store::open_store(directory / "store");
  EXPECT_TRUE(store);
  return std::move(*store);
}

std::unique_ptr<runtime::EmbeddedEngine> over(std::unique_ptr<store::Store> store,
                                              const ManualClock& clock) {
  runtime::EngineOptions options;
  options.threaded = false;
  options.clock = &clock;
  options.log = [](runtime::LogLevel, std::string_view) {};
  auto engine = runtime::EmbeddedEngine::over(std::move(store), std::move(options));
  EXPECT_TRUE(engine);
  return std::unique_ptr<runtime::EmbeddedEngine>(
      static_cast<runtime::EmbeddedEngine*>(engine->release()));
}

void start(runtime::EmbeddedEngine& engine) {
  engine.ask(runtime::verb::Start{{.workflow = "w", .workflow_id = "r"},
                                  nullptr,
                                  [](const base::Result<runtime::StartedRun>&) {}});
}

// What the history of the first run says of attempts and transactions that are over.
std::vector<std::string> ends_in(const TemporaryDirectory& directory) {
  const auto store = open_in(directory);
  std::vector<std::string> ends;
  EXPECT_TRUE(store::read_history(store->journal(), store->archive(), 1, 0,
                                  [&](const store::Record& record) {
                                    proto::Turn turn;
                                    EXPECT_TRUE(turn.ParseFromString(std::string(record.body)));
                                    for (const proto::Event& input : turn.inputs()) {
                                      if (input.has_attempt_failed()) ends.emplace_back("attempt");
                                      if (input.has_transaction_completed())
                                        ends.emplace_back("transaction");
                                    }
                                  }));
  return ends;
}

// A process that dies in a closure leaves its mark, and the next one waits before it tries again.
TEST(Transactions, InWhichTheProcessDiedAreTriedAgainLater) {
  ManualClock clock;
  const TemporaryDirectory directory;
  int executed = 0;
  runtime::WorkerCode code;
  code.workflows["w"] = code_of([&executed](Execution& e) {
    return e.run_transaction("t",
                             [&executed] {
                               ++executed;
                               return put("k", "v");
                             },
                             {});
  });
  {
    auto store = open_in(directory);
    store::AttemptSlots& slots = store->attempt_slots();
    auto engine = over(std::move(store), clock);
    const auto worker = engine->register_worker(code);
    start(*engine);
    (void)engine->run_shards();
    (void)engine->commit();  // the transaction is asked for, and not executed
    (void)slots.take({1, 1, 1});
  }
  EXPECT_EQ(executed, 0);
  auto engine = over(open_in(directory), clock);
  const auto worker = engine->register_worker(code);
  const auto settle = [&] {
    while (engine->run_some()) {
    }
  };
  settle();
  EXPECT_EQ(executed, 0);
  clock.advance(base::Duration(999));
  settle();
  EXPECT_EQ(executed, 0);
  clock.advance(base::Duration(1));
  settle();
  EXPECT_EQ(executed, 1);
}

// A transaction of the same run begins in the round in which the attempt counts as lost. The mark
// of the attempt goes when what that round has recorded is durable: its failure must be part of it,
// or after another death the attempt would be made again under its number.
TEST(Transactions, BeginAfterTheLossOfAnAttemptIsRecorded) {
  ManualClock clock;
  const TemporaryDirectory directory;
  runtime::WorkerCode code;
  code.workflows["w"] = code_of([](Execution& e) {
    const auto operation = schedule(e, "a");
    (void)e.run_transaction("t", [] { return put("k", "v"); }, {});
    (void)e.wait(*operation);
    return operation->take_outcome();
  });
  {
    auto store = open_in(directory);
    store::AttemptSlots& slots = store->attempt_slots();
    auto engine = over(std::move(store), clock);
    const auto worker = engine->register_worker(code);
    start(*engine);
    (void)engine->run_shards();
    (void)engine->commit();  // both are asked for, and neither has begun
    (void)slots.take({1, 1, 1});
  }
  {
    auto engine = over(open_in(directory), clock);
    const auto worker = engine->register_worker(code);
    while (engine->run_shards() || engine->commit()) {
    }
  }
  EXPECT_THAT(ends_in(directory), ElementsAre("attempt", "transaction"));
}

}  // namespace
}  // namespace reprise::testing::table_engine_test
