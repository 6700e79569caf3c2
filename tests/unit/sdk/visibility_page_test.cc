// Searches through the public interface. First the code of docs/visibility.md; a test makes sure
// that it is that code.
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/support/page_code.h"

namespace visibility_page_test {

// ---- the page ---------------------------------------------------------------------------------

constexpr reprise::Workflow<void(int)> checkout{"checkout"};
constexpr reprise::Attribute<std::string> customer_id{"CustomerId"};

void show_orders(const reprise::Client& client) {
  client.start(checkout(1'900), {.id = "order-7", .settings = {customer_id("c-7")}});
  reprise::PageOptions options{.page_size = 50};
  do {
    const reprise::RunPage page = client.list(
        "WorkflowType = 'checkout' AND Status = 'Running' AND CustomerId = 'c-7' "
        "ORDER BY StartTime DESC",
        options);
    for (const reprise::RunDescription& run : page.runs) std::cout << run.workflow_id << "\n";
    options.page_token = page.next_page_token;
  } while (!options.page_token.empty());
}

void show_counts(const reprise::Client& client) {
  std::cout << client.count("Status = 'Failed' AND CloseTime > '2026-11-21T00:00:00Z'") << "\n";
  for (const reprise::Group& group : client.count("CustomerId = 'c-7'", "Status")) {
    std::cout << group.value << ": " << group.count << "\n";
  }
}

}  // namespace visibility_page_test

namespace reprise::visibility_page_test {
namespace {

using namespace ::visibility_page_test;
using ::testing::HasSubstr;

TEST(VisibilityPage, HasThisCode) {
  testing::expect_code_of("docs/visibility.md", "tests/unit/sdk/visibility_page_test.cc", 1);
}

template <class Do>
std::string printed(const Do& act) {
  ::testing::internal::CaptureStdout();
  act();
  std::cout << std::flush;
  return ::testing::internal::GetCapturedStdout();
}

TEST(VisibilityPage, Works) {
  testing::Env env;
  env.implement(checkout, [](Context& ctx, const int&) {
    (void)ctx.inbox(Signal<int>("paid")).next().get();
  });
  EXPECT_EQ(printed([&] { show_orders(env.client()); }), "order-7\n");
  EXPECT_EQ(printed([&] { show_counts(env.client()); }), "0\nRunning: 1\n");
}

// The engine dies at every commit, and the caller does not notice.
TEST(Searches, SurviveCrashes) {
  testing::EnvOptions options;
  options.crash = testing::Crash::kEveryCommit;
  testing::Env env(options);
  env.implement(checkout, [](Context&, const int&) {});
  for (int i = 0; i < 5; ++i) {
    (void)env.client().start(checkout(i), {.id = std::to_string(i)}).result();
    EXPECT_EQ(env.client().count("Status = 'Completed'"), static_cast<std::uint64_t>(i) + 1);
  }
  const RunPage page = env.client().list("ORDER BY WorkflowId", {.page_size = 2});
  EXPECT_EQ(page.runs.size(), 2U);
  EXPECT_EQ(page.runs[1].workflow_id, "1");
}

template <class E, class Do>
E caught(const Do& act) {
  try {
    act();
  } catch (const E& error) {
    return error;
  }
  throw std::logic_error("nothing of this type was thrown");
}

TEST(Searches, ThrowTypedErrors) {
  testing::Env env;
  const Client client = env.client();
  const auto error = caught<FilterError>([&] { (void)client.list("Status = 'Runing'"); });
  EXPECT_EQ(error.position(), 10U);
  EXPECT_EQ(error.code(), "RP3015");
  EXPECT_THAT(error.what(), HasSubstr("Status = 'Runing'"));
  EXPECT_EQ(caught<FilterError>([&] { (void)client.count("", "a b"); }).position(), 3U);
  EXPECT_EQ(caught<FilterError>([&] { (void)client.count("", ""); }).position(), 0U);
  EXPECT_EQ(caught<FilterError>([&] { (void)client.count("Nobody = 1"); }).position(), 1U);
  EXPECT_EQ(caught<InvalidPageToken>([&] { (void)client.list("", {.page_token = "x"}); }).code(),
            "RP3016");
  EXPECT_EQ(caught<InvalidOption>([&] { (void)client.list("", {.page_size = 0}); }).code(),
            "RP3010");
}

}  // namespace
}  // namespace reprise::visibility_page_test
