#include "tests/simulation/operators_machine.h"

#include <chrono>
#include <utility>

#include "base/check.h"
#include "sdk/src/schedule/own_worker.h"
#include "sdk/src/schedule/state.h"
#include "sdk/src/service/service.h"

namespace reprise::simulation {

void tick(Context& ctx, int minutes) {
  ctx.sleep(std::chrono::minutes(minutes));
}

void read_news(Context& ctx, const std::string& key) {
  std::vector<int> got;
  while (true) {
    got.push_back(ctx.receive(kNews, key).get());
    ctx.set(kGot(got));
  }
}

std::string keep_ledger(Context& ctx, int entries, const std::function<int()>& fresh) {
  std::string all;
  auto inbox = ctx.inbox(kEntry);
  for (int i = 0; i < entries; ++i) {
    all += ctx.call(kBook(i)) + ";";
    all += std::to_string(ctx.side_effect(fresh)) + ";";
    if (i % 2 == 1) all += inbox.next().get() + ";";
  }
  return all;
}

// What clients talk to: works while they wait.
class OperatorsMachine::Driven final : public runtime::ClientService {
 public:
  explicit Driven(OperatorsMachine& machine) : machine_(machine) {}

  void ask(runtime::ClientRequest request) override { machine_.engine_->ask(std::move(request)); }
  base::Status read_tables(base::FunctionRef<void(runtime::TableReads&)> read) override {
    return machine_.engine_->read_tables(read);
  }
  base::Result<bool> wait(base::FunctionRef<bool()> ready,
                          base::FunctionRef<bool(std::optional<base::Duration>)>,
                          std::optional<base::Duration>) override {
    while (!ready() && machine_.work()) {
    }
    return ready();
  }

 private:
  OperatorsMachine& machine_;
};

namespace {

struct OperatorsState final : internal::ServiceState {
  base::Time now() const override { return clock->now(); }
  const base::Clock* clock = nullptr;
};

class OperatorsService final : public Service {
 public:
  explicit OperatorsService(std::unique_ptr<internal::ServiceState> state)
      : Service(std::move(state)) {}
};

std::shared_ptr<const internal::WorkflowHost> quiet_host() {
  return std::make_shared<const internal::WorkflowHost>(
      internal::WorkflowHost{.log = [](LogLevel, std::string_view) {}});
}

constexpr base::Time kStart{std::chrono::seconds(1'767'225'600)};  // 2026-01-01T00:00:00Z

}  // namespace

OperatorsMachine::OperatorsMachine(testing::Random& random, bool archives)
    : random_(random), archives_(archives), clock_(kStart, random.next(), /*jittery=*/false) {
  driven_ = std::make_unique<Driven>(*this);
  auto state = std::make_unique<OperatorsState>();
  state->clients = driven_.get();
  state->clock = &clock_;
  state->log = [](LogLevel, std::string_view) {};
  service_ = std::make_unique<OperatorsService>(std::move(state));
  client_ = std::make_unique<Client>(*service_, ClientOptions{.principal = "operator"});
  boot();
}

OperatorsMachine::~OperatorsMachine() {
  stop();
}

void OperatorsMachine::stop() {
  store_->kill();
  sessions_.clear();
  engine_.reset();
}

void OperatorsMachine::boot() {
  auto store = std::make_unique<SimStore>(disk_);
  store_ = store.get();
  runtime::EngineOptions options;
  options.threaded = false;
  options.clock = &clock_;
  options.seed = random_.next() | 1;
  options.strict = true;
  options.cached_runs = 1 + random_.below(4);
  options.archive_slice = archives_ ? 1 + random_.below(30) : std::size_t{1} << 30;
  options.on_fatal = [](const base::Error&) {};
  options.log = [](runtime::LogLevel, std::string_view) {};
  auto engine = runtime::EmbeddedEngine::over(std::move(store), options);
  REPRISE_CHECK(engine.has_value(), "a simulated disk opens");
  engine_ = std::move(*engine);
  internal::Implementations own;
  internal::add_own_code(own, *driven_);
  internal::Implementations users;
  users.add_workflow(kTick.name(), internal::workflow_function<void(int)>(&tick),
                     internal::kArgumentTypes<void(int)>);
  users.add_workflow(kReader.name(), internal::workflow_function<void(std::string)>(&read_news),
                     internal::kArgumentTypes<void(std::string)>);
  users.add_workflow(kLedger.name(),
                     internal::workflow_function<std::string(int)>([this](Context& ctx, int count) {
                       return keep_ledger(ctx, count, [this] { return ++fresh_; });
                     }),
                     internal::kArgumentTypes<std::string(int)>);
  users.add_activity(kBook.name(),
                     internal::activity_code(
                         internal::activity_function(std::type_identity<std::string(int)>{},
                                                     [this](ActivityContext&, int entry) {
                                                       if (random_.chance(15))
                                                         throw ApplicationFailure("Busy", "later");
                                                       return std::to_string(entry) + "#" +
                                                              std::to_string(++fresh_);
                                                     }),
                         /*interceptors=*/{}));
  for (const auto& [code, queue] : {std::pair(&own, std::string(internal::kSystemQueue)),
                                    std::pair(&users, std::string("default"))}) {
    auto session = engine_->register_worker(code->worker_code(queue, 0, quiet_host()));
    REPRISE_CHECK(session.has_value(), "the queue is free");
    sessions_.push_back(std::move(*session));
  }
}

// What the dead process has written without saying so is durable.
void OperatorsMachine::acknowledge_the_rest() {
  for (auto at = disk_.journal.upper_bound(disk_.acknowledged_through); at != disk_.journal.end();
       ++at) {
    std::size_t size = 0;
    const auto record = store::decode_record(at->second, &size);
    disk_.acknowledged[record->run].push_back(kept(*record));
    disk_.acknowledged_through = at->first;
  }
}

void OperatorsMachine::restart() {
  ++deaths_;
  stop();
  acknowledge_the_rest();
  if (random_.chance(50)) clock_.move(base::Duration(random_.between(0, 3'000'000)));
  boot();
}

bool OperatorsMachine::work() {
  if (may_die_ && random_.chance(2)) {
    store_->die_in_append(random_.chance(50) ? Death::kBeforeWrite : Death::kAfterWrite);
  }
  const bool any = engine_->run_some();
  if (!store_->alive()) throw Died{};
  return any;
}

void OperatorsMachine::work_off() {
  while (work()) {
  }
}

void OperatorsMachine::move_clock(base::Duration by) {
  clock_.move(by);
  const std::uint64_t steps = random_.below(30);
  for (std::uint64_t i = 0; i < steps && work(); ++i) {
  }
}

void OperatorsMachine::archive() {
  if (!archives_) return;
  if (may_die_ && random_.chance(30)) {
    store_->die_in_archive(random_.chance(50) ? Death::kBeforeWrite : Death::kAfterWrite);
  }
  (void)static_cast<runtime::EmbeddedEngine&>(*engine_).archive();
  if (!store_->alive()) throw Died{};
}

void OperatorsMachine::calm_down() {
  may_die_ = false;
  restart();
  clock_.move(clock_.latest() - clock_.truth());
  work_off();
}

}  // namespace reprise::simulation
