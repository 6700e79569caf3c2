// hello: the smallest program that survives its own death.
//
//   $ ./hello               counts to 10, one number each second, and greets you
//   $ ./hello               kill it half-way (Ctrl-C, kill -9, the power plug) and start it again:
//                           it goes on where it was
//
// The directory hello.db is all there is: no server, no broker. Delete it to begin from the start.
#include "hello.h"

int main() {
  const auto engine = reprise::Engine::open("hello.db");

  reprise::Worker worker(*engine);
  worker.implement(hello::greet, hello::run_greet);
  worker.start();

  // Starts a run, or finds the one with this id that an earlier process left behind.
  reprise::Client client(*engine);
  auto run = client.start(hello::greet("world"),
                          {.id = "hello", .id_conflict = reprise::IdConflict::kUseExisting});
  std::cout << run.result() << std::endl;
}
