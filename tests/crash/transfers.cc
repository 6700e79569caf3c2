#include "tests/crash/transfers.h"

#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <unistd.h>

#include "tests/crash/failpoints.h"

namespace reprise::testing {
namespace {

using namespace std::chrono_literals;

constexpr Activity<void(int, std::string, int)> kMove{"move \xf0\x9f\x92\xb0"};
constexpr Activity<void(int, std::string)> kClose{std::string_view("\0close", 6)};
constexpr Activity<void(int)> kAudit{"au\"dit"};
constexpr Activity<void(int)> kWrite{"write \xe2\x82\xac"};
constexpr Workflow<int(int, std::string, bool)> kReceipt{"re\tceipt"};
constexpr Signal<int> kWritten{std::string_view("written\0", 8)};

// Lives on the stack of a transfer. The stack is unwound early only when the run leaves memory.
class Resident {
 public:
  ~Resident() {
    if (!at_its_end) passed("eviction");
  }
  bool at_its_end = false;
};

// An effect, with the key of its attempts.
void apply(const ActivityContext& ctx, const Workload& workload, const std::string& effect) {
  std::string key(ctx.idempotency_key());
  if (workload.apply_twice) key += "#" + std::to_string(ctx.attempt());
  workload.ledger.add(key + " " + effect);
  passed("after_effect");
}

std::string notes_seen(Context& ctx) {
  auto inbox = ctx.inbox(kNote);
  std::string seen;
  for (int note = 0; note != kNotes;) {
    note = inbox.next().get();
    seen += std::to_string(note);
  }
  return seen;
}

// Lost attempts count, so a transfer that is cut short again and again needs many, soon.
RetryPolicy soon() {
  return {.initial_interval = Duration(1), .maximum_interval = Duration(4)};
}

// Fails once, goes on as another run, tells its parent, and then ends.
int write_receipt(Context& ctx, const int& number, const std::string& transfer, const bool& again) {
  if (!again && ctx.info().attempt == 1) throw ApplicationFailure("Pen", "it is \x7f empty");
  if (!again) ctx.continue_as_new(kReceipt(number, transfer, true));
  ctx.call(kWrite(number), {.retry = soon()});
  ctx.external(transfer).signal(kWritten(number));
  return number;
}

// How often it was told of the child, from the child and by its end: "1+1".
std::string receipt(Context& ctx, int number) {
  auto child =
      ctx.start(kReceipt(number, std::string(ctx.info().workflow_id), false), {.retry = soon()});
  const int ends = child.get() == number ? 1 : 0;
  int signals = 0;
  for (auto inbox = ctx.inbox(kWritten); !inbox.empty(); ++signals) (void)inbox.next().get();
  return std::to_string(signals) + "+" + std::to_string(ends);
}

// An audit that is called off, at once or when its attempt may be under way: whether it has been
// made is nobody's concern, but the run goes on.
void call_off_audit(Context& ctx, int number, CancelMode mode) {
  CancelScope scope(ctx);
  auto audit = ctx.start(kAudit(number), {.retry = soon(), .on_cancel = mode});
  if (number % 4 < 2) ctx.sleep(1ms);
  scope.cancel();
  try {
    audit.get();
  } catch (const CancelledFailure&) {
  } catch (const ActivityFailure&) {  // its process died, and no further attempt is made
  }
}

// Returns the cents that are on their way.
int take_money(Context& ctx, int number) {
  const ActivityOptions options{.retry = soon()};
  const StepOn where = number % 2 == 0 ? StepOn::kShard : StepOn::kActivityThread;
  const int cents =
      ctx.step("price\r\n", [&] { return 100 + number; }, {.retry = soon(), .on = where});
  ctx.call(kMove(number, "withdraw", -cents), options);
  ctx.set(kStage("withdrawn"));
  ctx.decide(
      "o\xc3\x9f"
      "d",
      number % 2 == 1);
  ctx.transaction("book\t", [&](Transaction& rows) {
    const auto add = [&rows](int key, int more) {
      rows.put(kBank, key, rows.get(kBank, key).value_or(0) + more);
    };
    add(-1 - number % kAccounts, -cents);
    add(-1 - (number + 1) % kAccounts, cents);
    add(number, 1);
  });
  call_off_audit(ctx, number, number % 2 == 0 ? CancelMode::kTry : CancelMode::kWait);
  return cents;
}

std::string give_money(Context& ctx, int number, int cents, bool with_children) {
  const ActivityOptions options{.retry = soon()};
  call_off_audit(ctx, number, CancelMode::kAbandon);
  const std::string seen = notes_seen(ctx);
  ctx.sleep(number % 3 == 0 ? 2ms : 1ms);
  std::string how = "deposit";
  try {
    ctx.call(kMove(number, how, cents), options);
  } catch (const ActivityFailure&) {
    how = "refund";
    ctx.call(kMove(number, how, cents), options);
  }
  const std::string receipts = with_children ? receipt(ctx, number) : kReceiptOnce;
  ctx.call(kClose(number, seen), options);
  ctx.set(kStage(std::string(kClosed)));
  return how + ":" + seen + ":" + receipts;
}

std::string transfer(Context& ctx, int number, int cents, int tagged, bool with_children) {
  Resident resident;
  const auto tag = ctx.accept(kTag, [&tagged] { return ++tagged; });
  if (cents == 0) {
    cents = take_money(ctx, number);
    resident.at_its_end = true;
    ctx.checkpoint(kTransfer(number, cents, tagged));
  }
  const std::string result = give_money(ctx, number, cents, with_children);
  resident.at_its_end = true;
  return result + ":" + std::to_string(tagged);
}

}  // namespace

Lines::Lines(const std::string& path)
    : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
  if (file_ < 0) std::abort();
}

