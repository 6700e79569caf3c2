// multi_tenant: a large tenant and two small ones share a worker, and a service that fails for a
// while in the middle.
//
//   $ ./multi_tenant        who has got how many documents sent, as it goes on
//
//   $ reprise limits multi_tenant.db                 meanwhile: what is held back, and why
//   $ reprise why multi_tenant.db send-large
//
// The small tenants are done long before the large one, which was first (multi_tenant.h). While the
// breaker is open nothing is sent, and nothing is lost.
#include <atomic>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <thread>

#include "multi_tenant.h"

namespace {

using namespace std::chrono_literals;

// Takes a while for each document, and is down from the 60th call to the 70th.
class Service {
 public:
  void send() {
    const int call = ++calls_;
    std::this_thread::sleep_for(10ms);
    if (call >= 60 && call < 70) throw std::runtime_error("the service is down");
  }

 private:
  std::atomic<int> calls_{0};
};

void print_limits(const reprise::Client& client) {
  for (const reprise::LimitState& state : client.limits()) {
    std::cout << state.waiting << " documents wait";
    if (!state.held_back.empty()) std::cout << "; held back: " << state.held_back;
    std::cout << std::endl;
  }
}

}  // namespace

int main() try {
  const auto engine = reprise::Engine::open("multi_tenant.db");
  Service service;
  reprise::Worker worker(*engine);
  worker.implement(multi_tenant::send_all, multi_tenant::run_send_all)
      .implement(multi_tenant::send_document,
                 [&](reprise::ActivityContext&, const std::string&, const int&) { service.send(); })
      .limit(multi_tenant::send_document, multi_tenant::service_limits());
  worker.start();

  reprise::Client client(*engine);
  std::map<std::string, reprise::Handle<int>> runs;
  for (const auto& [tenant, documents] : {std::pair("large", 300), {"small", 5}, {"paying", 20}}) {
    runs.emplace(tenant, client.start(multi_tenant::send_all(tenant, documents),
                                      multi_tenant::options_of(tenant)));
  }
  while (!runs.empty()) {
    for (auto run = runs.begin(); run != runs.end();) {
      const auto result = run->second.result_for(100ms);
      if (result) std::cout << run->first << ": all " << *result << " are sent" << std::endl;
      run = result ? runs.erase(run) : std::next(run);
    }
    print_limits(client);
  }
} catch (const reprise::Error& error) {  // another process has the store, the disk is full...
  std::cerr << error.what() << std::endl;
  return 1;
}
