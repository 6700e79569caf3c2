// How long a caller waits for room, and what it is told.
#include "runtime/engine/admission.h"

#include <gtest/gtest.h>

namespace reprise::runtime::admission_test {
namespace {

using base::ErrorCode;
using Kind = Admission::Kind;

ErrorCode refusal(const base::Status& status) {
  return status ? ErrorCode{} : status.error().code;
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

TEST(Gate, IsNotWaitedForBeyondTheGivenTime) {
  Gate gate(1);
  gate.add(1);
  EXPECT_FALSE(gate.wait_for_room(Gate::Clock::now()));
  gate.remove(1);
  EXPECT_TRUE(gate.wait_for_room(Gate::Clock::now()));
}

}  // namespace
}  // namespace reprise::runtime::admission_test
