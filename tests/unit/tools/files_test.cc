// Histories in files, naming the store and the run, and what is refused.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <sys/stat.h>

#include <gmock/gmock.h>

#include "reprise/reprise.h"
#include "tests/rot/workload.h"
#include "tests/unit/tools/sample_store.h"
#include "tools/history_file.h"

namespace reprise::tools::files_test {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class FilesTest : public SampleStore {};

// ---- export, import ---------------------------------------------------------------------------

TEST_F(FilesTest, ExportAndImportGiveTheSameBytes) {
  make_store();
  for (const char* run : {"order-1", "order-2", "order-5", "order-6"}) {
    const auto made = [&](std::vector<std::string> arguments) {
      const Output output = reprise(std::move(arguments));
      EXPECT_EQ(output.code, 0) << output.err;
    };
    made({"export", store_, run, "-o", file("a.bin"), "--format", "binary"});
    made({"export", store_, run, "-o", file("a.json")});
    made({"export", store_, run, "-o", file("a.jsonl"), "--compact"});
    EXPECT_THAT(content(file("a.json")), StartsWith("{"));
    EXPECT_NE(content(file("a.json")), content(file("a.jsonl")));
    for (const char* from : {"a.bin", "a.json", "a.jsonl"}) {
      made({"import", file(from), "-o", file("b.bin"), "--format", "binary"});
      EXPECT_EQ(content(file("b.bin")), content(file("a.bin"))) << from;
      made({"import", file(from), "-o", file("b.json")});
      EXPECT_EQ(content(file("b.json")), content(file("a.json"))) << from;
      made({"import", file(from), "-o", file("b.jsonl"), "--compact"});
      EXPECT_EQ(content(file("b.jsonl")), content(file("a.jsonl"))) << from;
    }
  }
}

// Files of more than some bytes cannot be written while it lives.
class ShortFiles {
 public:
  ShortFiles() : before_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit few{100, limit_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &few);
  }
  ~ShortFiles() {
    ::setrlimit(RLIMIT_FSIZE, &limit_);
    ::signal(SIGXFSZ, before_);
  }

 private:
  rlimit limit_{};
  void (*before_)(int);
};

