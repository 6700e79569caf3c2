// hello: the smallest program that survives its own death.
//
//   $ ./hello               counts to 10, one number each second, and greets you
//   $ ./hello               kill it half-way (Ctrl-C, kill -9, the power plug) and start it again:
//                           it goes on where it was
//
// The directory hello.db is all there is: no server, no broker. Delete it to begin from the start.
//
//   $ ./hello step --store hello.db --run hello       walks through what has happened, turn by turn
//   $ ./hello replay --store hello.db --run hello     does this code still do what happened?
#include <memory>
#include <reprise/cli.h>

#include "hello.h"

int main(int argc, char** argv) {
  std::unique_ptr<reprise::Engine> engine;  // before the worker, which it must outlive
  reprise::Worker worker;
  worker.implement(hello::greet, hello::run_greet);
  if (const auto status = reprise::cli(argc, argv, worker)) return *status;

  engine = reprise::Engine::open("hello.db");
  worker.start(*engine);

  // Starts a run, or finds the one with this id that an earlier process left behind.
  reprise::Client client(*engine);
  auto run = client.start(hello::greet("world"),
                          {.id = "hello", .id_conflict = reprise::IdConflict::kUseExisting});
  std::cout << run.result() << std::endl;
}
