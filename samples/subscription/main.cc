// subscription: a customer is billed each month, until somebody ends it.
//
//   $ ./subscription ann 2000      subscribes ann, with months of 2,000 ms, and waits. Kill it and
//                                  start it again: no month is billed twice, and none is left out
//
// In another terminal, whether the first program runs or not:
//
//   $ reprise update subscription.db ann change_plan '"family"'
//   $ reprise signal subscription.db ann leave
//   $ reprise show subscription.db ann
//
// The bank is a file here, bills.txt, that has a line for each bill: the bank writes none twice.
#include <charconv>
#include <fstream>
#include <iostream>
#include <memory>

#include "subscription.h"

namespace {

// A bill with a key that it has seen is the same bill.
void write_bill(const std::string& key, const std::string& line) {
  std::ifstream bills("bills.txt");
  for (std::string known; std::getline(bills, known);) {
    if (known.starts_with(key + " ")) return;
  }
  std::ofstream("bills.txt", std::ios::app) << (key + " " + line + "\n") << std::flush;
}

void implement(reprise::Worker& worker, reprise::Duration month) {
  worker.implement(subscription::subscribe,
                   [month](reprise::Context& ctx, const std::string& customer,
                           const std::string& plan, const int& paid) {
                     return subscription::run_subscription(ctx, customer, plan, paid, month);
                   });
  worker.implement(
      subscription::bill, [](reprise::ActivityContext& ctx, const std::string& customer,
                             const int& number, const int& cents) {
        const std::string line =
            customer + " month " + std::to_string(number) + ": " + std::to_string(cents) + " cents";
        write_bill(std::string(ctx.idempotency_key()), line);
        std::cout << line << std::endl;
      });
}

}  // namespace

int main(int argc, char** argv) try {
  int month_ms = 0;
  const std::string number = argc == 3 ? argv[2] : "";
  std::from_chars(number.data(), number.data() + number.size(), month_ms);
  if (month_ms <= 0 || argv[1][0] == '-') {
    std::cerr << "usage: subscription CUSTOMER MILLISECONDS\n";
    return 2;
  }
  const std::string customer = argv[1];
  const std::unique_ptr<reprise::Engine> engine = reprise::Engine::open("subscription.db");
  reprise::Worker worker(*engine);
  implement(worker, reprise::Duration(month_ms));
  worker.start();

  reprise::Client client(*engine);
  const auto run = client.start(subscription::subscribe(customer, "basic", 0),
                                {.id = customer, .id_conflict = reprise::IdConflict::kUseExisting});
  std::cout << run.result() << std::endl;
} catch (const reprise::Error& error) {  // another process has the store, the disk is full...
  std::cerr << error.what() << std::endl;
  return 1;
}
