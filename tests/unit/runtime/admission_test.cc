// How long a caller waits for room, and the error it gets.
#include "runtime/engine/admission.h"

#include <limits>

#include <gtest/gtest.h>

#include "runtime/no_waiting.h"

namespace reprise::runtime::admission_test {
namespace {

using base::ErrorCode;
using Kind = Admission::Kind;

ErrorCode refusal(const base::Status& status) {
  return status ? ErrorCode{} : status.error().code;
}

TEST(Gate, SaysHowFarTheCountIsBeyondTheLimit) {
  Gate gate(16);
  EXPECT_TRUE(gate.at_most_beyond(0));
  gate.add(18);
  EXPECT_FALSE(gate.at_most_beyond(1));
  EXPECT_TRUE(gate.at_most_beyond(2));
  gate.remove(17);
  EXPECT_TRUE(gate.at_most_beyond(2)) << "less than the limit is not far beyond it";
  Gate none(std::numeric_limits<std::size_t>::max());
  none.add(17);
  EXPECT_TRUE(none.at_most_beyond(2)) << "the sum has no wrap";
}

TEST(Admission, RefusesAtOnceWithoutPatience) {
  Admission admission({.pending_requests = 1, .overload_wait = base::Duration(0)}, true);
  EXPECT_TRUE(admission.enter(Kind::kWrite, 0));
  EXPECT_EQ(refusal(admission.enter(Kind::kWrite, 0)), ErrorCode::kOverloaded);
  admission.leave(Kind::kWrite, 0);
  EXPECT_TRUE(admission.enter(Kind::kWrite, 0));
}

TEST(Admission, SaysThatTheEngineIsClosing) {
  Admission admission({.pending_requests = 1, .overload_wait = base::Duration::max()}, true);
  EXPECT_TRUE(admission.enter(Kind::kWrite, 0));
  admission.close();
  EXPECT_EQ(refusal(admission.enter(Kind::kWrite, 0)), ErrorCode::kStoreClosed);
}

TEST(Admission, DoesNotLetAThreadWaitThatMustNot) {
  Admission admission({.pending_requests = 1, .overload_wait = base::Duration::max()}, true);
  EXPECT_TRUE(admission.enter(Kind::kWrite, 0));
  EXPECT_TRUE(admission.enter(Kind::kQuestion, 0));
  const NoWaiting::Scope at_once;
  EXPECT_EQ(refusal(admission.enter(Kind::kWrite, 0)), ErrorCode::kOverloaded);
  EXPECT_EQ(refusal(admission.enter(Kind::kStart, 0)), ErrorCode::kOverloaded);
  EXPECT_EQ(refusal(admission.enter(Kind::kQuestion, 0)), ErrorCode::kOverloaded);
}

// With too much under way, callers must still be able to end runs, within a limit.
TEST(Admission, KeepsSomeRoomForEnds) {
  Admission admission({.pending_requests = 16}, false);
  for (int i = 0; i < 16; ++i) ASSERT_TRUE(admission.enter(Kind::kWrite, 0));
  EXPECT_EQ(refusal(admission.enter(Kind::kWrite, 0)), ErrorCode::kOverloaded);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(admission.enter(Kind::kEnd, 0)) << i;
  EXPECT_EQ(refusal(admission.enter(Kind::kEnd, 0)), ErrorCode::kOverloaded);
  for (int i = 0; i < 3; ++i) admission.leave(Kind::kEnd, 0);
  EXPECT_EQ(refusal(admission.enter(Kind::kWrite, 0)), ErrorCode::kOverloaded);
  EXPECT_TRUE(admission.enter(Kind::kEnd, 0));
}

TEST(Admission, HasRoomForEndsWithoutALimit) {
  constexpr auto kMost = std::numeric_limits<std::size_t>::max();
  Admission admission({.pending_requests = kMost, .pending_bytes = kMost}, false);
  ASSERT_TRUE(admission.enter(Kind::kWrite, kMost - 1'000));
  EXPECT_TRUE(admission.enter(Kind::kEnd, 0));
  EXPECT_TRUE(admission.enter(Kind::kWrite, 0)) << "there is still a little room";
}

TEST(Admission, KeepsSomeBytesForEnds) {
  Admission admission({.pending_bytes = 64'000}, false);
  ASSERT_TRUE(admission.enter(Kind::kWrite, 64'000));
  EXPECT_EQ(refusal(admission.enter(Kind::kWrite, 0)), ErrorCode::kOverloaded);
  EXPECT_TRUE(admission.enter(Kind::kEnd, 16'000));
  EXPECT_EQ(refusal(admission.enter(Kind::kEnd, 0)), ErrorCode::kOverloaded);
}

TEST(Admission, CountsARequestUntilItsReplyIsGiven) {
  for (const Kind kind : {Kind::kWrite, Kind::kStart, Kind::kEnd, Kind::kQuestion}) {
    Admission admission({.pending_requests = 1, .pending_bytes = 10'000}, false);
    ASSERT_TRUE(admission.enter(kind, 9'000));
    int given = 0;
    Reply<int> reply = admission.answered<int>(kind, 9'000, [&](const base::Result<int>&) {
      // It has left before its sender hears of it, who may ask at once again.
      EXPECT_TRUE(admission.enter(kind, 9'000));
      ++given;
    });
    const Kind same = kind == Kind::kEnd ? Kind::kWrite : kind;  // ends have a reserve
    EXPECT_EQ(refusal(admission.enter(same, 0)), ErrorCode::kOverloaded);
    const Reply<int> copy = std::move(reply);
    EXPECT_EQ(refusal(admission.enter(same, 0)), ErrorCode::kOverloaded);
    copy(1);
    EXPECT_EQ(given, 1);
    EXPECT_EQ(refusal(admission.enter(same, 0)), ErrorCode::kOverloaded) << "it asked again";
    admission.leave(kind, 9'000);
    EXPECT_TRUE(admission.enter(kind, 9'000));
  }
}

TEST(Gate, IsNotWaitedForBeyondTheGivenTime) {
  Gate gate(1);
  gate.add(1);
  EXPECT_FALSE(gate.wait_for_room(Gate::Clock::now()));
  gate.remove(1);
  EXPECT_TRUE(gate.wait_for_room(Gate::Clock::now()));
}

}  // namespace
}  // namespace reprise::runtime::admission_test
