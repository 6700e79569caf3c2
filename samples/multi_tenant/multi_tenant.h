// The workflow of this sample: a tenant's documents are sent, each by an activity. Tenants share
// one worker and one service, which takes 4 documents at a time and is sometimes down.
#pragma once
#include <chrono>
#include <reprise/reprise.h>
#include <string>
#include <vector>

namespace multi_tenant {

using namespace std::chrono_literals;

inline constexpr reprise::Activity<void(std::string, int)> send_document{"send_document"};
inline constexpr reprise::Workflow<int(std::string, int)> send_all{"send_all"};

// What the service allows, and when to leave it alone.
inline reprise::ActivityLimits service_limits() {
  return {
      .in_flight = 4, .per_second = 200, .breaker = {.failures = 3, .window = 10s, .open_for = 2s}};
}

// All are asked for at once; the worker's queue decides which is sent when.
inline int run_send_all(reprise::Context& ctx, const std::string& tenant, const int& documents) {
  std::vector<reprise::Pending<void>> sent;
  for (int number = 1; number <= documents; ++number) {
    sent.push_back(ctx.start(send_document(tenant, number),
                             {.start_to_close = 10s, .retry = {.initial_interval = 100ms}}));
  }
  for (auto& each : sent) each.get();
  return documents;
}

// The tenant is the key: however much a tenant sends, the others have their share.
inline reprise::StartOptions options_of(const std::string& tenant) {
  return {.id = "send-" + tenant,
          .id_reuse = reprise::IdReuse::kUseExisting,
          .fairness_key = tenant,
          .fairness_weight = tenant == "paying" ? 4.0 : 1.0};
}

}  // namespace multi_tenant
