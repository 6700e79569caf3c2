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
#include <cstring>
#include <memory>
#include <optional>
#include <reprise/cli.h>

#include "hello.h"

// The exit status, if the program is not asked for a greeting.
std::optional<int> answer(int argc, char** argv) {
  if (argc < 2) return std::nullopt;
  const bool help = std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0;
  (help ? std::cout : std::cerr)
      << "usage: hello             counts to 10 and greets you; started again, goes on\n"
         "       hello replay ...  replays what happened; hello replay --help says how\n"
         "       hello step ...    steps through it, turn by turn\n"
         "       hello verify ...  would this code go on with the runs of a store?\n";
  return help ? 0 : 2;
}

int main(int argc, char** argv) try {
  std::unique_ptr<reprise::Engine> engine;  // before the worker, which it must outlive
  reprise::Worker worker;
  worker.implement(hello::greet, hello::run_greet);
  if (const auto status = reprise::cli(argc, argv, worker)) return *status;
  if (const auto status = answer(argc, argv)) return *status;

  engine = reprise::Engine::open("hello.db");
  worker.start(*engine);

  // Starts a run, or finds the one with this id that an earlier process left behind.
  reprise::Client client(*engine);
  auto run = client.start(hello::greet("world"),
                          {.id = "hello", .id_reuse = reprise::IdReuse::kUseExisting});
  std::cout << run.result() << std::endl;
} catch (const reprise::Error& error) {  // another process has the store, the disk is full...
  std::cerr << error.what() << std::endl;
  return 1;
}
