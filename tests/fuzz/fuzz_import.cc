// Files given as exported histories, read in the form they seem to have. A refused file gets a
// reason; an accepted one survives the way through JSON without loss, and replays to an end or to a
// report.
#include <cstdint>
#include <string>

#include "replay/stack_pool.h"
#include "reprise/error.h"
#include "reprise/history.h"
#include "runtime/history/history.h"
#include "runtime/history/history_replay.h"
#include "runtime/worker_code.h"
#include "tests/fuzz/recorded_histories.h"
#include "tests/fuzz/targets.h"

namespace reprise::fuzz {
namespace {

std::string name_of(std::size_t run) {
  return "run " + std::to_string(run);
}

const runtime::WorkerCode& code() {
  static const runtime::WorkerCode code = [] {
    runtime::WorkerCode made;
    for (std::size_t i = 0; i < recorded_runs().size(); ++i) {
      made.workflows[name_of(i)] = recorded_runs()[i].code;
    }
    return made;
  }();
  return code;
}

void expect_same(const History& history, const std::string& json) {
  try {
    if (History::parse(json).to_bytes() != history.to_bytes()) {
      throw Defect("the JSON form is that of another history: " + json.substr(0, 1'000));
    }
  } catch (const HistoryError& error) {
    throw Defect(std::string("the JSON form does not read: ") + error.what());
  }
}

void replay(const proto::History& history, bool strict) {
  replay::StackPool stacks;
  runtime::HistoryReplay replay(code(), stacks, history, {.strict = strict});
  while (replay.next()) {
  }
  if (replay.trouble() != nullptr && replay.trouble()->report.empty()) {
    throw Defect("a history silently does not replay");
  }
}

std::optional<History> read(std::string_view input) {
  try {
    return History::parse(input);
  } catch (const HistoryError& error) {
    if (error.code() != "RP2009") throw Defect("refused with another code");
    return std::nullopt;
  }
}

}  // namespace

void fuzz_import(std::string_view input) {
  const auto history = read(input);
  if (!history) return;
  expect_same(*history, history->to_json(JsonLayout::kIndented));
  expect_same(*history, history->to_json(JsonLayout::kCompact));
  for (const bool strict : {false, true}) replay(history->data(), strict);
}

// A writer that treats bytes that are not CBOR as a byte string.
void fuzz_import_control(std::string_view input) {
  const auto history = read(input);
  if (!history) return;
  std::string json = history->to_json(JsonLayout::kCompact);
  for (std::size_t at = 0; (at = json.find("\"$cbor\"", at)) != json.npos; ++at) {
    json.replace(at, 7, "\"$bytes\"");
  }
  expect_same(*history, json);
}

std::vector<std::string> import_seeds() {
  std::vector<std::string> seeds;
  for (std::size_t run = 0; run < recorded_runs().size(); ++run) {
    auto history = std::make_shared<proto::History>();
    history->set_format(runtime::kHistoryFormat);
    for (const proto::Turn& turn : recorded_runs()[run].history) *history->add_turns() = turn;
    for (proto::Event& input : *history->mutable_turns(0)->mutable_inputs()) {
      if (input.has_run_started()) input.mutable_run_started()->set_workflow(name_of(run));
    }
    const History recorded{history};
    seeds.push_back(recorded.to_bytes());
    seeds.push_back(recorded.to_json(JsonLayout::kCompact));
    if (run == 0) seeds.push_back(recorded.to_json(JsonLayout::kIndented));
  }
  seeds.emplace_back(R"({"format":1}
{"turn":1,"time":0}
{"number":1,"turn":2,"time":"2026-01-01T00:00:00.000Z","deferred":true,"role":"input","kind":"RunStarted","data":{"run_id":"019a0000-0000-7000-8000-000000000001","workflow":"run 0","input":[{"$map":[[1,{"$bytes":"00ff"}]]},{"$float":"NaN"},-0.0,1e300,18446744073709551615,{"a":null}]}}
{"number":2,"turn":2,"time":"2026-01-01T00:00:00.000Z","deferred":true,"role":"input","$unknown":"c03e05"})");
  return seeds;
}

}  // namespace reprise::fuzz
