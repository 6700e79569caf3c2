// versioning: new code for workflows that are under way. docs/versioning.md walks through it.
//
// It is built once for every stage of the code (fulfil.h), as successive deployments would have
// them, all of them on the store versioning.db in the current directory:
//
//   $ ./versioning_old take order-1          picks order-1 with the old code, and ends
//   $ ./versioning_careless verify --store versioning.db      says that it must not be deployed
//   $ ./versioning_patched verify --store versioning.db       says that it may
//   $ ./versioning_patched take order-2      order-2 is checked for fraud
//   $ ./versioning_patched pay order-1       order-1 goes on without a check, as its log has it
//   $ ./versioning_deprecated ...            and so on, up to versioning_removed
//
// tests/samples/versioning_test.cc shows how to test such a change: it replays histories that other
// stages have written.
#include <iostream>
#include <memory>
#include <reprise/cli.h>
#include <semaphore>
#include <string_view>
#include <vector>

#include "fulfil.h"

namespace {

using namespace versioning;

// The activities only print what they do.
auto say(const char* what) {
  return [what](reprise::ActivityContext&, const std::string& order) {
    std::cout << what << " " << order << std::endl;
  };
}

reprise::Handle<std::string> start(const reprise::Client& client, const std::string& order) {
  return client.start(fulfil(order), {.id = order, .id_reuse = reprise::IdReuse::kUseExisting});
}

}  // namespace

int main(int argc, char** argv) try {
  std::counting_semaphore picked(0);
  std::unique_ptr<reprise::Engine> engine;  // before the worker, which it must outlive
  reprise::Worker worker;
  worker.implement(fulfil, VERSIONING_CODE)
      .implement(check_fraud, say("checking"))
      .implement(ship, say("shipping"))
      .implement(pick, [&](reprise::ActivityContext& ctx, const std::string& order) {
        say("picking")(ctx, order);
        picked.release();
      });
  if (const auto status = reprise::cli(argc, argv, worker)) return *status;

  const std::string_view command = argc > 2 ? argv[1] : "";
  if (command != "take" && command != "pay") {
    std::cerr << "usage: versioning_STAGE take|pay ORDER..., verify, replay" << std::endl;
    return 2;
  }
  engine = reprise::Engine::open("versioning.db");
  const reprise::Client client(*engine);
  worker.start(*engine);
  for (const std::string& order : std::vector<std::string>(argv + 2, argv + argc)) {
    const auto run = start(client, order);
    if (command == "take") {
      picked.acquire();
    } else {
      run.signal(paid("ann"));
      std::cout << run.result() << std::endl;
    }
  }
  // Stops before the objects that its activities use are destroyed.
  worker.stop();
} catch (const reprise::Error& error) {  // another process has the store, the disk is full...
  std::cerr << error.what() << std::endl;
  return 1;
}
