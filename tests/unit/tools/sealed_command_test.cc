// The command beside a store whose content is encrypted, with the key and without.
#include <chrono>
#include <filesystem>
#include <sstream>
#include <sys/stat.h>

#include <gmock/gmock.h>

#include "runtime/sealing/aes_gcm_codec.h"
#include "runtime/sealing/key_file.h"
#include "runtime/sealing/zstd_codec.h"
#include "tests/unit/tools/sample_store.h"
#include "tests/unit/tools/with_own_runs.h"

namespace reprise::tools {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kMark = "<sealed, key k1>";
constexpr const char* kSecret = "parcel-of-Ann";

class SealedCommand : public WithOwnRuns<SampleStore> {
 protected:
  void SetUp() override {
    key_file_ = key_file("k1", 'a');
    make_sealed_store();
  }

  std::string key_file(const std::string& id, char digit) {
    const std::string path = file(id + digit + ".keys");
    write(path, id + " " + std::string(64, digit) + "\n");
    EXPECT_EQ(::chmod(path.c_str(), 0600), 0);
    return path;
  }
  sealing::Codecs codecs() const {
    const auto material = sealing::read_key_file(key_file_);
    return {sealing::make_aes_gcm_codec(*sealing::KeyRing::make(*material))};
  }
  // order-1 has completed, order-2 is paused, order-3 has failed.
  void make_sealed_store() {
    runtime::EngineOptions with = options();
    with.codecs = codecs();
    auto engine = runtime::Engine::open(store_, with);
    ASSERT_TRUE(engine.has_value()) << engine.error().text();
    engine_ = std::move(*engine);
    workflow("checkout", [](reprise::testing::Execution& e) {
      ask(e, "reserve", {{"sku", kSecret}}, 10);
      const auto packed = e.next_signal("packed");
      e.wait(*packed);
      return reprise::testing::Outcome::success(packed->take_outcome().payload());
    });
    workflow("refuse", [](reprise::testing::Execution&) {
      return reprise::testing::application_failure("OutOfStock", kSecret, false);
    });
    activity("reserve", [](runtime::ActivityAttempt&, std::string_view) {
      return reprise::testing::Outcome::success(cbor(kSecret));
    });
    start_worker();
    start("checkout", "order-1", cbor(nlohmann::json::array({kSecret})));
    ASSERT_TRUE(signal("order-1", "packed", cbor(kSecret)));
    start("checkout", "order-2", cbor(nlohmann::json::array({kSecret})));
    start("refuse", "order-3");
    close_engine();
    ASSERT_EQ(
        reprise({"pause", store_, "order-2", "--reason", kSecret, "--key-file", key_file_}).code,
        0);
  }

  // Until there is nothing to do: batches have their code here.
  void run_batches(sealing::Codecs with_codecs) {
    runtime::EngineOptions with = options();
    with.codecs = std::move(with_codecs);
    with.shards = 1;
    auto engine = runtime::Engine::open(store_, with);
    ASSERT_TRUE(engine.has_value()) << engine.error().text();
    engine_ = std::move(*engine);
    work_on_own_runs();
  }
  bool in_journal(const std::string& text) const {
    return content(store_ + "/journal/data.mdb").find(text) != std::string::npos;
  }

