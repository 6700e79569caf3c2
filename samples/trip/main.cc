// trip: books the legs of a trip, all or none.
//
//   $ ./trip Oslo Rome Cairo Oslo       books three legs; kill it at any time and start it again
//   $ ./trip Oslo Rome Atlantis Oslo    nobody flies there: everything is undone
//   $ ls seats tickets                  what the airline has
//
// While it runs, or afterwards:
//
//   $ reprise show trip.db Oslo-Rome-Cairo-Oslo              the trip, with its legs
//   $ reprise cancel trip.db Oslo-Rome-Cairo-Oslo            everything is undone
//   $ ./trip verify --store trip.db                          replays all runs with this code
#include <iostream>
#include <memory>
#include <reprise/cli.h>
#include <string>
#include <vector>

#include "airline.h"
#include "trip.h"

namespace {

void implement(reprise::Worker& worker) {
  trip::implement_workflows(worker);
  trip::implement_airline(worker);
}

}  // namespace

int main(int argc, char** argv) try {
  reprise::Worker commands;
  implement(commands);
  if (const auto status = reprise::cli(argc, argv, commands)) return *status;
  const std::vector<std::string> cities(argv + 1, argv + argc);
  if (cities.size() < 2) {
    std::cerr << "usage: trip CITY CITY...\n";
    return 2;
  }
  std::string id = cities[0];
  for (std::size_t i = 1; i < cities.size(); ++i) id += "-" + cities[i];

  const std::unique_ptr<reprise::Engine> engine = reprise::Engine::open("trip.db");
  reprise::Worker worker(*engine);
  implement(worker);
  worker.start();
  reprise::Client client(*engine);
  const auto run =
      client.start(trip::book_trip(cities), {.id = id, .id_reuse = reprise::IdReuse::kUseExisting});
  std::cout << "booking " << id << std::endl;
  std::cout << run.result() << std::endl;
} catch (const reprise::Failure& failure) {  // it was cancelled
  std::cerr << failure.what() << std::endl;
  return 1;
} catch (const reprise::Error& error) {  // another process has the store, the disk is full...
  std::cerr << error.what() << std::endl;
  return 1;
}
