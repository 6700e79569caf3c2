#include "tests/crash/transfers.h"

#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

#include "tests/crash/failpoints.h"

namespace reprise::testing {
namespace {

using namespace std::chrono_literals;

constexpr Activity<void(int, std::string, int)> kMove{"move \xf0\x9f\x92\xb0"};
constexpr Activity<void(int, std::string)> kClose{std::string_view("\0close", 6)};

// Lives on the stack of a transfer. The stack is unwound early only when the run leaves memory.
class Resident {
 public:
  ~Resident() {
    if (!at_its_end) passed("eviction");
  }
  bool at_its_end = false;
};

std::string notes_seen(Context& ctx) {
  auto inbox = ctx.inbox(kNote);
  std::string seen;
  for (int note = 0; note != kNotes;) {
    note = inbox.next().get();
    seen += std::to_string(note);
  }
  return seen;
}

std::string transfer(Context& ctx, const int& number) {
  Resident resident;
  // Lost attempts count, so a transfer that is cut short again and again needs many, soon.
  const RetryPolicy soon{.initial_interval = Duration(1), .maximum_interval = Duration(4)};
  const ActivityOptions options{.retry = soon};
  const StepOn where = number % 2 == 0 ? StepOn::kShard : StepOn::kActivityThread;
  const int cents =
      ctx.step("price\r\n", [&] { return 100 + number; }, {.retry = soon, .on = where});
  ctx.call(kMove(number, "withdraw", -cents), options);
  const std::string seen = notes_seen(ctx);
  ctx.sleep(number % 3 == 0 ? 2ms : 1ms);
  std::string how = "deposit";
  try {
    ctx.call(kMove(number, how, cents), options);
  } catch (const ActivityFailure&) {
    how = "refund";
    ctx.call(kMove(number, how, cents), options);
  }
  ctx.call(kClose(number, seen), options);
  resident.at_its_end = true;
  return how + ":" + seen;
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

void implement_transfers(Worker& worker, const Lines& ledger, bool apply_twice) {
  const auto apply = [&ledger, apply_twice](const ActivityContext& ctx, const std::string& effect) {
    std::string key(ctx.idempotency_key());
    if (apply_twice) key += "#" + std::to_string(ctx.attempt());
    ledger.add(key + " " + effect);
    passed("after_effect");
  };
  worker.implement(kTransfer, transfer)
      .implement(kMove,
                 [apply](ActivityContext& ctx, const int& number, const std::string& operation,
                         const int& cents) {
                   if (operation == "deposit" && number % 5 == 0) {
                     throw ApplicationFailure(
                         "Account\xe9"
                         "Closed",
                         "M\xfcller's account is closed", false);
                   }
                   apply(ctx, std::to_string(number) + " " + operation + " " +
                                  std::to_string(cents) + " -");
                 })
      .implement(kClose, [apply](ActivityContext& ctx, const int& number, const std::string& seen) {
        apply(ctx, std::to_string(number) + " close 0 " + seen);
      });
}

}  // namespace reprise::testing
