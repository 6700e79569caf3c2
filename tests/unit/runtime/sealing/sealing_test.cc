#include "runtime/sealing/sealing.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/place_holder.h"
#include "runtime/sealing/envelope.h"
#include "runtime/sealing/secret_fields.h"
#include "runtime/sealing/varint.h"
#include "runtime/sealing/zstd_codec.h"
#include "tests/support/toy_codec.h"
#include "tests/unit/sdk/random_message.h"

namespace reprise::sealing {
namespace {

using base::ErrorCode;
using proto::Turn;
using testing::toy_codecs;

Codecs zstd_chain() {
  return {*make_zstd_codec(3)};
}

std::string sealed_by(const Sealing& sealing, const Turn& turn) {
  std::string record = "before";
  const base::Status sealed = sealing.seal_turn(turn.SerializeAsString(), &record);
  EXPECT_TRUE(sealed.has_value());
  EXPECT_TRUE(record.starts_with("before"));
  return record.substr(6);
}

std::string opened_by(const Sealing& sealing, const std::string& record) {
  Turn turn;
  const base::Status read = sealing.read_turn(record, &turn);
  return read ? turn.SerializeAsString() : read.error().text();
}

ErrorCode error_of(const Sealing& sealing, const std::string& record) {
  Turn turn;
  const base::Status read = sealing.read_turn(record, &turn);
  return read ? ErrorCode{} : read.error().code;
}

// Of each way to be secret: a payload, a text, one that is nested, one of several, those that are
// sealed alone.
Turn secretive() {
  Turn turn;
  turn.set_time_ms(7);
  proto::RunStarted* const started = turn.add_inputs()->mutable_run_started();
  started->set_workflow("name-of-workflow");
  started->set_input("secret-input");
  proto::Header* const header = started->add_headers();
  header->set_name("name-of-header");
  header->set_value("secret-header");
  proto::SettingRecorded* const value = started->add_settings();
  value->set_name("name-of-value");
  value->set_value("secret-value");
  proto::SettingRecorded* const attribute = started->add_settings();
  attribute->set_name("name-of-attribute");
  attribute->set_value("plain-attribute");
  attribute->set_type(proto::SettingRecorded::TEXT);
  proto::Failure* const failure = turn.add_inputs()->mutable_activity_failed()->mutable_failure();
  failure->set_message("secret-message");
  failure->set_type("name-of-type");
  failure->mutable_cause()->mutable_cause()->set_message("secret-cause");
  turn.add_inputs()->mutable_run_paused()->set_reason("secret-reason");
  proto::RowChange* const change =
      turn.add_inputs()->mutable_transaction_completed()->add_changes();
  change->set_key("plain-key");
  change->set_value("secret-row");
  turn.add_stacks()->add_frames("secret-frame");
  turn.mutable_stacks(0)->add_frames("");
  turn.mutable_stacks(0)->add_frames("secret-frame-2");
  turn.add_commands()->mutable_timer_started()->set_id(1);
  return turn;
}

TEST(Sealing, WithoutCodecsATurnIsRecordedAsItIs) {
  const Turn turn = secretive();
  EXPECT_EQ(sealed_by(Sealing(), turn), turn.SerializeAsString());
  EXPECT_EQ(opened_by(Sealing(), turn.SerializeAsString()), turn.SerializeAsString());
  EXPECT_EQ(opened_by(Sealing(toy_codecs()), turn.SerializeAsString()), turn.SerializeAsString());
}

TEST(Sealing, ATurnWithoutSecretsIsRecordedAsItIs) {
  Turn turn;
  turn.set_time_ms(7);
  turn.add_inputs()->mutable_timer_fired()->set_id(3);
  turn.add_commands()->mutable_run_completed();
  EXPECT_EQ(sealed_by(Sealing(toy_codecs()), turn), turn.SerializeAsString());
}

TEST(Sealing, WhatIsSecretIsNotInTheRecord) {
  const Turn turn = secretive();
  const Sealing sealing(toy_codecs());
  const std::string record = sealed_by(sealing, turn);
  EXPECT_EQ(record.find("secret-"), std::string::npos);
  for (const char* const plain :
       {"name-of-workflow", "name-of-header", "name-of-value", "name-of-attribute", "name-of-type",
        "plain-attribute", "plain-key"}) {
    EXPECT_NE(record.find(plain), std::string::npos) << plain;
  }
  EXPECT_EQ(opened_by(sealing, record), turn.SerializeAsString());
}

// As docs/log_format.md says, for ever.
TEST(Sealing, TheBytesOfASealedTurn) {
  Turn turn;
  turn.set_time_ms(7);
  proto::ActivityCompleted* const completed = turn.add_inputs()->mutable_activity_completed();
  completed->set_id(1);
  completed->set_result("\x63" "abc");
  const Sealing sealing({*make_zstd_codec(3)});
  const std::string_view bytes =
      "\x08\x07"          // time_ms
      "\x1a\x07\x0a\x05"  // inputs, activity_completed
      "\x08\x01"          // id
      "\x12\x01\x01"      // result: the first content
      "\x52\x0d"          // sealed
      "\x01\x01\x04zstdp"  // an envelope of one codec, which has not compressed this
      "\x04\x63" "abc";    // the contents
  EXPECT_EQ(sealed_by(sealing, turn), bytes);
  EXPECT_EQ(opened_by(sealing, std::string(bytes)), turn.SerializeAsString());
  EXPECT_EQ(*sealing.seal_value("\x63" "abc"), "\xffRPS1" "\x01\x01\x04zstdp\x63" "abc");
}

// Long contents change how many bytes the lengths around them have.
TEST(Sealing, ContentsOfAnyLengthComeBack) {
  const Sealing sealing(toy_codecs());
  for (const std::size_t bytes : {1U, 2U, 120U, 127U, 128U, 129U, 16'383U, 16'384U, 3'000'000U}) {
    Turn turn;
    turn.add_inputs()->mutable_activity_completed()->set_result(std::string(bytes, '\xff'));
    turn.add_inputs()->mutable_signal_received()->set_input(std::string(bytes, '\0'));
    EXPECT_EQ(opened_by(sealing, sealed_by(sealing, turn)), turn.SerializeAsString()) << bytes;
  }
}

TEST(Sealing, MoreContentsThanOneByteCounts) {
  const Sealing sealing(toy_codecs());
  Turn turn;
  for (int i = 0; i < 20'000; ++i) {
    turn.add_inputs()->mutable_signal_received()->set_input("input " + std::to_string(i));
  }
  EXPECT_EQ(opened_by(sealing, sealed_by(sealing, turn)), turn.SerializeAsString());
}

TEST(Sealing, FailuresOfAnyDepth) {
  const Sealing sealing(toy_codecs());
  Turn turn;
  proto::Failure* failure = turn.add_inputs()->mutable_step_failed()->mutable_failure();
  for (int i = 0; i < 500; ++i) {
    failure->set_message("level " + std::to_string(i));
    failure = failure->mutable_cause();
  }
  EXPECT_EQ(opened_by(sealing, sealed_by(sealing, turn)), turn.SerializeAsString());
}

TEST(Sealing, AnyTurnComesBack) {
  const Sealing sealing(toy_codecs());
  constexpr std::uint64_t kSeeds = 300;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Turn turn;
    testing::fill_with_anything(&turn, seed);
    turn.clear_sealed();
    ASSERT_EQ(opened_by(sealing, sealed_by(sealing, turn)), turn.SerializeAsString()) << seed;
  }
}

// What was recorded as sealed can be recorded again: it is open then.
TEST(Sealing, APartThatIsAlreadySealedIsLeftOut) {
  const Sealing sealing(toy_codecs());
  Turn turn = secretive();
  turn.set_sealed("of another time");
  const std::string record = sealed_by(sealing, turn);
  turn.clear_sealed();
  EXPECT_EQ(opened_by(sealing, record), turn.SerializeAsString());
}

TEST(Sealing, WithoutTheKeyItIsNamed) {
  const std::string record = sealed_by(Sealing(toy_codecs("k1")), secretive());
  EXPECT_EQ(error_of(Sealing(toy_codecs("k2")), record), ErrorCode::kKeyMissing);
  EXPECT_NE(opened_by(Sealing(toy_codecs("k2")), record).find("'k1'"), std::string::npos);
  EXPECT_EQ(error_of(Sealing(), record), ErrorCode::kKeyMissing);
}

// Structure without content, for code that folds: everything but the secrets.
TEST(Sealing, TheStructureOfASealedTurnIsReadable) {
  const std::string record = sealed_by(Sealing(toy_codecs()), secretive());
  Turn turn;
  ASSERT_TRUE(turn.ParseFromString(record));
  EXPECT_FALSE(turn.sealed().empty());
  EXPECT_EQ(turn.inputs(0).run_started().workflow(), "name-of-workflow");
  EXPECT_EQ(turn.inputs(0).run_started().input(), "\x01");
  EXPECT_TRUE(is_sealed(turn.inputs(0).run_started().settings(0).value()));
  EXPECT_EQ(turn.inputs(0).run_started().settings(1).value(), "plain-attribute");
  EXPECT_EQ(turn.commands(0).timer_started().id(), 1U);
}

TEST(Sealing, PeopleSeeThatItIsSealed) {
  const std::string record = sealed_by(Sealing(toy_codecs()), secretive());
  Turn turn;
  ASSERT_TRUE(Sealing().show_turn(record, &turn).has_value());
  const std::string mark = "<sealed, codec toy>";
  EXPECT_EQ(turn.sealed(), "");
  EXPECT_EQ(turn.inputs(0).run_started().input(), base::place_holder_of(mark));
  EXPECT_EQ(turn.inputs(0).run_started().headers(0).value(), mark);
  EXPECT_EQ(turn.inputs(0).run_started().settings(0).value(), base::place_holder_of(mark));
  EXPECT_EQ(turn.inputs(0).run_started().settings(1).value(), "plain-attribute");
  EXPECT_EQ(turn.inputs(1).activity_failed().failure().message(), mark);
  EXPECT_EQ(turn.inputs(2).run_paused().reason(), mark);
  EXPECT_EQ(turn.stacks(0).frames(0), mark);
  EXPECT_EQ(turn.stacks(0).frames(1), "");
  ASSERT_TRUE(Sealing(toy_codecs()).show_turn(record, &turn).has_value());
  EXPECT_EQ(turn.SerializeAsString(), secretive().SerializeAsString());
}

// No byte of a sealed record can be changed so that something else is read as content.
TEST(Sealing, AChangedRecordIsNoticedOrReadsAsStructure) {
  const Sealing sealing(toy_codecs());
  const std::string record = sealed_by(sealing, secretive());
  const std::string_view part = sealed_part(record);
  ASSERT_FALSE(part.empty());
  const auto begin = static_cast<std::size_t>(part.data() - record.data());
  for (std::size_t at = 0; at < record.size(); ++at) {
    for (const int bit : {1, 0x80}) {
      std::string changed = record;
      changed[at] = static_cast<char>(changed[at] ^ bit);
      Turn turn;
      const base::Status read = sealing.read_turn(changed, &turn);  // and never a crash
      const bool sealed = at >= begin && at < begin + part.size();
      EXPECT_FALSE(sealed && read) << at;
    }
  }
  for (std::size_t bytes = 0; bytes < record.size(); ++bytes) {
    Turn turn;
    (void)sealing.read_turn(record.substr(0, bytes), &turn);
  }
}

std::string with_sealed(const Turn& structure, std::string_view contents) {
  Turn turn = structure;
  const auto bound = toy_codecs();
  turn.set_sealed(std::string(*sealing::seal(bound, contents, "turn")));
  return turn.SerializeAsString();
}

// As a program with the key could write it, and Reprise does not.
TEST(Sealing, ContentsThatDoNotFitTheTurn) {
  const Sealing sealing(toy_codecs());
  Turn one;
  one.add_inputs()->mutable_activity_completed()->set_result("\x01");
  EXPECT_EQ(error_of(sealing, with_sealed(one,
                                          "\x02"
                                          "ab")),
            ErrorCode{});
  EXPECT_EQ(error_of(sealing, with_sealed(one, "")), ErrorCode::kSealBroken);
  EXPECT_EQ(error_of(sealing, with_sealed(one,
                                          "\x03"
                                          "ab")),
            ErrorCode::kSealBroken);
  EXPECT_EQ(error_of(sealing, with_sealed(one,
                                          "\x02"
                                          "ab"
                                          "\x01"
                                          "c")),
            ErrorCode::kSealBroken);
  EXPECT_EQ(error_of(sealing, with_sealed(one, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f")),
            ErrorCode::kSealBroken);
  EXPECT_EQ(error_of(sealing, with_sealed(one, std::string(11, '\xff'))), ErrorCode::kSealBroken);
  Turn twice = one;
  twice.add_inputs()->mutable_activity_completed()->set_result("\x01");
  EXPECT_EQ(error_of(sealing, with_sealed(twice,
                                          "\x02"
                                          "ab"
                                          "\x01"
                                          "c")),
            ErrorCode::kSealBroken);
  Turn no_place = one;
  no_place.mutable_inputs(0)->mutable_activity_completed()->set_result("\x01\x01");
  EXPECT_EQ(error_of(sealing, with_sealed(no_place,
                                          "\x02"
                                          "ab")),
            ErrorCode::kSealBroken);
}

// An envelope of a value is no turn's, and the other way round.
TEST(Sealing, EnvelopesStayWhereTheyBelong) {
  const Sealing sealing(toy_codecs());
  const auto value = sealing.seal_value(
      "\x02"
      "ab");
  ASSERT_TRUE(value.has_value());
  Turn turn;
  turn.add_inputs()->mutable_activity_completed()->set_result("\x01");
  turn.set_sealed(value->substr(5));
  EXPECT_EQ(error_of(sealing, turn.SerializeAsString()), ErrorCode::kSealBroken);
}

TEST(Sealing, ValuesByThemselves) {
  const Sealing sealing(toy_codecs());
  const auto sealed = sealing.seal_value("secret-value");
  ASSERT_TRUE(sealed.has_value());
  EXPECT_TRUE(is_sealed(*sealed));
  EXPECT_EQ(sealed->find("secret"), std::string::npos);
  EXPECT_EQ(*sealing.open_value(*sealed), "secret-value");
  EXPECT_EQ(*sealing.seal_value(*sealed), *sealed);
  EXPECT_EQ(*sealing.seal_value(""), "");
  EXPECT_EQ(*Sealing().seal_value("secret-value"), "secret-value");
  EXPECT_EQ(*Sealing().open_value("never sealed"), "never sealed");
  EXPECT_EQ(Sealing().open_value(*sealed).error().code, ErrorCode::kKeyMissing);
  EXPECT_EQ(Sealing().show_text(*sealed), "<sealed, codec toy>");
  const std::string cut = sealed->substr(0, sealed->size() - 1);
  EXPECT_EQ(sealing.open_value(cut).error().code, ErrorCode::kSealBroken);
  EXPECT_EQ(sealing.show_text(cut), "<sealed, damaged>");
}

TEST(Sealing, ACodecThatFailsSealsNothing) {
  const auto codec = std::make_shared<testing::ToyCodec>("k1");
  codec->fail();
  const Sealing sealing({codec});
  std::string record;
  EXPECT_FALSE(sealing.seal_turn(secretive().SerializeAsString(), &record).has_value());
  EXPECT_EQ(record.find("secret-input"), std::string::npos);
  EXPECT_FALSE(sealing.seal_value("secret").has_value());
}

TEST(Varints, OfAnySize) {
  for (const std::uint64_t number : {0ULL, 1ULL, 127ULL, 128ULL, ~0ULL}) {
    std::string bytes;
    append_varint(number, &bytes);
    std::string_view rest = bytes;
    EXPECT_EQ(take_varint(&rest), number);
    EXPECT_TRUE(rest.empty());
    rest = std::string_view(bytes).substr(0, bytes.size() - 1);
    EXPECT_EQ(take_varint(&rest), std::nullopt);
  }
}

// Values that are copied from where they are sealed, such as the settings of the next run.
Turn with_value(const std::string& value) {
  Turn turn;
  proto::RunStarted* const started = turn.add_inputs()->mutable_run_started();
  started->set_input("secret-input");
  started->add_settings()->set_value(value);
  return turn;
}

Sealing with_keys(const std::shared_ptr<testing::ToyCodec>& toy) {
  return Sealing({toy});
}

TEST(Sealing, ACopiedValueIsSealedAnewByTheChainOfToday) {
  const Sealing before(zstd_chain());
  const auto copied = before.seal_value("secret-value");
  ASSERT_TRUE(copied.has_value());
  const Sealing now(toy_codecs("k2"));
  const std::string record = sealed_by(now, with_value(*copied));
  EXPECT_EQ(record.find(*copied), std::string::npos);
  EXPECT_EQ(opened_by(now, record), with_value("secret-value").SerializeAsString());
  const auto anew = now.seal_value(*copied);
  ASSERT_TRUE(anew.has_value());
  const auto view = look_at(std::string_view(*anew).substr(5));
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view->codecs, std::vector<std::string_view>{"toy"});
}

TEST(Sealing, ACopiedValueThatDoesNotOpenStaysAsItIs) {
  const auto toy = std::make_shared<testing::ToyCodec>("k1");
  const Sealing sealing = with_keys(toy);
  const auto copied = sealing.seal_value("secret-value");
  ASSERT_TRUE(copied.has_value());
  toy->take_key("k2");
  EXPECT_EQ(*sealing.seal_value(*copied), *copied);
  const std::string record = sealed_by(sealing, with_value(*copied));
  EXPECT_EQ(error_of(sealing, record), ErrorCode::kKeyMissing);
  // Nor does a chain without codecs make content of it.
  const std::string plain = sealed_by(Sealing(), with_value(*copied));
  EXPECT_TRUE(sealed_part(plain).empty());
  EXPECT_EQ(error_of(Sealing(), plain), ErrorCode::kKeyMissing);
  EXPECT_EQ(error_of(sealing, plain), ErrorCode::kKeyMissing);
  Turn shown;
  ASSERT_TRUE(sealing.show_turn(plain, &shown).has_value());
  EXPECT_EQ(shown.inputs(0).run_started().input(), "secret-input");
  EXPECT_NE(shown.inputs(0).run_started().settings(0).value().find("<sealed"), std::string::npos);
  toy->take_key("k1");
  EXPECT_EQ(opened_by(sealing, plain), with_value("secret-value").SerializeAsString());
}

TEST(Sealing, WithoutCodecsACopiedValueThatOpensIsRecordedOpen) {
  const auto copied = Sealing(zstd_chain()).seal_value("secret-value");
  ASSERT_TRUE(copied.has_value());
  EXPECT_EQ(*Sealing().seal_value(*copied), "secret-value");
  EXPECT_EQ(sealed_by(Sealing(), with_value(*copied)),
            with_value("secret-value").SerializeAsString());
}

}  // namespace
}  // namespace reprise::sealing