TEST_F(FilesTest, AnExportThatFailsLeavesWhatWasThere) {
  make_store();
  std::ofstream(file("old.json")) << "the old content";
  {
    const ShortFiles short_files;
    EXPECT_FALSE(write_file(file("old.json"), std::string(1'000, 'x')));
    EXPECT_FALSE(write_file(file("new.json"), std::string(1'000, 'x')));
  }
  EXPECT_EQ(content(file("old.json")), "the old content");
  EXPECT_FALSE(std::filesystem::exists(file("new.json")));
  std::filesystem::create_symlink("/dev/full", file("device"));
  const Output output = reprise({"export", store_, "order-1", "-o", file("device")});
  EXPECT_EQ(output.code, 2);
  EXPECT_THAT(output.err, HasSubstr("No space left"));
  EXPECT_TRUE(std::filesystem::exists("/dev/full"));
  EXPECT_TRUE(std::filesystem::is_symlink(file("device")));
}

TEST_F(FilesTest, AnExportReplacesWhatALinkLeadsTo) {
  make_store();
  std::ofstream(file("real.json")) << "the old content";
  ::chmod(file("real.json").c_str(), 0640);
  std::filesystem::create_symlink(file("real.json"), file("link.json"));
  ASSERT_EQ(reprise({"export", store_, "order-1", "-o", file("link.json")}).code, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(file("link.json")));
  EXPECT_EQ(reprise({"import", file("real.json")}).code, 0);
  struct stat info {};
  ASSERT_EQ(::stat(file("real.json").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
  std::filesystem::remove(file("real.json"));
  EXPECT_EQ(reprise({"export", store_, "order-1", "-o", file("link.json")}).code, 2);
}

TEST_F(FilesTest, ImportSaysWhoseHistoryAFileIs) {
  make_store();
  ASSERT_EQ(reprise({"export", store_, "order-1", "-o", file("a.json")}).code, 0);
  const Output output = reprise({"import", file("a.json")});
  EXPECT_EQ(output.code, 0);
  EXPECT_THAT(output.out, HasSubstr("run order-1 ("));
  EXPECT_THAT(output.out, HasSubstr("of workflow checkout, Completed, 7 turns with 11 events"));
  EXPECT_EQ(reprise_json({"import", file("a.json")})["workflow_id"], "order-1");
}

TEST_F(FilesTest, ImportRefusesWhatIsNoHistory) {
  make_store();
  ASSERT_EQ(reprise({"export", store_, "order-1", "-o", file("a"), "--format", "binary"}).code, 0);
  const std::string whole = content(file("a"));
  const std::string others[] = {"",
                                "{}",
                                "{\"format\":1}",
                                "{\"format\":7,\"turns\":[]}",
                                "{\"format\":1,\"turns\":[{}]}",
                                "{ no json",
                                "some text",
                                whole.substr(0, whole.size() - 3),
                                std::string(100, '\0')};
  for (const std::string& other : others) {
    write(file("b"), other);
    const Output output = reprise({"import", file("b")});
    EXPECT_EQ(output.code, 1) << other;
    EXPECT_EQ(output.out, "");
    EXPECT_THAT(output.err, HasSubstr("RP2009")) << other;
  }
  EXPECT_EQ(reprise({"import", file("no/such/file")}).code, 2);
  EXPECT_EQ(reprise({"import", file("a"), "-o", file("no/such/file")}).code, 2);
  EXPECT_EQ(reprise({"import", file("a"), "--format", "xml"}).code, 2);
  EXPECT_EQ(reprise({"import", file("a"), "--json", "--compact"}).code, 2);
  EXPECT_THAT(reprise({"import", file("a"), "--format", "binary", "--compact"}).err,
              HasSubstr("for the JSON form"));
}

// ---- which store, which run -------------------------------------------------------------------

TEST_F(FilesTest, TheStoreIsGivenInOneOfThreeWays) {
  make_store();
  const std::string expected = reprise({"show", store_, "order-1"}).out;
  EXPECT_EQ(reprise({"show", "order-1", "--store", store_}).out, expected);
  EXPECT_EQ(reprise({"show", "--store", store_, "order-1"}).out, expected);
  ::setenv("REPRISE_STORE", store_.c_str(), 1);
  EXPECT_EQ(reprise({"show", "order-1"}).out, expected);
  EXPECT_EQ(reprise({"list"}).code, 0);
  EXPECT_EQ(reprise({"list", directory_ / "other"}).code, 2) << "what is said comes first";
  ::unsetenv("REPRISE_STORE");
  const Output none = reprise({"show", "order-1"});
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("which store?"));
  EXPECT_THAT(reprise({"show"}).err, HasSubstr("which run?"));
  EXPECT_THAT(reprise({"list"}).err, HasSubstr("which store?"));
  EXPECT_THAT(reprise({"list", store_, "--store", "other"}).err, HasSubstr("two stores"));
}

TEST_F(FilesTest, ARunIsNamedByEitherIdOrTheEndOfOne) {
  make_store();
  const json run = reprise_json({"show", store_, "order-1"});
  const std::string id = run["run_id"];
  for (const std::string& name : {id, id.substr(24), id.substr(28)}) {
    EXPECT_EQ(reprise_json({"show", store_, name}), run) << name;
  }
  for (const std::string& name : {std::string("order-9"), id.substr(33), std::string("zzzz"),
                                  std::string("\x1b[2J"), std::string(3'000, 'x')}) {
    const Output output = reprise({"show", store_, name});
    EXPECT_EQ(output.code, 1) << name;
    EXPECT_THAT(output.err, StartsWith("reprise show: RP3005 the store has no run"));
    EXPECT_THAT(output.err, HasSubstr("reprise list"));
    EXPECT_THAT(output.err, Not(HasSubstr("\x1b")));
  }
}

TEST_F(FilesTest, AnEmptyStoreHasNoRuns) {
  open_engine();
  close_engine();
  EXPECT_EQ(reprise({"list", store_}).code, 0);
  EXPECT_EQ(reprise_json({"list", store_}), json::array());
  EXPECT_EQ(reprise({"stats", store_}).err, "no run matches\n");
  EXPECT_EQ(reprise({"show", store_, "order-1"}).code, 1);
}

TEST_F(FilesTest, ADamagedRunIsShownAsOneAndHidesNoOther) {
  const auto all = rot::make_store(store_, [] {});
  std::string bytes = content(store_ + "/archive/data.mdb");
  const std::string text = "waiter-10:p";
  ASSERT_NE(bytes.find(text), std::string::npos);
  for (auto at = bytes.find(text); at != std::string::npos; at = bytes.find(text, at + 1)) {
    bytes[at] ^= 1;
  }
  write(store_ + "/archive/data.mdb", bytes);

  const json list = reprise_json({"list", store_, "--limit", "0"});
  EXPECT_THAT(list, SizeIs(all.size()));
  for (const json& run : list) {
    EXPECT_EQ(run.contains("quarantined"), run["workflow_id"] == "waiter-10") << run;
  }
  EXPECT_THAT(reprise({"list", store_, "--id-prefix", "waiter-10"}).out,
              HasSubstr("\nquarantined  waiter"));
  const Output why = reprise({"why", store_, "waiter-10"});
  EXPECT_EQ(why.code, 0);
  EXPECT_THAT(why.out, StartsWith("waiter-10 is quarantined and does not go on: "));
  for (const char* command : {"show", "history", "export"}) {
    const Output output = reprise({command, store_, "waiter-10"});
    EXPECT_EQ(output.code, 1) << command;
    EXPECT_THAT(output.err, HasSubstr("RP1005")) << command;
    EXPECT_EQ(reprise({command, store_, "waiter-2"}).code, 0) << command;
  }
  EXPECT_THAT(reprise({"show", store_, "waiter-10"}).out, HasSubstr("quarantined"));
  EXPECT_THAT(reprise({"incidents", store_}).out,
              AllOf(StartsWith("quarantined RP1005: "), HasSubstr("waiter-10"),
                    HasSubstr("  resolve  reprise check ")));
  EXPECT_EQ(reprise_json({"stats", store_})["unreadable_histories"], 0);

  // The same in a program.
  const auto engine =
      reprise::Engine::open(store_, {.logger = [](reprise::LogLevel, std::string_view) {}});
  const reprise::Client client(*engine);
  const auto incidents = client.incidents();
  ASSERT_EQ(incidents.size(), 1u);
  EXPECT_EQ(incidents[0].kind, reprise::IncidentKind::kQuarantined);
  EXPECT_EQ(incidents[0].code, "RP1005");
  EXPECT_EQ(incidents[0].workflow_id, "waiter-10");
  EXPECT_EQ(incidents[0].resolve, "reprise check " + store_);
  EXPECT_THROW((void)client.handle("waiter-10").audit(), reprise::StoreError);
  EXPECT_GT(client.handle("waiter-2").audit().entries.size(), 1u);
}

TEST_F(FilesTest, AStoreWithALostFileIsRefusedWithWhatToDo) {
  make_store();
  write(store_ + "/journal/data.mdb", content(store_ + "/journal/data.mdb").substr(0, 10'000));
  const Output output = reprise({"list", store_});
  EXPECT_EQ(output.code, 2);
  EXPECT_THAT(output.err, HasSubstr("RP1005"));
  EXPECT_THAT(output.err, HasSubstr("reprise repair"));
}

TEST_F(FilesTest, EveryCommandRefusesWhatIsNoStore) {
  write(file("text"), "text");
  for (const char* command : {"list", "stats", "tail"}) {
    for (const char* wrong : {"nothing", "text", ""}) {
      const Output output = reprise({command, file(wrong)});
      EXPECT_EQ(output.code, 2) << command << " " << wrong;
      EXPECT_THAT(output.err, StartsWith(std::string("reprise ") + command + ": RP1001"));
    }
  }
  for (const char* command : {"show", "why", "history", "export"}) {
    EXPECT_EQ(reprise({command, file("nothing"), "order-1"}).code, 2) << command;
  }
  EXPECT_EQ(reprise({"list", store_, "--status", "Sleeping"}).code, 2);
  EXPECT_EQ(reprise({"list", store_, "--since", "yesterday"}).code, 2);
}

}  // namespace
}  // namespace reprise::tools::files_test
