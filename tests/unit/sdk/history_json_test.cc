// The JSON form of histories: lossless, readable, and anything else is refused.
#include "sdk/src/history/history_json.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include "proto/history.pb.h"
#include "proto/parse.h"
#include "reprise/cbor.h"
#include "reprise/error.h"
#include "reprise/history.h"
#include "runtime/history/history.h"
#include "sdk/src/history/json.h"
#include "sdk/src/history/payload_json.h"
#include "tests/fuzz/recorded_histories.h"
#include "tests/unit/sdk/random_message.h"

namespace reprise::history_json_test {
namespace {

using ::testing::HasSubstr;

History history_of(const proto::History& history) {
  return History(std::make_shared<const proto::History>(history));
}

void expect_same_bytes(const History& history) {
  for (const JsonLayout layout : {JsonLayout::kIndented, JsonLayout::kCompact}) {
    const std::string json = history.to_json(layout);
    ASSERT_EQ(History::parse(json).to_bytes(), history.to_bytes()) << json;
    ASSERT_EQ(History::parse(json).to_json(layout), json);
  }
}

// ---- nothing is lost --------------------------------------------------------------------------

TEST(HistoryJson, KeepsWhatRunsHaveRecorded) {
  for (const fuzz::RecordedRun& run : fuzz::recorded_runs()) {
    proto::History history;
    history.set_format(runtime::kHistoryFormat);
    for (const proto::Turn& turn : run.history) *history.add_turns() = turn;
    expect_same_bytes(history_of(history));
  }
}

// Every field of every message with anything in it, also what no engine writes.
TEST(HistoryJson, KeepsWhateverTheFormatCanSay) {
  for (std::uint64_t seed = 0; seed < 3'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    proto::History history;
    testing::fill_with_anything(&history, seed);
    history.set_format(runtime::kHistoryFormat);
    // A store alone has such turns: see the next test.
    for (proto::Turn& turn : *history.mutable_turns()) turn.clear_sealed();
    expect_same_bytes(history_of(history));
    if (HasFatalFailure()) return;
  }
}

// What stands in the places of sealed contents must not be replayed.
TEST(HistoryJson, ASealedTurnIsNoPartOfAHistory) {
  proto::History history;
  history.set_format(runtime::kHistoryFormat);
  history.add_turns()->set_sealed("an envelope");
  try {
    (void)History::parse(history.SerializeAsString());
    FAIL() << "it was read";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "RP2009");
    EXPECT_NE(std::string(error.what()).find("sealed"), std::string::npos);
  }
}

TEST(HistoryJson, HasRoomForEveryFieldName) {
  const auto names = {"number", "turn", "time", "deferred", "role", "kind", "data", "events"};
  for (const char* name : names) {
    EXPECT_EQ(proto::Event::descriptor()->FindFieldByName(name), nullptr) << name;
    EXPECT_EQ(proto::History::descriptor()->FindFieldByName(name), nullptr) << name;
    if (std::string_view(name) == "deferred") continue;  // it is that
    EXPECT_EQ(proto::Turn::descriptor()->FindFieldByName(name), nullptr) << name;
  }
}

// ---- it can be read ---------------------------------------------------------------------------

proto::History small() {
  proto::History history;
  history.set_format(runtime::kHistoryFormat);
  proto::Turn* turn = history.add_turns();
  turn->set_time_ms(1'767'225'600'123);
  proto::RunStarted* started = turn->add_inputs()->mutable_run_started();
  started->set_run_id("\x01\x9a\x00\x00\x00\x00\x70\x00\x80\x00\x00\x00\x00\x00\x00\x01", 16);
  started->set_workflow("checkout");
  CborWriter input;
  input.array(2);
  input.map(1);
  input.text("cents");
  input.integer(3'800);
  input.floating(0.5);
  started->set_input(input.take());
  proto::Event* timer = turn->add_commands();
  timer->mutable_call_site()->set_file("shop/checkout.cc");
  timer->mutable_call_site()->set_line(38);
  timer->mutable_timer_started()->set_id(1);
  timer->mutable_timer_started()->set_duration_ms(5'000);
  return history;
}

TEST(HistoryJson, HasOneEventPerLine) {
  proto::History history = small();
  history.mutable_turns(0)->mutable_inputs(0)->mutable_run_started()->set_run_id(
      std::string("\x01\x9a\x00\x00\x00\x00\x70\x00\x80\x00\x00\x00\x00\x00\x00\x01", 16));
  EXPECT_EQ(history_of(history).to_json(JsonLayout::kCompact),
            R"({"format":1}
{"number":1,"turn":1,"time":"2026-01-01T00:00:00.123Z","role":"input","kind":"RunStarted","data":{"run_id":"019a0000-0000-7000-8000-000000000001","workflow":"checkout","input":[{"cents":3800},0.5]}}
{"number":2,"turn":1,"time":"2026-01-01T00:00:00.123Z","role":"command","kind":"TimerStarted","call_site":{"file":"shop/checkout.cc","line":38},"data":{"id":1,"duration_ms":5000}}
)");
}

TEST(HistoryJson, IsReadInLinesIndentedOrAsOneLine) {
  const History history = history_of(small());
  std::string indented = history.to_json();
  EXPECT_THAT(indented, HasSubstr("\n  \"events\": [\n    {\n      \"number\": 1,\n"));
  EXPECT_EQ(History::parse(indented).to_bytes(), history.to_bytes());
  std::string one_line;
  for (const char c : indented) one_line += c == '\n' ? ' ' : c;
  EXPECT_EQ(History::parse(one_line).to_bytes(), history.to_bytes());
  std::string with_returns;
  for (const char c : "\n\n" + history.to_json(JsonLayout::kCompact)) {
    with_returns += c == '\n' ? "\r\n" : std::string(1, c);
  }
  EXPECT_EQ(History::parse(with_returns).to_bytes(), history.to_bytes());
}

TEST(PayloadJson, ShowsWhatItCan) {
  const auto shown = [](std::string_view cbor) { return internal::payload_to_json(cbor).dump(); };
  using namespace std::string_view_literals;
  EXPECT_EQ(shown("\x83\x01\x20\x63one"), R"([1,-1,"one"])");
  EXPECT_EQ(shown("\xf9\x3e\x00"sv), "1.5");
  EXPECT_EQ(shown("\xfb\x3f\xb9\x99\x99\x99\x99\x99\x9a"), "0.1");
  EXPECT_EQ(shown("\xf9\x00\x00"sv), "0.0");
  EXPECT_EQ(shown("\xf9\x80\x00"sv), "-0.0");
  EXPECT_EQ(shown("\xf9\x7c\x00"sv), R"({"$float":"Infinity"})");
  EXPECT_EQ(shown("\xf9\x7e\x00"sv), R"({"$float":"NaN"})");
  EXPECT_EQ(shown("\x1b\xff\xff\xff\xff\xff\xff\xff\xff"), "18446744073709551615");
  EXPECT_EQ(shown("\x43\x00\x01\xff"sv), R"({"$bytes":"0001ff"})");
  EXPECT_EQ(shown("\xa1\x01\x61x"), R"({"$map":[[1,"x"]]})");
  EXPECT_EQ(shown("\xa1\x61$\x61x"), R"({"$map":[["$","x"]]})");
  EXPECT_EQ(shown("\xa2\x61k\x01\x61k\x02"), R"({"$map":[["k",1],["k",2]]})");
}

TEST(PayloadJson, KeepsTheBytesOfWhatItCannotShow) {
  const auto shown = [](std::string_view cbor) { return internal::payload_to_json(cbor).dump(); };
  using namespace std::string_view_literals;
  EXPECT_EQ(shown("\x18\x05"), R"({"$cbor":"1805"})");  // 5, not in its shortest form
  EXPECT_EQ(shown("\xfa\x3f\xc0\x00\x00"sv), R"({"$cbor":"fa3fc00000"})");  // 1.5 likewise
  EXPECT_EQ(shown("\xf9\x7e\x01"), R"({"$cbor":"f97e01"})");                // a NaN with a content
  EXPECT_EQ(shown("\x3b\xff\xff\xff\xff\xff\xff\xff\xff"), R"({"$cbor":"3bffffffffffffffff"})");
  EXPECT_EQ(shown("\x62\xff\xfe"), R"({"$cbor":"62fffe"})");  // text that is no UTF-8
  EXPECT_EQ(shown("\xc1\x01"), R"({"$cbor":"c101"})");        // a tag
  EXPECT_EQ(shown("\x01\x02"), R"({"$cbor":"0102"})");        // two items
  EXPECT_EQ(shown(""), R"({"$cbor":""})");
}

// ---- texts that are not a history are refused -------------------------------------------------

std::string refusal(std::string_view text) {
  try {
    (void)History::parse(text);
  } catch (const HistoryError& error) {
    EXPECT_EQ(error.code(), "RP2009");
    return error.what();
  }
  return "accepted";
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const auto at = text.find(what);
  EXPECT_NE(at, text.npos) << what;
  return text.replace(at, what.size(), by);
}

TEST(HistoryJson, NamesThePlaceWhereItEnds) {
  const std::string json = history_of(small()).to_json(JsonLayout::kCompact);
  EXPECT_THAT(refusal(json.substr(0, json.size() - 4)), HasSubstr("line 3, column 176: "));
  EXPECT_THAT(refusal("{\n  \"format\": 1,\n  oops\n}"), HasSubstr("line 3, column 3: "));
  EXPECT_THAT(refusal("{\"format\":1"), HasSubstr("line 1, column 11: "));
}

TEST(HistoryJson, NamesTheLineAndTheEventThatIsWrong) {
  const std::string json = history_of(small()).to_json(JsonLayout::kCompact);
  const auto with = [&](std::string_view what, std::string_view by) {
    return refusal(replaced(json, what, by));
  };
  EXPECT_THAT(with("duration_ms", "duration"),
              HasSubstr("line 3, event 2: TimerStarted has no field 'duration'"));
  EXPECT_THAT(with("TimerStarted", "TimerStopped"),
              HasSubstr("there is no kind of event 'TimerStopped'"));
  EXPECT_THAT(with("5000", "\"5s\""), HasSubstr("duration_ms is no integer from -9223372036854775"
                                                "808 to 9223372036854775807: \"5s\""));
  EXPECT_THAT(with("5000", "18446744073709551615"), HasSubstr("duration_ms is no integer"));
  EXPECT_THAT(with("5000", "5000.5"), HasSubstr("duration_ms is no integer"));
  EXPECT_THAT(with("\"id\":1", "\"id\":4294967296"), HasSubstr("id is no integer from 0 to 42949"));
  EXPECT_THAT(with("\"number\":2", "\"number\":3"),
              HasSubstr("line 3, event 1: here is number 3 where 2 should be"));
  EXPECT_THAT(with("\"turn\":1", "\"turn\":2"), HasSubstr("turn is no integer from 0 to 1: 2"));
  EXPECT_THAT(with("00:00:00.123Z\",\"role\":\"command", "00:00:01.123Z\",\"role\":\"command"),
              HasSubstr("turn 1 has two times"));
  EXPECT_THAT(with("2026-01-01", "2026-02-30"), HasSubstr("time is not of the form"));
  EXPECT_THAT(with("\"role\":\"command\"", "\"role\":\"order\""), HasSubstr("role is neither"));
  EXPECT_THAT(with("\"role\":\"command\",", ""), HasSubstr("'role' is missing"));
  EXPECT_THAT(with("019a0000", "019a"), HasSubstr("run_id is no UUID: \"019a-0000"));
  EXPECT_THAT(with("{\"cents\":3800}", "{\"$cbor\":\"00\"}"), HasSubstr("'$cbor' has no meaning"));
  EXPECT_THAT(with("{\"cents\":3800}", "{\"$bytes\":\"0\"}"), HasSubstr("hexadecimal digits"));
  EXPECT_THAT(with("{\"cents\":3800}", "{\"$float\":\"0\"}"), HasSubstr("hexadecimal digits"));
  EXPECT_THAT(with("{\"cents\":3800}", "{\"$map\":[1]}"), HasSubstr("no pair: 1"));
  EXPECT_THAT(with("\"cents\"", "\"a\":1,\"$map\""), HasSubstr("is not alone"));
  EXPECT_THAT(with("\"cents\"", "\"a\":1,\"a\""),
              HasSubstr("begins at line 2, column 1 has the key 'a' twice"));
  EXPECT_THAT(with("\"format\":1", "\"format\":2"), HasSubstr("it has format 2"));
  EXPECT_THAT(with("{\"format\":1}", "{}"), HasSubstr("it has format 0"));
  EXPECT_THAT(with("\"call_site\"", "\"timer_fired\""), HasSubstr("no field 'timer_fired'"));
  EXPECT_THAT(with("\"format\":1", "\"format\":1,\"turns\":[]"), HasSubstr("no field 'turns'"));
  EXPECT_THAT(with("shop", "\\ud800"), HasSubstr("line 3, column"));
}

TEST(HistoryJson, RefusesWhatIsMadeToHurt) {
  const std::string deep(100'000, '[');
  EXPECT_THAT(refusal("{\"format\":1}\n" + deep), HasSubstr("nests too deeply"));
  EXPECT_THAT(refusal("{\"format\":1,\"events\":" + deep), HasSubstr("nests too deeply"));
  std::string causes = "{}";
  for (int i = 0; i < proto::kMostLevels + 5; ++i) causes = "{\"cause\":" + causes + "}";
  const std::string failed =
      R"({"format":1}
{"number":1,"turn":1,"time":0,"role":"command","kind":"RunFailed","data":{"failure":)";
  EXPECT_THAT(refusal(failed + causes + "}}"), HasSubstr("the bytes do not decode"));
  EXPECT_THAT(refusal("{\"format\":1e999}"), HasSubstr("line 1, column"));
  EXPECT_THAT(refusal("{}"), HasSubstr("it has format 0"));
  EXPECT_THAT(refusal("{\"format\":1}\n{\"turn\":18446744073709551615,\"time\":0}"),
              HasSubstr("line 2, event 0: turn is no integer from 0 to 1"));
}

// Version 0.1 wrote fields that are not text and messages that nest deeply. They can be exported
// and imported.
TEST(HistoryJson, KeepsWhatOldStoresHold) {
  proto::History history = small();
  proto::Event* command = history.mutable_turns(0)->add_commands();
  command->mutable_call_site()->set_file("caf\xe9/main.cc");
  proto::Failure* failure = command->mutable_run_failed()->mutable_failure();
  for (int i = 0; i < 900; ++i) failure = failure->mutable_cause();
  failure->set_message("M\xfcller");
  const std::string json = history_of(history).to_json();
  EXPECT_NE(json.find(R"("message": {)"), std::string::npos);
  EXPECT_NE(json.find(R"("$bytes": "4dfc6c6c6572")"), std::string::npos);
  expect_same_bytes(history_of(history));
}

// As many members as fit in a few megabytes, without quadratic time.
TEST(HistoryJson, ReadsLargeObjects) {
  CborWriter payload;
  constexpr std::size_t kMembers = 100'000;
  payload.map(kMembers);
  for (std::size_t i = 0; i < kMembers; ++i) {
    payload.text("member " + std::to_string(i));
    payload.integer(static_cast<std::int64_t>(i));
  }
  proto::History history = small();
  history.mutable_turns(0)->mutable_commands(0)->mutable_side_effect_recorded()->set_value(
      payload.take());
  expect_same_bytes(history_of(history));
}

}  // namespace
}  // namespace reprise::history_json_test
