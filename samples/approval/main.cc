// approval: a person decides, or a deadline does.
//
//   $ ./approval            asks for a decision; type yes, no or status
//   $ ./approval killed and started again, it asks for the same one, and the minute for the
//   decision has been running all the time
//
// A person is a signal, the deadline a durable timer, and `status` a query: it asks the running
// workflow and leaves nothing in its log. `./approval step --store approval.db --run chair` shows
// that log beside the code that it drives.
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <poll.h>
#include <reprise/cli.h>
#include <unistd.h>

#include "approval.h"

namespace {

using namespace std::chrono_literals;

std::string_view to_string(approval::State state) {
  switch (state) {
    case approval::State::kWaiting:
      return "waiting for a decision";
    case approval::State::kGranted:
      return "granted";
    case approval::State::kRefused:
      return "refused";
    case approval::State::kExpired:
      return "expired: nobody decided in time";
  }
  return "unknown";
}

// Is there input? Waiting for a line would keep us from seeing the deadline.
bool has_input() {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return std::cin.good() && (std::cin.rdbuf()->in_avail() > 0 || poll(&input, 1, 0) > 0);
}

void obey(const std::string& line, const reprise::Handle<approval::State>& run) {
  // False: the deadline was faster.
  if (line == "yes" || line == "no")
    (void)run.try_signal(approval::decide({.granted = line == "yes", .by = "you"}));
  else if (line == "status")
    std::cout << to_string(run.query(approval::state())) << std::endl;
  else
    std::cout << "type yes, no or status" << std::endl;
}

// The exit status, if the program is not asked to run.
std::optional<int> answer(int argc, char** argv) {
  if (argc < 2) return std::nullopt;
  const bool help = std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0;
  (help ? std::cout : std::cerr)
      << "usage: approval             asks for a decision; started again, goes on\n"
         "       approval replay ...  replays what happened; approval replay --help says how\n"
         "       approval step ...    steps through it, turn by turn\n"
         "       approval verify ...  would this code go on with the runs of a store?\n";
  return help ? 0 : 2;
}

}  // namespace

int main(int argc, char** argv) try {
  std::unique_ptr<reprise::Engine> engine;  // before the worker, which it must outlive
  reprise::Worker worker;
  approval::implement_approval(worker);
  if (const auto status = reprise::cli(argc, argv, worker)) return *status;
  if (const auto status = answer(argc, argv)) return *status;

  engine = reprise::Engine::open("approval.db");
  worker.start(*engine);

  reprise::Client client(*engine);
  const auto run = client.start(approval::approve({.who = "ann", .what = "a new chair"}, 1min),
                                {.id = "chair", .id_reuse = reprise::IdReuse::kUseExisting});
  std::cout << "ann would like a new chair: yes, no or status?" << std::endl;

  auto state = run.result_for(100ms);
  for (std::string line; !state; state = run.result_for(100ms))
    if (has_input() && std::getline(std::cin, line)) obey(line, run);
  std::cout << to_string(*state) << std::endl;
} catch (const reprise::Error& error) {  // another process has the store, the disk is full...
  std::cerr << error.what() << std::endl;
  return 1;
}
