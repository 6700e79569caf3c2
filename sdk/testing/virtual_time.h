// The engine of a test: the test's calls drive it and move its clock.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "runtime/client_service.h"
#include "sdk/testing/shaker.h"
#include "sdk/testing/test_machine.h"

namespace reprise::internal {

class ManualClock final : public base::Clock {
 public:
  explicit ManualClock(base::Time start) : now_ms_(base::to_ms(start)) {}
  base::Time now() const override { return base::from_ms(now_ms_.load()); }
  // Forward only.
  void move_to(base::Time time) {
    if (time > now()) now_ms_.store(base::to_ms(time));
  }

 private:
  std::atomic<std::int64_t> now_ms_;
};

// Passes everything on to the machine's engine, and drives it while a caller waits. One thread.
class DrivenService final : public runtime::ClientService {
 public:
  // `prepare` is called before each piece of work (true: it changed something), `start_seen`
  // for every start. `suspicious` is set when a run was, or may have been, parked. `shaker` may be
  // null. `time_steps`: the most moves of time in one wait.
  DrivenService(TestMachine& machine,
                Shaker* shaker,
                ManualClock& clock,
                std::function<bool()> prepare,
                std::function<void(const runtime::StartRequest&)> start_seen,
                bool& suspicious,
                int time_steps)
      : machine_(machine),
        shaker_(shaker),
        clock_(clock),
        prepare_(std::move(prepare)),
        start_seen_(std::move(start_seen)),
        suspicious_(suspicious),
        time_steps_(time_steps) {}

  // Does everything that can happen without time passing. Errors: a run whose replay differed (once
  // each), or work without end.
  base::Status settle();
  base::Status skip(base::Duration duration);

  void await_run(runtime::RunKey run) { awaited_ = std::move(run); }

  void ask(runtime::ClientRequest request) override;
  base::Status read_tables(base::FunctionRef<void(runtime::TableReads&)> read) override {
    return engine().read_tables(read);
  }
  base::Result<bool> wait(base::FunctionRef<bool()> ready,
                          base::FunctionRef<bool(std::optional<base::Duration>)> block,
                          std::optional<base::Duration> timeout) override;

 private:
  bool run_some();
  base::Status run_until_idle();
  base::Status report_nondeterminism();
  std::optional<runtime::RunDescription> describe_now(const runtime::RunKey& key);
  std::vector<runtime::RunDescription> list_now();
  void bring_back(const runtime::RunKey& run);
  base::Error too_many_steps() const;
  base::Error stuck(const std::optional<runtime::RunKey>& run);

  runtime::ClientService& engine() { return machine_.service(); }

  TestMachine& machine_;
  Shaker* shaker_;
  ManualClock& clock_;
  std::function<bool()> prepare_;
  std::function<void(const runtime::StartRequest&)> start_seen_;
  std::optional<runtime::RunKey> awaited_;
  bool& suspicious_;
  const int time_steps_;  // of one wait
  std::set<base::RunId> reported_;
};

}  // namespace reprise::internal
