// transfer: money moves between ten accounts, and not a cent is lost or doubled.
//
//   $ ./transfer            makes 1,000 transfers, while a reader adds up all accounts
//   $ ./transfer            killed and started again, it makes those that are missing, once each
//   $ ./transfer total      what all accounts have, and how many transfers have been made
//
// The accounts are a table in the engine's store. A transfer is one transaction: its changes and
// its result are one record of the log.
#include <atomic>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <reprise/cli.h>
#include <string>
#include <thread>
#include <vector>

#include "bank.h"

namespace {

constexpr int kAccounts = 10;
constexpr std::int64_t kEach = 10'000;
constexpr int kTransfers = 1'000;

std::string owner(int number) {
  return "account-" + std::to_string(number % kAccounts);
}

// A start that is repeated finds the run that was started before.
constexpr auto kOnce = reprise::IdReuse::kUseExisting;

void open_accounts(const reprise::Client& client) {
  for (int i = 0; i < kAccounts; ++i)
    client
        .start(transfer::open_account(owner(i), kEach),
               {.id = "open-" + owner(i), .id_reuse = kOnce})
        .result();
}

int make_transfers(const reprise::Client& client) {
  std::vector<reprise::Handle<void>> runs;
  for (int i = 0; i < kTransfers; ++i)
    runs.push_back(client.start(transfer::move(owner(i), owner(i * 7 + 3), 100 + i * 13 % 900),
                                {.id = "transfer-" + std::to_string(i), .id_reuse = kOnce}));
  int refused = 0;
  for (const auto& run : runs) {
    try {
      run.result();
    } catch (const reprise::ApplicationFailure&) {
      ++refused;
    }
  }
  return refused;
}

// Adds up all accounts, again and again: false if a cent is missing at some moment.
class Auditor {
 public:
  explicit Auditor(const reprise::Engine& engine)
      : thread_([this, &engine] {
          while (!done_) sound_ = sound_ && engine.read(transfer::total) == kAccounts * kEach;
        }) {}
  ~Auditor() {
    done_ = true;
    thread_.join();
  }
  bool sound() const { return sound_; }

 private:
  std::atomic<bool> done_{false};
  std::atomic<bool> sound_{true};
  std::thread thread_;
};

void print_total(const reprise::Engine& engine) {
  std::cout << "all accounts together: " << engine.read(transfer::total) << " cents" << std::endl;
}

// The exit status, if the program is not asked to run.
std::optional<int> answer(int argc, char** argv) {
  if (argc < 2) return std::nullopt;
  if (std::strcmp(argv[1], "total") == 0) {
    print_total(*reprise::Engine::open("transfer.db"));
    return 0;
  }
  const bool help = std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0;
  (help ? std::cout : std::cerr)
      << "usage: transfer             makes transfers; started again, goes on\n"
         "       transfer total       adds up all accounts\n"
         "       transfer replay ...  replays what happened; transfer replay --help says how\n"
         "       transfer step ...    steps through it, turn by turn\n"
         "       transfer verify ...  would this code go on with the runs of a store?\n";
  return help ? 0 : 2;
}

}  // namespace

int main(int argc, char** argv) try {
  std::unique_ptr<reprise::Engine> engine;  // before the worker, which it must outlive
  reprise::Worker worker;
  transfer::implement_bank(worker);
  if (const auto status = reprise::cli(argc, argv, worker)) return *status;
  if (const auto status = answer(argc, argv)) return *status;

  engine = reprise::Engine::open("transfer.db");
  worker.start(*engine);
  const reprise::Client client(*engine);
  open_accounts(client);
  const Auditor auditor(*engine);
  const int refused = make_transfers(client);
  std::cout << kTransfers << " transfers, " << refused << " of them refused" << std::endl;
  print_total(*engine);
  if (!auditor.sound()) {
    std::cout << "there was a moment at which money was missing" << std::endl;
    return 1;
  }
} catch (const reprise::Error& error) {  // another process has the store, the disk is full...
  std::cerr << error.what() << std::endl;
  return 1;
}
