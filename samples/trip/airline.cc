#include "airline.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "trip.h"

namespace trip {
namespace {

namespace fs = std::filesystem;

// The airline is slow, so that there is time to kill the program.
void think(const reprise::ActivityContext& ctx) {
  for (int i = 0; i < 10; ++i) {
    if (ctx.stop_token().stop_requested()) throw reprise::CancelledFailure("not booked");
    std::this_thread::sleep_for(20ms);
  }
}

void put(const char* book, const std::string& leg) {
  fs::create_directories(book);
  std::ofstream(fs::path(book) / leg) << leg << std::flush;
}

// Not there: it was taken out before.
void take_out(const char* book, const std::string& leg) {
  fs::remove(fs::path(book) / leg);
}

void reserve(reprise::ActivityContext& ctx, const std::string& leg) {
  think(ctx);
  put("seats", leg);
}

std::string issue(reprise::ActivityContext& ctx, const std::string& leg) {
  think(ctx);
  if (leg.ends_with("-Atlantis")) {
    throw reprise::ApplicationFailure("NoSuchFlight", "nobody flies " + leg, /*retryable=*/false);
  }
  put("tickets", leg);
  return "ticket " + leg;
}

}  // namespace

void implement_airline(reprise::Worker& worker) {
  worker.implement(reserve_seat, reserve);
  worker.implement(issue_ticket, issue);
  worker.implement(release_seat, [](reprise::ActivityContext&, const std::string& leg) {
    take_out("seats", leg);
  });
  worker.implement(cancel_ticket, [](reprise::ActivityContext&, const std::string& leg) {
    take_out("tickets", leg);
  });
}

}  // namespace trip