Lines::~Lines() {
  ::close(file_);
}

void Lines::add(const std::string& line) const {
  const std::string whole = line + "\n";
  if (::write(file_, whole.data(), whole.size()) < 0) std::abort();
}

namespace {

std::deque<std::string> lines_of(const std::string& path) {
  std::deque<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

}  // namespace

Desk::Desk(Service& service, const std::string& path)
    : client_(service),
      file_(path),
      tokens_(lines_of(path)),
      thread_([this](const std::stop_token& stopped) { work(stopped); }) {}

void Desk::put(const std::string& token) {
  file_.add(token);
  const std::lock_guard lock(mutex_);
  tokens_.push_back(token);
  arrived_.notify_one();
}

void Desk::work(const std::stop_token& stopped) {
  std::unique_lock lock(mutex_);
  while (arrived_.wait(lock, stopped, [&] { return !tokens_.empty(); })) {
    const std::string token = std::move(tokens_.front());
    tokens_.pop_front();
    lock.unlock();
    try {
      client_.complete(token);
    } catch (const CompletionLate&) {  // by an earlier process, or a later attempt has another one
    } catch (const NotFound&) {        // retention has removed its run
    }
    lock.lock();
  }
}

namespace {

void move_money(const ActivityContext& ctx,
                const Workload& workload,
                int number,
                const std::string& operation,
                int cents) {
  if (operation == "deposit" && number % 5 == 0) {
    throw ApplicationFailure(
        "Account\xe9"
        "Closed",
        "M\xfcller's account is closed", false);
  }
  apply(ctx, workload,
        std::to_string(number) + " " + operation + " " + std::to_string(cents) + " -");
}

}  // namespace

void implement_transfers(Worker& worker, const Workload& workload) {
  worker
      .implement(kTransfer,
                 [with_children = workload.with_children](Context& ctx, const int& number,
                                                          const int& cents, const int& tagged) {
                   return transfer(ctx, number, cents, tagged, with_children);
                 })
      .implement(kReceipt, write_receipt)
      .implement(kAudit, [](ActivityContext&, const int&) { std::this_thread::sleep_for(1ms); })
      .implement(
          kMove,
          [workload](ActivityContext& ctx, const int& number, const std::string& operation,
                     const int& cents) { move_money(ctx, workload, number, operation, cents); })
      .implement(kWrite,
                 [workload](ActivityContext& ctx, const int& number) {
                   apply(ctx, workload, std::to_string(number) + " receipt 0 -");
                 })
      .implement_async(kClose, [workload](ActivityContext& ctx, Completion<void> closing,
                                          const int& number, const std::string& seen) {
        apply(ctx, workload, std::to_string(number) + " close 0 " + seen);
        workload.desk.put(closing.token());
      });
}

}  // namespace reprise::testing