  std::string key_file_;
};

constexpr const char* kOpenOrders = "WorkflowId = 'order-2'";

// Without the key nobody knows what became of a batch: that is not success.
TEST_F(SealedCommand, AFailedBatchIsNoSuccessWithoutTheKey) {
  ASSERT_EQ(reprise({"batch", "restart", store_, "--filter", kOpenOrders, "--id", "r", "--key-file",
                     key_file_})
                .code,
            0);
  run_batches(codecs());
  const Output with = reprise({"batch", "show", store_, "r", "--json", "--key-file", key_file_});
  EXPECT_EQ(nlohmann::json::parse(with.out)["failed"], 1) << with.out;
  const Output waited = reprise({"batch", "wait", store_, "r", "--for", "1"});
  EXPECT_EQ(waited.code, 2);
  EXPECT_EQ(waited.out, "");
  EXPECT_THAT(waited.err, AllOf(HasSubstr("RP1012"), HasSubstr("key k1")));
  EXPECT_EQ(reprise({"batch", "wait", store_, "r", "--for", "1", "--key-file", key_file_}).code, 1);
  const auto known = reprise_json({"batch", "show", store_, "r"});
  EXPECT_THAT(known["unreadable"].get<std::string>(), HasSubstr("RP1012"));
  EXPECT_EQ(known["state"], "ended");
  for (const char* const name : {"done", "failed", "total", "verb", "failures", "stopped"}) {
    EXPECT_FALSE(known.contains(name)) << name;
  }
  const Output listed = reprise({"batch", "list", store_});
  EXPECT_THAT(listed.out, AllOf(HasSubstr("?"), Not(HasSubstr("signal"))));
  EXPECT_THAT(listed.err, HasSubstr("RP1012"));
  EXPECT_THAT(reprise({"batch", "show", store_, "r"}).out, HasSubstr("RP1012"));
}

// Filters, reasons and arguments of batches and schedules are content too.
TEST_F(SealedCommand, BatchesAndSchedulesBeginWithTheKeyOnly) {
  const std::vector<std::string> batch = {"batch",         "signal",   store_,     "packed",
                                          "\"SECRETarg\"", "--filter", kOpenOrders};
  const std::vector<std::string> schedule = {"schedule", "create",        store_,    "often",
                                             "checkout", "\"SECRETarg\"", "--every", "1h"};
  for (auto words : {batch, schedule}) {
    const Output without = reprise(words);
    EXPECT_EQ(without.code, 2);
    EXPECT_EQ(without.out, "");
    EXPECT_THAT(without.err,
                AllOf(HasSubstr("RP1012"), HasSubstr("'k1'"), HasSubstr("--key-file")));
    words.insert(words.end(), {"--key-file", key_file("k9", 'c')});
    EXPECT_THAT(reprise(words).err, HasSubstr("RP1012")) << "another key";
    words.back() = key_file_;
    const Output with = reprise(words);
    EXPECT_EQ(with.code, 0) << with.err;
    EXPECT_FALSE(in_journal("SECRETarg"));
  }
  EXPECT_EQ(reprise({"schedule", "pause", store_, "often", "--note", "SECRETnote"}).code, 2);
  EXPECT_FALSE(in_journal("SECRETnote"));
}

// In a store whose first codec came after the run.
TEST_F(SealedCommand, ARunThatIsSealedSinceIsSealed) {
  std::filesystem::remove_all(store_);
  open_engine();
  start("checkout", "order-4");
  close_engine();
  EXPECT_EQ(reprise({"signal", store_, "order-4", "packed", "\"plain\""}).code, 0);
  ASSERT_EQ(reprise({"signal", store_, "order-4", "packed", "\"x\"", "--key-file", key_file_}).code,
            0);
  const Output without = reprise({"signal", store_, "order-4", "packed", "\"SECRETarg\""});
  EXPECT_EQ(without.code, 2);
  EXPECT_THAT(without.err, AllOf(HasSubstr("RP1012"), HasSubstr("'k1'")));
  EXPECT_EQ(reprise({"pause", store_, "order-4", "--reason", "SECRETarg"}).code, 2);
  EXPECT_FALSE(in_journal("SECRETarg"));
}

TEST_F(SealedCommand, WhatIsOnlyCompressedNeedsNoKey) {
  std::filesystem::remove_all(store_);
  const std::string text(2'000, 'z');
  runtime::EngineOptions with = options();
  with.codecs = {*sealing::make_zstd_codec(3)};
  auto engine = runtime::Engine::open(store_, with);
  ASSERT_TRUE(engine.has_value()) << engine.error().text();
  engine_ = std::move(*engine);
  start("checkout", "order-5", cbor(nlohmann::json::array({text})));
  close_engine();
  const Output sent = reprise({"signal", store_, "order-5", "packed", "\"" + text + "\""});
  EXPECT_EQ(sent.code, 0) << sent.err;
  EXPECT_FALSE(in_journal(text)) << "compressed as well";
  EXPECT_THAT(reprise({"history", store_, "order-5", "--full"}).out, HasSubstr(text));
}

TEST_F(SealedCommand, AuditSaysThatAPayloadIsSealed) {
  std::istringstream lines(reprise({"audit", store_, "order-1", "--json"}).out);
  int sealed = 0;
  for (std::string text; std::getline(lines, text);) {
    const auto line = nlohmann::json::parse(text);
    for (const char* const name : {"input", "result"}) EXPECT_FALSE(line.contains(name)) << text;
    if (!line.contains("sealed")) continue;
    ++sealed;
    EXPECT_EQ(line["sealed"], kMark);
  }
  EXPECT_GT(sealed, 2);
  EXPECT_THAT(reprise({"audit", store_, "order-1", "--json", "--key-file", key_file_}).out,
              AllOf(HasSubstr("\"input\""), Not(HasSubstr("sealed"))));
}

TEST_F(SealedCommand, ShowsTheStructureWithoutTheKey) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"show", store_, "order-1"},
           {"history", store_, "order-1"},
           {"audit", store_, "order-1"},
           {"show", store_, "order-2"},
           {"why", store_, "order-2"},
           {"history", store_, "order-3"},
       }) {
    const Output without = reprise(words);
    EXPECT_EQ(without.code, 0) << words[0] << without.err;
    EXPECT_THAT(without.out, AllOf(HasSubstr(kMark), Not(HasSubstr(kSecret)))) << words[0];
    auto with_key = words;
    with_key.insert(with_key.end(), {"--key-file", key_file_});
    const Output with = reprise(with_key);
    EXPECT_EQ(with.code, 0) << words[0] << with.err;
    EXPECT_THAT(with.out, AllOf(HasSubstr(kSecret), Not(HasSubstr("sealed")))) << words[0];
  }
}

