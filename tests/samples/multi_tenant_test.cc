#include "samples/multi_tenant/multi_tenant.h"

#include <algorithm>
#include <map>
#include <reprise/testing/env.h>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace multi_tenant {
namespace {

class MultiTenant : public ::testing::Test {
 protected:
  MultiTenant() {
    env.implement(send_all, run_send_all);
    env.implement(send_document,
                  [this](reprise::ActivityContext&, const std::string& tenant, const int&) {
                    if (down > 0 && down-- > 0) throw std::runtime_error("the service is down");
                    sent.push_back(tenant);
                  });
    env.limit(send_document, service_limits());
  }
  reprise::Handle<int> start(const std::string& tenant, int documents) {
    return env.client().submit(send_all(tenant, documents), options_of(tenant));
  }
  std::ptrdiff_t last_of(const std::string& tenant) const {
    return sent.rend() - std::find(sent.rbegin(), sent.rend(), tenant);
  }

  reprise::testing::Env env;
  int down = 0;  // calls that fail
  std::vector<std::string> sent;
};

TEST_F(MultiTenant, SmallTenantsDoNotWaitForTheLargeOne) {
  const auto large = start("large", 300);
  const auto small = start("small", 5);
  const auto paying = start("paying", 20);
  EXPECT_EQ(small.result(), 5);
  EXPECT_EQ(paying.result(), 20);
  EXPECT_EQ(large.result(), 300);
  EXPECT_EQ(sent.size(), 325u);
  EXPECT_LE(last_of("small"), 60) << "one of six turns is its own";
  EXPECT_LE(last_of("paying"), 60);
  EXPECT_EQ(last_of("large"), 325);
}

TEST_F(MultiTenant, NothingIsLostWhileTheServiceIsDown) {
  down = 10;
  const reprise::Time before = env.now();
  EXPECT_EQ(start("large", 100).result(), 100);
  EXPECT_EQ(sent.size(), 100u);
  EXPECT_EQ(env.client().limits().at(0).times_opened, 1u);
  EXPECT_GE(env.now() - before, 8 * 2s) << "after 3 failures one call in 2 seconds";
}

}  // namespace
}  // namespace multi_tenant
