// The process that is killed: an engine, a worker and four clients. It writes a line to standard
// output before each request, and one for each acknowledgement after the call has returned.
//
//   crash_child STORE LEDGER [point=P at=N] [backup=DIR] [early] [twice] [retention]
//
// Standard input: a line "NUMBER STARTED NEXT_NOTE" for each transfer to drive to its end.
//
//   opened | started N RUN_ID | sending N NOTE | note N NOTE | result N TEXT
//   tagged N TIMES | untagged N WHY   why the update was not answered
//   closed N NOTE | missing N NOTE      the run has ended, or is not there (any more)
//   backup begins | backup done         between them nothing is said of the backup
//   error TEXT                          what the engine logged as one; the process ends
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "reprise/reprise.h"
#include "runtime/engine/embedded_engine.h"
#include "tests/crash/failpoints.h"
#include "tests/crash/transfers.h"
#include "tests/crash/watched_store.h"
#include "tests/support/service_over.h"

namespace reprise::testing {
namespace {

constexpr int kClients = 4;
constexpr int kSawAnError = 3;

struct Arguments {
  std::string store;
  std::string ledger;
  std::string point{};
  int at = 0;
  std::string backup{};
  std::set<std::string> flags{};
};

Arguments parse(int argc, char** argv) {
  Arguments arguments{.store = argv[1], .ledger = argv[2]};
  for (int i = 3; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with("point=")) {
      arguments.point = word.substr(6);
    } else if (word.starts_with("at=")) {
      arguments.at = std::atoi(word.c_str() + 3);
    } else if (word.starts_with("backup=")) {
      arguments.backup = word.substr(7);
    } else {
      arguments.flags.insert(word);
    }
  }
  return arguments;
}

struct Driven {
  int number = 0;
  bool started = false;
  int next_note = 1;
  std::optional<Handle<std::string>> handle{};
  std::optional<SentSignal> sent{};
  bool ended = false;
};

// Drives some of the transfers, all of them at the same time.
class Driver {
 public:
  Driver(Service& service, const Lines& out, std::vector<Driven> transfers)
      : client_(service), out_(out), transfers_(std::move(transfers)) {}

  void start() {
    for (Driven& transfer : transfers_) {
      const std::string id = transfer_id(transfer.number);
      if (transfer.started) {
        transfer.handle = client_.attach(kTransfer, id);
      } else {
        transfer.handle = client_.submit(kTransfer(transfer.number, 0, 0),
                                         {.id = id, .id_reuse = IdReuse::kReject});
      }
    }
    for (Driven& transfer : transfers_) {
      if (!transfer.started) confirm_start(transfer);
    }
  }

  // Before the notes, without which a transfer does not end: so it takes the tag, once.
  void tag() {
    for (Driven& transfer : transfers_) {
      try {
        const int times = transfer.handle->start_update(kTag(), {.id = "the tag"}).result();
        say("tagged", transfer, std::to_string(times));
      } catch (const RunClosed&) {
        say("untagged", transfer, "closed");
      } catch (const NotFound&) {
        say("untagged", transfer, "missing");
      }
    }
  }

  void send_notes() {
    for (int note = 1; note <= kNotes; ++note) {
      for (Driven& transfer : transfers_) send(transfer, note);
      for (Driven& transfer : transfers_) {
        if (transfer.sent) confirm_note(transfer, note);
      }
    }
  }

  void take_results() {
    for (Driven& transfer : transfers_) {
      if (!transfer.ended) attempt(transfer, kNotes, [&] { take_result(transfer); });
    }
  }

 private:
  void say(const std::string& what, const Driven& transfer, const std::string& text) const {
    out_.add(what + " " + std::to_string(transfer.number) + " " + text);
  }

  template <class Call>
  void attempt(Driven& transfer, int note, const Call& call) const {
    try {
      call();
      return;
    } catch (const RunClosed&) {
      say("closed", transfer, std::to_string(note));
    } catch (const NotFound&) {
      say("missing", transfer, std::to_string(note));
      transfer.ended = true;
    }
  }

  void take_result(Driven& transfer) const {
    say("result", transfer, transfer.handle->result());
    if (transfer.handle->get(kStage) != kClosed) {
      throw std::logic_error("a transfer has ended and says of itself that it has not");
    }
    if (client_.get(kBank, transfer.number) != 1) throw std::logic_error("it is not booked");
  }

  void confirm_start(Driven& transfer) const {
    try {
      transfer.handle->started();
      say("started", transfer, transfer.handle->run_id());
    } catch (const AlreadyStarted& there) {  // by a process that died before it could report it
      transfer.handle = client_.attach(kTransfer, transfer_id(transfer.number));
      say("started", transfer, there.run_id());
    }
  }