TEST_F(SealedCommand, CommandsThatNeedNoContent) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"list", store_}, {"stats", store_}, {"incidents", store_}, {"check", store_}}) {
    const Output without = reprise(words);
    EXPECT_EQ(without.code, 0) << words[0] << without.out << without.err;
    EXPECT_THAT(without.out, Not(HasSubstr(kSecret))) << words[0];
  }
  EXPECT_EQ(reprise({"backup", store_, file("copy")}).code, 0);
  EXPECT_THAT(reprise({"history", file("copy"), "order-1", "--key-file", key_file_}).out,
              HasSubstr(kSecret));
}

TEST_F(SealedCommand, ExportsWithTheKeyOnly) {
  const Output without = reprise({"export", store_, "order-1"});
  EXPECT_EQ(without.code, 1);
  EXPECT_THAT(without.err, AllOf(HasSubstr("RP1012"), HasSubstr("k1")));
  EXPECT_EQ(without.out, "");
  const std::string path = file("order-1.json");
  ASSERT_EQ(reprise({"export", store_, "order-1", "-o", path, "--key-file", key_file_}).code, 0);
  EXPECT_THAT(content(path), HasSubstr(kSecret));
  EXPECT_EQ(reprise({"import", path}).code, 0);
}

// What stands for the arguments of the earlier run must not become those of another one.
TEST_F(SealedCommand, StartsLikeAnEarlierRunWithTheKeyOnly) {
  const Output without = reprise({"start", store_, "--like", "order-1", "--id", "order-9"});
  EXPECT_EQ(without.code, 1);
  EXPECT_THAT(without.err, HasSubstr("RP1012"));
  const Output with =
      reprise({"start", store_, "--like", "order-1", "--id", "order-9", "--key-file", key_file_});
  EXPECT_EQ(with.code, 0) << with.err;
  EXPECT_THAT(reprise({"history", store_, "order-9", "--key-file", key_file_}).out,
              HasSubstr(kSecret));
  EXPECT_EQ(content(store_ + "/journal/data.mdb").find(kSecret), std::string::npos);
}

TEST_F(SealedCommand, AnotherKeyOfThatNameOpensNothing) {
  const std::string other = key_file("k1", 'b');
  const Output exported = reprise({"export", store_, "order-1", "--key-file", other});
  EXPECT_EQ(exported.code, 1);
  EXPECT_THAT(exported.err, HasSubstr("RP1013"));
  EXPECT_THAT(reprise({"show", store_, "order-1", "--key-file", other}).out,
              AllOf(HasSubstr("<sealed, damaged>"), Not(HasSubstr(kSecret))));
}

TEST_F(SealedCommand, KeyFilesThatCannotBeUsed) {
  EXPECT_THAT(reprise({"show", store_, "order-1", "--key-file", file("none")}).err,
              HasSubstr("RP3019"));
  write(file("bad.keys"), "k1 zz\n");
  ASSERT_EQ(::chmod(file("bad.keys").c_str(), 0600), 0);
  const Output bad = reprise({"show", store_, "order-1", "--key-file", file("bad.keys")});
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.err, AllOf(HasSubstr("RP3019"), Not(HasSubstr("zz"))));
}

// What a command records without an engine is sealed too.
TEST_F(SealedCommand, WhatItRecordsIsSealed) {
  EXPECT_EQ(content(store_ + "/journal/data.mdb").find(kSecret), std::string::npos);
  EXPECT_EQ(content(store_ + "/archive/data.mdb").find(kSecret), std::string::npos);
  const Output without = reprise({"resume", store_, "order-2"});
  EXPECT_EQ(without.code, 2);
  EXPECT_THAT(without.err, HasSubstr("RP1012"));
  ASSERT_EQ(reprise({"resume", store_, "order-2", "--key-file", key_file_}).code, 0);
  ASSERT_EQ(
      reprise({"signal", store_, "order-2", "packed", "\"of Bob\"", "--key-file", key_file_}).code,
      0);
  EXPECT_EQ(content(store_ + "/journal/data.mdb").find("of Bob"), std::string::npos);
  EXPECT_THAT(reprise({"history", store_, "order-2", "--key-file", key_file_}).out,
              HasSubstr("of Bob"));
}

}  // namespace
}  // namespace reprise::tools
