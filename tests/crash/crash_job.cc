// The job that is killed: money moves between accounts, one run per transfer. Acknowledgements of
// the engine and effects of the activities are written to two plain files that survive the process.
//
//   crash_job DIRECTORY [WHERE N]      WHERE: before_append, after_append, before_archive,
//   after_archive
//
// DIRECTORY/acknowledged: "started ID RUN_ID" and "result ID VALUE" lines.
// DIRECTORY/pauses: "paused ID" and "approved ID" lines, and "resuming ID" lines from before that was asked.
// DIRECTORY/ledger: "KEY TRANSFER OPERATION CENTS" lines, one per execution of an activity.
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <string>
#include <unistd.h>

#include "reprise/reprise.h"
#include "runtime/engine/embedded_engine.h"
#include "tests/crash/killing_store.h"
#include "tests/support/service_over.h"

namespace reprise::testing {
namespace {

using namespace std::chrono_literals;

constexpr int kTransfers = 12;

constexpr Workflow<std::string(int)> kTransfer{"transfer"};
constexpr Activity<void(int, std::string, int)> kMove{"move"};
constexpr Signal<std::string> kApprove{"approve"};

// A line is one write(), so a kill leaves it whole or not at all.
class Lines {
 public:
  explicit Lines(const std::string& path)
      : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600)) {
    if (file_ < 0) std::abort();
  }
  ~Lines() { ::close(file_); }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;
  void add(const std::string& line) const {
    if (::write(file_, (line + "\n").c_str(), line.size() + 1) < 0) std::abort();
  }

 private:
  int file_;
};

std::string transfer(Context& ctx, const int& number) {
  // Lost attempts count, so a job that is killed again and again needs many, soon.
  const RetryPolicy soon{.initial_interval = Duration(2), .maximum_interval = Duration(4)};
  const ActivityOptions options{.retry = soon};
  const StepOn where = number % 2 == 0 ? StepOn::kShard : StepOn::kActivityThread;
  const int cents = ctx.step("price", [&] { return 100 + number; }, {.retry = soon, .on = where});
  ctx.call(kMove(number, "withdraw", -cents), options);
  try {
    auto approval = ctx.inbox(kApprove).next();
    auto deadline = ctx.timer(number % 4 == 1 ? 3ms : 1h);
    if (ctx.first_of(approval, deadline) == 1) {
      throw ApplicationFailure("NotApproved", "nobody approved it", false);
    }
    ctx.call(kMove(number, "deposit", cents), options);
  } catch (const Failure&) {
    ctx.call(kMove(number, "refund", cents), options);
    return "refunded";
  }
  return "deposited";
}

// Every third deposit fails twice, every sixth transfer's for good.
void move(const Lines& ledger,
          ActivityContext& ctx,
          int number,
          const std::string& operation,
          int cents) {
  if (operation == "deposit" && number % 6 == 0) {
    throw ApplicationFailure("AccountClosed", "the account is closed", false);
  }
  if (operation == "deposit" && number % 3 == 0 && ctx.attempt() < 3) {
    throw ApplicationFailure("Busy", "try again");
  }
  ledger.add(std::string(ctx.idempotency_key()) + " " + std::to_string(number) + " " + operation +
             " " + std::to_string(cents));
}

// Of two transfers the approval comes while they are paused.
bool is_paused_once(int number) {
  return number % 6 == 5;
}

// What earlier processes have done with each of them, last: "paused", "approved", "resuming".
std::map<std::string, std::string> acts_before(const std::string& directory) {
  std::map<std::string, std::string> last;
  std::ifstream file(directory + "/pauses");
  std::string what, id;
  while (file >> what >> id) last[id] = what;
  return last;
}

// The run may have ended.
template <class Call>
bool is_done(Call call) {
  try {
    call();
    return true;
  } catch (const RunClosed&) {
  } catch (const RepairRefused&) {
  }
  return false;
}

// Pauses the run, approves it, and resumes it: each once, however often the process dies.
bool look(const RunHandle& run,
          const std::map<std::string, std::string>& acts,
          const Lines& pauses) {
  const std::string id = run.id();
  const auto found = acts.find(id);
  const std::string done = found == acts.end() ? std::string() : found->second;
  if (done.empty()) {
    if (is_done([&] { run.pause("a look"); })) pauses.add("paused " + id);
  } else if (done != "resuming" && run.describe().status != RunStatus::kPaused) {
    std::fprintf(stderr, "%s is not paused any more\n", id.c_str());
    return false;
  }
  if (done.empty() || done == "paused") {
    (void)run.try_signal(kApprove("ann"));
    pauses.add("approved " + id);
  }
  if (done != "resuming") pauses.add("resuming " + id);
  (void)is_done([&] { run.resume(); });
  return true;
}

KillPlan::Where where(std::string_view name) {
  static const std::map<std::string_view, KillPlan::Where> names = {
      {"before_append", KillPlan::Where::kBeforeAppend},
      {"after_append", KillPlan::Where::kAfterAppend},
      {"before_archive", KillPlan::Where::kBeforeArchive},
      {"after_archive", KillPlan::Where::kAfterArchive}};
  return names.at(name);
}

int run(const std::string& directory, KillPlan& plan) {
  auto opened = store::open_store(directory + "/store");
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().text().c_str());
    return 1;
  }
  runtime::EngineOptions options;
  options.archive_slice = 16;  // so that archiving happens at all, and often
  options.cached_runs = 2;     // so that most turns begin with a replay
  auto engine = runtime::EmbeddedEngine::over(
      std::make_unique<KillingStore>(std::move(*opened), plan), std::move(options));
  if (!engine) {
    std::fprintf(stderr, "%s\n", engine.error().text().c_str());
    return 1;
  }
  ServiceOver service(std::move(*engine));
  const Lines ledger(directory + "/ledger");
  const Lines acknowledged(directory + "/acknowledged");
  Worker worker(service);
  worker.implement(kTransfer, transfer)
      .implement(kMove, [&](ActivityContext& ctx, const int& number, const std::string& operation,
                            const int& cents) { move(ledger, ctx, number, operation, cents); });
  worker.start();

  const Client client(service);
  std::deque<Handle<std::string>> runs;
  for (int i = 0; i < kTransfers; ++i) {
    const std::string id = "t" + std::to_string(i);
    auto handle = client.try_start(kTransfer(i), {.id = id, .id_reuse = IdReuse::kReject});
    runs.push_back(handle ? *handle : client.attach(kTransfer, id));
    if (handle) acknowledged.add("started " + id + " " + handle->run_id());
  }
  const auto acts = acts_before(directory);
  const Lines pauses(directory + "/pauses");
  for (int i = 0; i < kTransfers; ++i) {
    if (is_paused_once(i) && !look(runs[static_cast<std::size_t>(i)], acts, pauses)) return 1;
  }
  for (int i = 0; i < kTransfers; ++i) {
    if (!is_paused_once(i)) (void)runs[static_cast<std::size_t>(i)].try_signal(kApprove("ann"));
  }
  for (auto& handle : runs) acknowledged.add("result " + handle.id() + " " + handle.result());
  for (auto& handle : runs) {
    acknowledged.add("ended " + handle.id() + " " + handle.describe().run_id + " " +
                     handle.result());
  }
  return 0;
}

}  // namespace
}  // namespace reprise::testing

int main(int argc, char** argv) {
  if (argc != 2 && argc != 4) return 2;
  reprise::testing::KillPlan plan;
  if (argc == 4) {
    plan.where = reprise::testing::where(argv[2]);
    plan.at = std::atoi(argv[3]);
  }
  return reprise::testing::run(argv[1], plan);
}
