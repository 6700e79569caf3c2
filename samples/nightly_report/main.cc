// nightly_report: a workflow that is started every night.
//
//   $ ./nightly_report berlin            creates the schedule once, says when it is due next, and
//                                        serves it until it is stopped. Start it again at any time:
//                                        nights in between are made up for
//
// In another terminal, whether the first program runs or not:
//
//   $ reprise schedule describe nightly_report.db berlin
//   $ reprise schedule trigger nightly_report.db berlin       a report now
//   $ reprise schedule backfill nightly_report.db berlin 3d 0s
//   $ reprise schedule pause nightly_report.db berlin --note "the shop moves"
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <stop_token>

#include "report.h"

namespace {

void implement(reprise::Worker& worker) {
  worker.implement(nightly_report::report, nightly_report::run_report);
  worker.implement(nightly_report::count_orders,
                   [](reprise::ActivityContext&, const std::string& shop, const std::string& day) {
                     return static_cast<int>(shop.size() * day.size());  // of a database
                   });
  worker.implement(nightly_report::publish,
                   [](reprise::ActivityContext&, const std::string& day, const std::string& text) {
                     std::filesystem::create_directories("reports");
                     std::ofstream("reports/" + day) << text << "\n";
                     std::cout << text << std::endl;
                   });
}

std::string text_of(reprise::Time time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", std::gmtime(&seconds));
  return text;
}

// Waits for SIGINT or SIGTERM.
void wait_for_end(const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2 || argv[1][0] == '-') {
    std::cerr << "usage: nightly_report SHOP\n";
    return 2;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before there are other threads

  const std::unique_ptr<reprise::Engine> engine = reprise::Engine::open("nightly_report.db");
  reprise::Worker worker(*engine);
  implement(worker);
  worker.start();

  const reprise::Schedule schedule =
      nightly_report::schedule_report(reprise::Client(*engine), argv[1]);
  for (const reprise::Time time : schedule.next(1)) {
    std::cout << "the next report: " << text_of(time) << std::endl;
  }
  wait_for_end(signals);
} catch (const reprise::Error& error) {  // another process has the store, the disk is full...
  std::cerr << error.what() << std::endl;
  return 1;
}
