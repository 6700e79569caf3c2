// Stores without an index of fields, or with one that is not as it was written; and `reprise list`
// beside them.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lmdb.h>

#include "runtime/engine/run_fields.h"
#include "runtime/engine/store_reader.h"
#include "runtime/visibility/keys.h"
#include "tests/unit/search/search_fixture.h"
#include "tools/run_command.h"

namespace reprise::testing::search_upgrade_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Calls `change` with the tables `fields` and `meta` of the archive.
template <class Change>
void change_archive(const std::string& store, const Change& change) {
  MDB_env* env = nullptr;
  MDB_txn* txn = nullptr;
  MDB_dbi fields = 0;
  MDB_dbi meta = 0;
  ASSERT_EQ(mdb_env_create(&env), 0);
  ASSERT_EQ(mdb_env_set_maxdbs(env, 16), 0);
  ASSERT_EQ(mdb_env_set_mapsize(env, std::size_t{1} << 30), 0);
  ASSERT_EQ(mdb_env_open(env, (store + "/archive").c_str(), 0, 0644), 0);
  ASSERT_EQ(mdb_txn_begin(env, nullptr, 0, &txn), 0);
  ASSERT_EQ(mdb_dbi_open(txn, "fields", 0, &fields), 0);
  ASSERT_EQ(mdb_dbi_open(txn, "meta", 0, &meta), 0);
  change(txn, fields, meta);
  ASSERT_EQ(mdb_txn_commit(txn), 0);
  mdb_env_close(env);
}

struct Shown {
  int code = -1;
  std::string out;
  std::string err;
};

class Upgrade : public SearchFixture {
 protected:
  void make_store() {
    with_archive_of(1, "s");
    for (int i = 0; i < 5; ++i) {
      start("waits", std::to_string(i), {text("customer", i % 2 == 0 ? "even" : "odd")});
    }
    signal("2", "go");
    close();
  }
  void close() {
    settle();
    worker_.reset();
    engine_.reset();
  }
  // As an earlier version leaves a store.
  void remove_index() {
    change_archive(store_, [](MDB_txn* txn, MDB_dbi fields, MDB_dbi meta) {
      std::string name = "fields";
      MDB_val key{name.size(), name.data()};
      EXPECT_EQ(mdb_del(txn, meta, &key, nullptr), 0);
      EXPECT_EQ(mdb_drop(txn, fields, 1), 0);
    });
  }
  bool indexed() {
    const auto opened = store::open_store_read_only(store_);
    EXPECT_TRUE(opened) << opened.error().text();
    return (*(*opened)->archive().moment())->fields_version() == runtime::visibility::kIndexVersion;
  }
  base::Result<runtime::FoundRuns> read(const std::string& filter) {
    const auto reader = runtime::StoreReader::open(store_);
    EXPECT_TRUE(reader) << reader.error().text();
    return (*reader)->find_runs({filter, 100, {}});
  }
  Shown reprise(std::vector<std::string> arguments) {
    std::vector<const char*> words{"reprise"};
    for (const std::string& word : arguments) words.push_back(word.c_str());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    Shown shown;
    shown.code = tools::run_command(static_cast<int>(words.size()), words.data(), clock_);
    std::fflush(nullptr);
    shown.out = ::testing::internal::GetCapturedStdout();
    shown.err = ::testing::internal::GetCapturedStderr();
    return shown;
  }

  const std::string store_ = directory_ / "s";
};

