// How callers wait for the runtime's answers.
#include "sdk/src/service/service.h"

#include <gtest/gtest.h>

namespace reprise::internal::service_test {
namespace {

using Answer = base::Result<int>;

TEST(Replies, AnswerOnce) {
  const auto promise = std::make_shared<runtime::Promise<Answer>>();
  {
    const auto reply = reply_to(promise);
    EXPECT_FALSE(promise->ready());
    reply(7);
  }
  EXPECT_EQ(promise->get().value(), 7);
}

TEST(Replies, AnswerWhenTheyAreDropped) {
  const auto promise = std::make_shared<runtime::Promise<Answer>>();
  {
    auto reply = reply_to(promise);
    const auto copy = reply;
    reply = nullptr;
    EXPECT_FALSE(promise->ready()) << "a copy is left";
  }
  ASSERT_TRUE(promise->ready());
  EXPECT_EQ(promise->get().error().code, base::ErrorCode::kStoreClosed);
}

}  // namespace
}  // namespace reprise::internal::service_test
