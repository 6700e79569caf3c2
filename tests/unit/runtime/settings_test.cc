// What runs publish: the fold, and the answers of an engine that is reopened, archives and removes.
#include "runtime/fold/settings.h"

#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/engine/embedded_engine.h"
#include "runtime/engine/limits.h"
#include "runtime/fold/run_state.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/temporary_directory.h"

namespace reprise::testing::published_test {
namespace {

using base::ErrorCode;
using proto::SettingRecorded;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

SettingRecorded made(std::string name,
                     std::string value,
                     SettingRecorded::Type type = SettingRecorded::VALUE) {
  SettingRecorded setting;
  setting.set_name(std::move(name));
  setting.set_value(std::move(value));
  setting.set_type(type);
  return setting;
}

// "a=1 b(text)=2"
template <class List>
std::string text_of(const List& settings) {
  std::string text;
  for (const SettingRecorded& setting : settings) {
    if (!text.empty()) text += " ";
    text += setting.name();
    if (setting.type() != SettingRecorded::VALUE) {
      text += "(" + SettingRecorded::Type_Name(setting.type()) + ")";
    }
    text += "=" + setting.value();
  }
  return text;
}

// ---- the fold ---------------------------------------------------------------------------------

TEST(FoldedSettings, TheLastOneOfANameCountsAndNoneTakesItBack) {
  runtime::Settings settings;
  EXPECT_TRUE(settings.empty());
  settings.apply(made("b", "1"));
  settings.apply(made("a", "1", SettingRecorded::TEXT));
  settings.apply(made("b", "22"));
  settings.apply(made("c", ""));
  EXPECT_EQ(text_of(settings.list()), "a(TEXT)=1 b=22");
  EXPECT_EQ(settings.bytes(), 5U);
  EXPECT_EQ(settings.find("b")->payload, "22");
  EXPECT_EQ(settings.find("c"), nullptr);
  settings.apply(made("b", "3", SettingRecorded::TIME));
  settings.apply(made("a", "", SettingRecorded::TEXT));
  EXPECT_EQ(text_of(settings.list()), "b(TIME)=3");
}

class FoldedRun : public ::testing::Test {
 protected:
  proto::Turn turn(std::vector<SettingRecorded> settings) {
    proto::Turn turn;
    for (auto& setting : settings) {
      *turn.add_commands()->mutable_setting_recorded() = std::move(setting);
    }
    return turn;
  }
  std::string shown() const { return text_of(state_.settings().list()); }
  // Through a summary and back.
  std::string kept() {
    proto::RunSummary summary;
    state_.to_summary(&summary);
    const auto copy = runtime::RunState::from_summary(1, summary, names_);
    proto::RunSummary again;
    copy.to_summary(&again);
    EXPECT_EQ(again.SerializeAsString(), summary.SerializeAsString());
    return text_of(copy.settings().list());
  }