  void send(Driven& transfer, int note) const {
    if (transfer.ended || note < transfer.next_note) return;
    say("sending", transfer, std::to_string(note));
    transfer.sent = transfer.handle->submit_signal(kNote(note));
  }

  void confirm_note(Driven& transfer, int note) const {
    const SentSignal sent = *transfer.sent;
    transfer.sent.reset();
    attempt(transfer, note, [&] {
      sent.delivered();
      say("note", transfer, std::to_string(note));
    });
  }

  Client client_;
  const Lines& out_;
  std::vector<Driven> transfers_;
};

// At any moment no money is gone or made, and no transfer has booked twice.
void audit(const Service& service, const Lines& out) {
  std::int64_t sum = 0;
  bool twice = false;
  internal::read_tables(service, [&](const TableReader& rows) {
    rows.scan(kBank, [&](int key, std::int64_t value) {
      if (key < 0) sum += value;
      twice = twice || (key >= 0 && value != 1);
    });
  });
  if (sum != 0) out.add("error the accounts have " + std::to_string(sum) + " cents in all");
  if (twice) out.add("error a transfer has booked twice");
}

void drive(Service& service, const Lines& out, const std::vector<Driven>& transfers) {
  try {
    Driver driver(service, out, transfers);
    driver.start();
    driver.tag();
    driver.send_notes();
    audit(service, out);
    driver.take_results();
    audit(service, out);
  } catch (const std::exception& unexpected) {
    out.add("error " + std::string(unexpected.what()));
    std::_Exit(kSawAnError);
  }
}

std::vector<std::vector<Driven>> read_transfers() {
  std::vector<std::vector<Driven>> transfers(kClients);
  Driven transfer;
  while (std::cin >> transfer.number >> transfer.started >> transfer.next_note) {
    transfers[static_cast<std::size_t>(transfer.number % kClients)].push_back(transfer);
  }
  return transfers;
}

std::unique_ptr<runtime::Engine> open_engine(const Arguments& arguments, const Lines& out) {
  const bool is_new = ::access((arguments.store + "/FORMAT").c_str(), F_OK) != 0;
  const PhaseScope phase(is_new ? Phase::kCreation : Phase::kRecovery);
  auto opened = store::open_store(arguments.store);
  if (!opened) {
    out.add("error " + opened.error().text());
    return nullptr;
  }
  runtime::EngineOptions options;
  options.shards = 2;
  options.archive_slice = 16;  // so that archiving happens at all, and often
  options.cached_runs = 4;     // so that most turns begin with a replay
  if (arguments.flags.contains("retention")) options.retention.max_age = base::Duration(20);
  options.log = [&out](runtime::LogLevel level, std::string_view line) {
    if (level != runtime::LogLevel::kError) return;
    out.add("error " + std::string(line));
    std::_Exit(kSawAnError);  // a run that is parked or quarantined would never end
  };
  auto watched =
      std::make_unique<WatchedStore>(std::move(*opened), arguments.flags.contains("early"));
  WatchedArchive& archive = watched->archive();
  auto engine = runtime::EmbeddedEngine::over(std::move(watched), std::move(options));
  if (!engine) {
    out.add("error " + engine.error().text());
    return nullptr;
  }
  archive.recovering = false;
  out.add("opened");
  return std::move(*engine);
}

void make_backup(const runtime::Engine& engine, const std::string& directory, const Lines& out) {
  const PhaseScope phase(Phase::kBackup);
  out.add("backup begins");
  const auto made = engine.backup(directory);
  out.add(made ? "backup done" : "error " + made.error().text());
}

int run(const Arguments& arguments) {
  const Lines out(STDOUT_FILENO);
  auto opened = open_engine(arguments, out);
  if (opened == nullptr) return 1;
  runtime::Engine& engine = *opened;
  ServiceOver service(std::move(opened));
  const Lines ledger(arguments.ledger);
  Desk desk(service, arguments.ledger + ".desk");
  Worker worker(service, {.activity_threads = 4});
  implement_transfers(worker, {.ledger = ledger,
                               .desk = desk,
                               .apply_twice = arguments.flags.contains("twice"),
                               .with_children = !arguments.flags.contains("retention")});
  audit(service, out);
  worker.start();
  std::vector<std::jthread> clients;
  for (auto& transfers : read_transfers()) {
    clients.emplace_back(
        [&service, &out, transfers = std::move(transfers)] { drive(service, out, transfers); });
  }
  if (!arguments.backup.empty()) make_backup(engine, arguments.backup, out);
  clients.clear();
  return 0;
}

}  // namespace
}  // namespace reprise::testing

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto arguments = reprise::testing::parse(argc, argv);
  reprise::testing::arm_failpoint(arguments.point, arguments.at);
  return reprise::testing::run(arguments);
}