TEST_F(Upgrade, AnIndexThatIsMissingIsMade) {
  make_store();
  EXPECT_TRUE(indexed());
  remove_index();
  EXPECT_FALSE(indexed());
  const auto scanned = read("customer = 'even' AND Status = 'Completed'");
  ASSERT_TRUE(scanned) << scanned.error().text();
  EXPECT_TRUE(scanned->scanned);
  ASSERT_EQ(scanned->runs.size(), 1U);
  EXPECT_EQ(scanned->runs[0].workflow_id, "2");
  with_archive_of(1'000, "s");
  EXPECT_THAT(ids("customer = 'even'"), ElementsAre("4", "2", "0"));
  settle();
  EXPECT_FALSE(find("customer = 'even'").scanned) << "made without being asked";
  EXPECT_THAT(fault("customr = 'even'"), HasSubstr("did you mean customer?"));
  close();
  EXPECT_TRUE(indexed());
  EXPECT_FALSE(read("customer = 'even'")->scanned);
}

TEST_F(Upgrade, AnIndexThatIsNotWhatWasWrittenIsMadeAnew) {
  make_store();
  change_archive(store_, [](MDB_txn* txn, MDB_dbi fields, MDB_dbi) {
    MDB_cursor* cursor = nullptr;
    MDB_val key{};
    MDB_val value{};
    EXPECT_EQ(mdb_cursor_open(txn, fields, &cursor), 0);
    EXPECT_EQ(mdb_cursor_get(cursor, &key, &value, MDB_FIRST), 0);
    EXPECT_EQ(mdb_cursor_del(cursor, 0), 0);
    mdb_cursor_close(cursor);
  });
  EXPECT_FALSE(indexed());
  with_archive_of(1'000, "s");
  settle();
  EXPECT_THAT(ids("customer = 'even'"), ElementsAre("4", "2", "0"));
  EXPECT_FALSE(find("customer = 'even'").scanned);
}

TEST_F(Upgrade, AnIndexIsMadeInParts) {
  make_store();
  auto opened = store::open_store(store_);
  ASSERT_TRUE(opened);
  store::Archive& archive = (*opened)->archive();
  ASSERT_TRUE(archive.begin_fields(runtime::visibility::kIndexVersion));
  EXPECT_FALSE(archive.fields()->complete());
  EXPECT_EQ(*runtime::build_some_fields(archive), false) << "few runs take one part";
  EXPECT_TRUE(archive.fields()->complete());
}

// ---- the command ------------------------------------------------------------------------------

TEST_F(Upgrade, TheCommandSearches) {
  make_store();
  auto shown = reprise(
      {"list", store_, "--filter", "customer = 'even' ORDER BY StartTime", "--page-size", "2"});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("waits"));
  EXPECT_THAT(shown.err, HasSubstr("there are more: --page-token "));
  EXPECT_THAT(shown.err, Not(HasSubstr("scanned")));
  std::string token = shown.err.substr(shown.err.find("--page-token ") + 13);
  token.pop_back();
  shown = reprise({"list", store_, "--filter", "customer = 'even' ORDER BY StartTime",
                   "--page-token", token, "--json"});
  const auto json = nlohmann::json::parse(shown.out, nullptr, false);
  ASSERT_EQ(json["runs"].size(), 1U) << shown.out << shown.err;
  EXPECT_EQ(json["runs"][0]["workflow_id"], "4");
  EXPECT_EQ(json["next_page_token"], "");
  EXPECT_EQ(json["scanned"], false);
  EXPECT_EQ(reprise({"list", store_, "--count"}).out, "5\n");
  EXPECT_EQ(reprise({"list", store_, "--count", "--filter", "Status = 'Completed'"}).out, "1\n");
  EXPECT_EQ(reprise({"list", store_, "--group-by", "customer"}).out,
            "COUNT  customer\n    3  even\n    2  odd\n");
  shown = reprise({"list", store_, "--filter", "TaskQueue = 'default'"});
  EXPECT_THAT(shown.err, HasSubstr("scanned: no index limits this filter"));
}

TEST_F(Upgrade, TheCommandRefusesWhatItCannotRead) {
  make_store();
  const std::vector<std::pair<std::vector<std::string>, std::string>> refused = {
      {{"--filter", "Status = Running"}, "\n  Status = Running\n           ^\n"},
      {{"--filter", "custmer = 'x'"}, "did you mean customer?"},
      {{"--filter", "a\x1b[31m"}, "\\x1b"},
      {{"--group-by", "a,b"}, "RP3015"},
      {{"--page-size", "0"}, "--page-size"},
      {{"--page-size", "2000"}, "RP3010 a page has 1 to 1000 runs"},
      {{"--page-token", "x"}, "RP3016"},
      {{"--filter", "", "--status", "Running"}, "--status does not go with --filter"},
  };
  for (const auto& [arguments, why] : refused) {
    std::vector<std::string> words{"list", store_};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const Shown shown = reprise(words);
    EXPECT_EQ(shown.code, 2) << arguments[1];
    EXPECT_THAT(shown.err, HasSubstr(why)) << arguments[1];
  }
}

}  // namespace
}  // namespace reprise::testing::search_upgrade_test