  runtime::Names names_;
  runtime::RunState state_;
};

TEST_F(FoldedRun, SettingsOfTheStartAreThereBeforeAnyOther) {
  proto::Turn first = turn({made("stage", "paid"), made("new", "1")});
  auto* started = first.add_inputs()->mutable_run_started();
  started->set_workflow("w");
  *started->add_settings() = made("stage", "begun");
  *started->add_settings() = made("owner", "ann", SettingRecorded::TEXT);
  state_.apply(first, names_);
  EXPECT_EQ(shown(), "new=1 owner(TEXT)=ann stage=paid");
  EXPECT_EQ(kept(), shown());
  EXPECT_EQ(state_.events, 3U);
}

TEST_F(FoldedRun, TheyStayWhenTheRunHasEnded) {
  proto::Turn last = turn({made("stage", "paid")});
  last.add_inputs()->mutable_run_started()->set_workflow("w");
  last.add_commands()->mutable_run_completed();
  state_.apply(last, names_);
  EXPECT_FALSE(state_.open());
  EXPECT_EQ(shown(), "stage=paid");
  EXPECT_EQ(kept(), shown());
}

TEST_F(FoldedRun, DamageAndSettingsDoNotDisturbEachOther) {
  EXPECT_EQ(state_.damaged_at(), 0U);
  state_.set_damaged_at(7);
  state_.apply(turn({made("a", "1")}), names_);
  state_.apply(turn({made("a", "")}), names_);
  EXPECT_EQ(state_.damaged_at(), 7U);
  EXPECT_EQ(shown(), "");
  state_.apply(turn({made("a", "2")}), names_);
  state_.set_damaged_at(0);
  EXPECT_EQ(state_.damaged_at(), 0U);
  EXPECT_EQ(shown(), "a=2");
}

// As only a made-up history has them.
TEST_F(FoldedRun, OddSettingsAreTaken) {
  proto::Turn odd = turn({made("", "1"), made("\xff", std::string("\0", 1)),
                          made("t", "1", static_cast<SettingRecorded::Type>(99))});
  *odd.add_inputs()->mutable_setting_recorded() = made("among the inputs", "1");
  state_.apply(odd, names_);
  EXPECT_EQ(state_.settings().size(), 3U);
  EXPECT_EQ(kept(), shown());
  proto::Turn many;
  for (int i = 0; i < 100'000; ++i) {
    *many.add_commands()->mutable_setting_recorded() = made(std::to_string(i), "1");
  }
  state_.apply(many, names_);
  EXPECT_EQ(state_.settings().size(), 100'003U);
}

// ---- what a start may give --------------------------------------------------------------------

std::string refusal(std::vector<SettingRecorded> settings, runtime::EngineLimits limits = {}) {
  const base::Status checked = runtime::check_settings(settings, limits);
  return checked ? "" : checked.error().text();
}

TEST(StartSettings, AreChecked) {
  EXPECT_EQ(refusal({}), "");
  EXPECT_EQ(refusal({made("a", "1"), made("b", "1")}), "");
  EXPECT_THAT(refusal({made("", "1")}), HasSubstr("RP3003 the setting's name is empty"));
  EXPECT_THAT(refusal({made(std::string(1'001, 'x'), "1")}), HasSubstr("RP3003"));
  EXPECT_THAT(refusal({made("\xff", "1")}), HasSubstr("RP3003"));
  EXPECT_THAT(refusal({made("a\x1b", "")}), HasSubstr("RP3010 the setting 'a\\x1b' of a start has "
                                                      "no value"));
  EXPECT_THAT(refusal({made("a", std::string(runtime::kMaxPayloadBytes + 1, 'x'))}),
              HasSubstr("RP3002"));
  EXPECT_THAT(refusal({made("a", "1"), made("a", "2")}), HasSubstr("comes twice"));
  EXPECT_THAT(refusal({made("a", "1", static_cast<SettingRecorded::Type>(99))}),
              HasSubstr("RP3010"));
  EXPECT_THAT(refusal({made("a", "1"), made("b", "1")}, {.settings = 1}),
              HasSubstr("EngineLimits::settings = 1"));
  EXPECT_EQ(refusal({made("ab", "345")}, {.settings_bytes = 5}), "");
  EXPECT_THAT(refusal({made("ab", "3456")}, {.settings_bytes = 5}),
              HasSubstr("EngineLimits::settings_bytes = 5"));
}

// ---- an engine --------------------------------------------------------------------------------

// The parameter: over LMDB, not in memory.
class Published : public EngineFixture, public ::testing::WithParamInterface<bool> {
 protected:
  Published() {
    // Publishes what each signal "set" says: "stage=paid".
    workflow("sets", [](Execution& e) {
      e.set("sets", "0", SettingRecorded::INT64, at(1));
      for (int count = 1;; ++count) {
        const auto next = e.next_signal("set");
        if (e.wait(*next) == replay::Waited::kCancelled) return ends_with("cancelled");
        const std::string what = next->take_outcome().payload();
        if (what.empty()) return ends_with("done");
        const auto equals = what.find('=');
        e.set(what.substr(0, equals), what.substr(equals + 1), SettingRecorded::VALUE, at(2));
        e.set("sets", std::to_string(count), SettingRecorded::INT64, at(3));
      }
    });
  }
  ~Published() override {
    worker_.reset();
    engine_.reset();
  }

  void open(runtime::EngineOptions with) {
    worker_.reset();
    engine_.reset();
    if (GetParam()) {
      auto opened = store::open_store(directory_ / "store");
      ASSERT_TRUE(opened) << opened.error().text();
      engine_ = std::move(*runtime::EmbeddedEngine::over(std::move(*opened), with));
    } else {
      engine_ = runtime::Engine::in_memory(with);
    }
  }
  void open() { open(options()); }

  base::Result<std::optional<SettingRecorded>> ask(runtime::RunKey key, std::string name) {
    std::optional<base::Result<std::optional<SettingRecorded>>> answer;
    engine_->ask(runtime::verb::Get{std::move(key), std::move(name),
                                    [&](const auto& found) { answer = found; }});
    settle();
    return answer.value();
  }
  // "paid", "(none)" or the error.
  std::string get(std::string id, std::string name) {
    const auto found = ask({std::move(id), {}}, std::move(name));
    if (!found) return found.error().text().substr(0, 6);
    return *found ? (*found)->value() : "(none)";
  }

  TemporaryDirectory directory_;
};

INSTANTIATE_TEST_SUITE_P(Stores, Published, ::testing::Bool(), [](const auto& stores) {
  return stores.param ? "Lmdb" : "Memory";
});

TEST_P(Published, IsReadOfOpenAndClosedRuns) {
  open();
  start_worker();
  start("sets", "a");
  EXPECT_EQ(get("a", "sets"), "0");
  EXPECT_EQ(get("a", "stage"), "(none)");
  ASSERT_TRUE(signal("a", "set", "stage=paid"));
  EXPECT_EQ(get("a", "stage"), "paid");
  EXPECT_EQ(get("a", "sets"), "1");
  const auto found = ask({"a", {}}, "sets");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->name(), "sets");
  EXPECT_EQ((*found)->type(), SettingRecorded::INT64);
  EXPECT_EQ(text_of(describe("a")->settings), "sets(INT64)=1 stage=paid");
  ASSERT_TRUE(signal("a", "set", ""));
  EXPECT_EQ(get("a", "stage"), "paid") << "it has ended";
  EXPECT_EQ(text_of(describe("a")->settings), "sets(INT64)=1 stage=paid");
  EXPECT_EQ(text_of(list().at(0).settings), "sets(INT64)=1 stage=paid");
}

TEST_P(Published, NeedsNoWorkerAndNoCode) {
  open();
  runtime::StartRequest request{.workflow = "sets", .workflow_id = "a"};
  request.settings = {made("owner", "ann", SettingRecorded::TEXT),
                      made("sets", "none", SettingRecorded::INT64)};
  start(std::move(request));
  EXPECT_EQ(get("a", "owner"), "ann") << "before its first turn with code";
  EXPECT_EQ(get("a", "sets"), "none");
  start_worker();
  settle();
  EXPECT_EQ(get("a", "owner"), "ann");
  EXPECT_EQ(get("a", "sets"), "0");
  worker_.reset();
  ASSERT_TRUE(signal("a", "set", "stage=unseen"));
  EXPECT_EQ(get("a", "stage"), "(none)") << "no code has seen the signal";
}

TEST_P(Published, IsThatOfOneRunIfItsIdIsGiven) {
  open();
  start_worker();
  start("sets", "a");
  const base::RunId first = started_.value()->run_id;
  ASSERT_TRUE(signal("a", "set", "stage=paid"));
  ASSERT_TRUE(signal("a", "set", ""));
  start("sets", "a");
  EXPECT_EQ(get("a", "stage"), "(none)");
  EXPECT_EQ((*ask({"a", first}, "stage"))->value(), "paid");
  EXPECT_EQ(ask({"a", base::RunId::make({}, 1, 2)}, "stage").error().code, ErrorCode::kNotFound);
}

TEST_P(Published, RefusesWhatIsNoNameAndNoRun) {
  open();
  start_worker();
  start("sets", "a");
  EXPECT_EQ(get("a", ""), "RP3003");
  EXPECT_EQ(get("a", "\xff"), "RP3003");
  EXPECT_EQ(get("a", std::string(1'001, 'x')), "RP3003");
  EXPECT_EQ(get("", "stage"), "RP3003");
  EXPECT_EQ(get("b", "stage"), "RP3005");
}

TEST_P(Published, AStartThatIsRefusedOrFindsARunSetsNothing) {
  open();
  start_worker();
  start("sets", "a");
  runtime::StartRequest again{.workflow = "sets", .workflow_id = "a"};
  again.conflict = runtime::IdConflict::kUseExisting;
  again.settings = {made("owner", "bob")};
  start(again);
  EXPECT_TRUE(started_.value()->existing);
  EXPECT_EQ(get("a", "owner"), "(none)");
  again.workflow_id = "b";
  again.settings = {made("owner", "bob"), made("owner", "eve")};
  start(again);
  EXPECT_EQ(started_.value().error().code, ErrorCode::kInvalidOption);
  EXPECT_EQ(get("b", "owner"), "RP3005");
}

TEST_P(Published, OfATurnThatParksIsNotPublished) {
  workflow("bad", [](Execution& e) -> Outcome {
    e.set("stage", "begun", SettingRecorded::VALUE, at(1));
    (void)wait_for_signal(e);
    e.set("stage", "wrong", SettingRecorded::VALUE, at(2));
    throw std::logic_error("a bug");
  });
  open();
  start_worker();
  start("bad", "a");
  ASSERT_TRUE(signal("a", "go"));
  EXPECT_TRUE(describe("a")->parked);
  EXPECT_EQ(get("a", "stage"), "begun");
  EXPECT_EQ(text_of(describe("a")->settings), "stage=begun");
}

TEST_P(Published, SurvivesRestartsWithAndWithoutTheArchive) {
  if (!GetParam()) GTEST_SKIP() << "memory does not survive";
  for (const std::size_t slice : {std::size_t{1}, std::size_t{65'536}}) {
    const std::string open_id = "open" + std::to_string(slice);
    const std::string closed_id = "closed" + std::to_string(slice);
    auto with = options();
    with.archive_slice = slice;
    open(with);
    start_worker();
    for (const std::string& id : {open_id, closed_id}) {
      start("sets", id);
      ASSERT_TRUE(signal(id, "set", "stage=paid"));
      ASSERT_TRUE(signal(id, "set", "gone=1"));
      ASSERT_TRUE(signal(id, "set", "gone="));
    }
    ASSERT_TRUE(signal(closed_id, "set", ""));
    for (int i = 0; i < 3; ++i) {  // so that the journal's newest record is of another run
      start("sets", "pusher" + std::to_string(slice) + std::to_string(i));
    }
    open(with);
    for (const std::string& id : {open_id, closed_id}) {
      EXPECT_EQ(get(id, "stage"), "paid") << id;
      EXPECT_EQ(get(id, "gone"), "(none)") << id;
      EXPECT_EQ(get(id, "sets"), "3") << id;
    }
    start_worker();
    ASSERT_TRUE(signal(open_id, "set", "stage=sent"));
    EXPECT_EQ(get(open_id, "stage"), "sent");
    EXPECT_EQ(get(open_id, "sets"), "4");
  }
}

TEST_P(Published, ALimitParksTheRunAndAHigherOneLetsItGoOn) {
  if (!GetParam()) GTEST_SKIP() << "memory does not survive";
  auto with = options();
  with.limits.settings = 2;
  open(with);
  start_worker();
  start("sets", "a");
  ASSERT_TRUE(signal("a", "set", "b=1"));
  ASSERT_TRUE(signal("a", "set", "c=1"));
  const auto parked = describe("a")->parked;
  ASSERT_TRUE(parked);
  EXPECT_EQ(parked->code, ErrorCode::kRunLimit);
  EXPECT_THAT(parked->message, HasSubstr("EngineLimits::settings = 2"));
  EXPECT_EQ(get("a", "c"), "(none)");
  with.limits.settings = 3;
  open(with);
  start_worker();
  settle();
  EXPECT_FALSE(describe("a")->parked);
  EXPECT_EQ(get("a", "c"), "1");
  with.limits.settings = 1;
  with.limits.settings_bytes = 1;
  open(with);
  start_worker();
  ASSERT_TRUE(signal("a", "set", "b="));
  EXPECT_FALSE(describe("a")->parked) << "less is always possible, and the past stays valid";
  EXPECT_EQ(get("a", "b"), "(none)");
}

}  // namespace
}  // namespace reprise::testing::published_test
