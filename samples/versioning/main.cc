// versioning: new code for workflows that are under way.
//
//   $ ./versioning old      picks order-1 with the old code, and ends while the order waits to be
//   paid $ ./versioning new      has new code, which checks orders for fraud first. order-1 goes on
//   without
//                           a check, as its log has it; order-2 is checked
//
// The line that makes the difference is in fulfil.h. tests/samples/versioning_test.cc shows how to
// test such a change: it replays a history that the old code has written.
#include <iostream>
#include <string_view>

#include "fulfil.h"

namespace {

using namespace versioning;
using namespace std::chrono_literals;

template <class Code>
void implement(reprise::Worker& worker, Code code) {
  const auto say = [](const char* what) {
    return [what](reprise::ActivityContext&, const std::string& order) {
      std::cout << what << " " << order << std::endl;
    };
  };
  worker.implement(fulfil, code)
      .implement(check_fraud, say("checking"))
      .implement(pick, say("picking"))
      .implement(ship, say("shipping"));
  worker.start();
}

reprise::Handle<std::string> start(const reprise::Client& client, const std::string& order) {
  return client.start(fulfil(order),
                      {.id = order, .id_conflict = reprise::IdConflict::kUseExisting});
}

void run_old(reprise::Worker& worker, const reprise::Client& client) {
  implement(worker, run_fulfil_old);
  (void)start(client, "order-1").result_for(1s);
  std::cout << "order-1 waits to be paid; now deploy the new code: versioning new" << std::endl;
}

void run_new(reprise::Worker& worker, const reprise::Client& client) {
  implement(worker, run_fulfil_new);
  for (const char* order : {"order-1", "order-2"}) {
    const auto run = start(client, order);
    run.signal(paid("ann"));
    std::cout << run.result() << std::endl;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view code = argc == 2 ? argv[1] : "";
  if (code != "old" && code != "new") {
    std::cerr << "usage: versioning old|new" << std::endl;
    return 2;
  }
  const auto engine = reprise::Engine::open("versioning.db");
  reprise::Worker worker(*engine);
  code == "old" ? run_old(worker, reprise::Client(*engine))
                : run_new(worker, reprise::Client(*engine));
}
