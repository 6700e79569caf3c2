// The code of docs/guide.md, in its order. The last test makes sure that it is that code.
#include <chrono>
#include <csignal>
#include <functional>
#include <map>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/page_code.h"
#include "tests/support/temporary_directory.h"

namespace reprise_guide_page_test {
namespace {

using namespace std::chrono_literals;

// ---- sagas ------------------------------------------------------------------------------------

constexpr reprise::Workflow<std::string(std::vector<std::string>)> journey{"journey"};
constexpr reprise::Activity<std::string(std::string)> book{"book"};
constexpr reprise::Activity<void(std::string)> give_back{"give_back"};

std::string run_journey(reprise::Context& ctx, const std::vector<std::string>& legs) {
  std::vector<std::string> booked;
  try {
    for (const std::string& leg : legs) booked.push_back(ctx.call(book(leg)));
    return "booked " + std::to_string(booked.size());
  } catch (const reprise::Failure&) {
    reprise::Shield shield(ctx);  // cancelled or not, this is done to its end
    for (auto last = booked.rbegin(); last != booked.rend(); ++last) ctx.call(give_back(*last));
    throw;
  }
}

struct Bookings {
  explicit Bookings(reprise::testing::Env& env) {
    env.implement(journey, run_journey);
    env.stub(book, [](const std::string& leg) {
      if (leg == "full") throw reprise::ApplicationFailure("Full", "no seats", false);
      return "seat to " + leg;
    });
    env.stub(give_back, [this](const std::string& seat) { given_back.push_back(seat); });
  }
  std::vector<std::string> given_back{};
};

TEST(Guide, ASagaUndoesInReverseOrder) {
  reprise::testing::Env env;
  Bookings bookings(env);
  EXPECT_EQ(env.start(journey({"Rome", "Oslo"})).result(), "booked 2");
  EXPECT_THROW(env.start(journey({"Rome", "Oslo", "full"})).result(), reprise::ActivityFailure);
  EXPECT_EQ(bookings.given_back, (std::vector<std::string>{"seat to Oslo", "seat to Rome"}));
}

// ---- cancellation and cleanup -----------------------------------------------------------------

constexpr reprise::Workflow<std::string(std::string)> film{"film"};
constexpr reprise::Activity<std::string()> rent_machine{"rent_machine"};
constexpr reprise::Activity<std::string(std::string, std::string)> render{"render"};
constexpr reprise::Activity<void(std::string)> return_machine{"return_machine"};

std::string run_film(reprise::Context& ctx, const std::string& title) {
  const std::string machine = ctx.call(rent_machine());
  const auto clean_up = [&] {
    reprise::Shield shield(ctx);
    ctx.call(return_machine(machine));
  };
  std::string reel;
  try {
    ctx.sleep(1h);  // the machine warms up
    reel = ctx.call(render(machine, title), {.heartbeat = 1min});
  } catch (const reprise::Failure&) {  // CancelledFailure is one of them
    clean_up();
    throw;
  }
  clean_up();
  return reel;
}

std::string do_render(reprise::ActivityContext& ctx, const std::string&, const std::string& title) {
  for (int frame = ctx.heartbeat_details<int>().value_or(0); frame < 100; ++frame) {
    if (ctx.stop_token().stop_requested()) throw reprise::CancelledFailure("stopped");
    // ... draw the frame ...
    ctx.heartbeat(frame + 1);  // lives, and this far: the next attempt goes on from here
  }
  return "reel of " + title;
}

TEST(Guide, CleanupHappensHoweverItEnds) {
  reprise::testing::Env env;
  env.implement(film, run_film).implement(render, do_render);
  env.stub(rent_machine, [] { return std::string("m1"); });
  env.stub(return_machine, [](const std::string&) {});
  EXPECT_EQ(env.start(film("Metropolis")).result(), "reel of Metropolis");
  EXPECT_EQ(env.calls(return_machine), 1);

  const auto run = env.start(film("Metropolis"));
  run.cancel("no money left");
  EXPECT_THROW(run.result(), reprise::CancelledFailure);
  EXPECT_EQ(run.describe().status, reprise::RunStatus::kCancelled);
  EXPECT_EQ(env.calls(return_machine), 2);
  EXPECT_EQ(env.calls(render), 1);
}

constexpr reprise::Workflow<std::string(std::string)> search{"search"};
constexpr reprise::Activity<std::string(std::string, std::string)> ask{"ask"};

std::string run_search(reprise::Context& ctx, const std::string& question) {
  reprise::CancelScope scope(ctx);
  auto here = ctx.start(ask("the library", question));
  auto there = ctx.start(ask("the archive", question));
  const std::string answer = ctx.first_of(here, there) == 0 ? here.get() : there.get();
  scope.cancel();  // whoever has not answered need not any more
  return answer;
}

TEST(Guide, TheFirstAnswerGivesUpTheOthers) {
  reprise::testing::Env env;
  env.implement(search, run_search);
  env.stub(ask, [](const std::string& whom, const std::string&) {
    if (whom == "the library") throw std::runtime_error("closed");
    return whom + " knows";
  });
  const auto run = env.start(search("who was it?"));
  EXPECT_EQ(run.result(), "the archive knows");
}

// ---- deadlines --------------------------------------------------------------------------------

constexpr reprise::Workflow<std::string(std::string)> order{"order"};
constexpr reprise::Activity<void(std::string)> charge{"charge"};
constexpr reprise::Signal<std::string> packed{"packed"};

const reprise::ActivityOptions kPatient{
    .start_to_close = 10s,    // one attempt
    .schedule_to_close = 1h,  // all attempts, and the time between them
    .retry = {.initial_interval = 1s, .maximum_interval = 1min},
};

std::string run_order(reprise::Context& ctx, const std::string& number) {
  ctx.call(charge(number), kPatient);
  auto parcel = ctx.inbox(packed).next();
  auto deadline = ctx.timer(24h);
  if (ctx.first_of(parcel, deadline) == 1)
    throw reprise::ApplicationFailure("NotPacked", "nobody packed it in a day", false);
  return "packed by " + parcel.get();
}

TEST(Guide, AWaitHasADeadline) {
  reprise::testing::Env env;
  env.implement(order, run_order);
  env.stub(charge, [](const std::string&) {});
  EXPECT_THROW(env.start(order("7")).result(), reprise::ApplicationFailure);
  const auto run = env.start(order("8"));
  run.signal(packed("ann"));
  EXPECT_EQ(run.result(), "packed by ann");
}

TEST(Guide, AnActivityHasADeadline) {
  reprise::testing::Env env;
  env.implement(order, run_order);
  env.stub(charge, [](const std::string&) { throw std::runtime_error("no answer"); });
  const auto began = env.now();
  EXPECT_THROW(env.start(order("7")).result(), reprise::ActivityFailure);
  EXPECT_LE(env.now() - began, 1h);
}

constexpr reprise::Workflow<std::string()> report{"report"};

// A deadline for any part of the code: dropping a spawned function stops it where it waits.
std::string run_report(reprise::Context& ctx) {
  auto work = ctx.spawn([&] {
    reprise::CancelScope scope(ctx);
    ctx.sleep(10h);
    return std::string("a long report");
  });
  auto deadline = ctx.timer(8h);
  if (ctx.first_of(work, deadline) == 1) return "no report";
  return work.get();
}

TEST(Guide, ManyStepsHaveADeadline) {
  reprise::testing::Env env;
  env.implement(report, run_report);
  const auto began = env.now();
  EXPECT_EQ(env.start(report()).result(), "no report");
  EXPECT_EQ(env.now() - began, 8h);
}

// ---- human steps ------------------------------------------------------------------------------

constexpr reprise::Workflow<std::string(std::string)> expense{"expense"};
constexpr reprise::Signal<bool> decide{"decide"};
constexpr reprise::Query<std::string()> how_far{"how_far"};
constexpr reprise::Activity<void(std::string)> remind{"remind"};

std::string run_expense(reprise::Context& ctx, const std::string& claim) {
  std::string now = "waits for a decision";
  const auto answering = ctx.answer(how_far, [&] { return now; });
  auto decision = ctx.inbox(decide).next();
  for (int reminders = 1; reminders <= 3; ++reminders) {
    auto patience = ctx.timer(48h);
    if (ctx.first_of(decision, patience) == 0) return decision.get() ? "granted" : "refused";
    ctx.call(remind(claim));
    now = "reminded " + std::to_string(reminders) + " times";
  }
  return "nobody decided";
}

TEST(Guide, PeopleAreReminded) {
  reprise::testing::Env env;
  env.implement(expense, run_expense);
  env.stub(remind, [](const std::string&) {});
  const auto run = env.start(expense("a chair"));
  env.skip(50h);
  EXPECT_EQ(run.query(how_far()), "reminded 1 times");
  run.signal(decide(true));
  EXPECT_EQ(run.result(), "granted");
  EXPECT_EQ(env.start(expense("a desk")).result(), "nobody decided");
  EXPECT_EQ(env.calls(remind), 4);
}

// ---- long loops -------------------------------------------------------------------------------

constexpr reprise::Workflow<void(std::string, int)> subscription{"subscription"};
constexpr reprise::Activity<void(std::string, int)> bill{"bill"};
constexpr reprise::Activity<void(std::string, int)> go_on{"go_on"};

void run_subscription(reprise::Context& ctx, const std::string& customer, int year) {
  for (int month = 1; month <= 12; ++month) {
    ctx.call(bill(customer, 12 * year + month));
    ctx.sleep(30 * 24h);
  }
  ctx.call(go_on(customer, year + 1));
}

// An activity may use a client. Its id makes the start happen once, however often it is tried.
void do_go_on(const reprise::Client& client, const std::string& customer, int year) {
  (void)client.start(subscription(customer, year), {.id = customer + "/" + std::to_string(year),
                                                    .id_reuse = reprise::IdReuse::kUseExisting});
}

TEST(Guide, ALongLoopIsManyRuns) {
  reprise::testing::Env env;
  env.implement(subscription, run_subscription);
  std::vector<int> billed;
  env.stub(bill, [&](const std::string&, int month) { billed.push_back(month); });
  env.stub(go_on, [&](const std::string& customer, int year) {
    if (year < 3) do_go_on(env.client(), customer, year);
  });
  env.start(subscription("ann", 0), {.id = "ann/0"});
  env.skip(3 * 365 * 24h);
  EXPECT_EQ(billed.size(), 36u);
  EXPECT_EQ(env.client().list().size(), 3u);
}

// ---- idempotency ------------------------------------------------------------------------------

// Somebody else's service, or a table of your own: it does not repeat an effect under the same key.
class Bank {
 public:
  std::string charge(std::string_view key, int cents) {
    const auto [done, is_new] = receipts_.try_emplace(std::string(key));
    if (!is_new) return done->second;
    done->second = "receipt " + std::to_string(total_ += cents);
    throw std::runtime_error("the line broke");  // after it was charged
  }
  int total() const { return total_; }

 private:
  std::map<std::string, std::string> receipts_;
  int total_ = 0;
};

constexpr reprise::Workflow<std::string(int)> sale{"sale"};
constexpr reprise::Activity<std::string(int)> pay{"pay"};

std::string run_sale(reprise::Context& ctx, int cents) {
  return ctx.call(pay(cents));
}

TEST(Guide, AnAttemptThatIsMadeAgainDoesNothingTwice) {
  reprise::testing::Env env;
  Bank bank;
  env.implement(sale, run_sale);
  env.implement(pay, [&](reprise::ActivityContext& ctx, int cents) {
    return bank.charge(ctx.idempotency_key(), cents);
  });
  EXPECT_EQ(env.start(sale(100)).result(), "receipt 100");
  EXPECT_EQ(env.calls(pay), 2);
  EXPECT_EQ(bank.total(), 100);
}

// ---- starting once ----------------------------------------------------------------------------

reprise::Handle<std::string> sell_once(const reprise::Client& client,
                                       const std::string& order_number,
                                       int cents) {
  return client.start(sale(cents),
                      {.id = order_number, .id_reuse = reprise::IdReuse::kUseExisting});
}

TEST(Guide, AnOrderIsSoldOnce) {
  reprise::testing::Env env;
  env.implement(sale, run_sale);
  env.stub(pay, [](int) { return std::string("paid"); });
  EXPECT_EQ(sell_once(env.client(), "order-7", 100).result(), "paid");
  EXPECT_EQ(sell_once(env.client(), "order-7", 100).result(), "paid");
  EXPECT_EQ(env.calls(pay), 1);
  EXPECT_EQ(env.client().list().size(), 1u);
}

// ---- stopping ---------------------------------------------------------------------------------

int serve(const std::string& directory, const std::function<void()>& ready) {
  // Before the first thread: those of the engine and the workers inherit it.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);

  const auto engine = reprise::Engine::open(directory);
  reprise::Worker worker(*engine);
  worker.implement(report, run_report);
  worker.start();
  ready();

  int signal = 0;
  sigwait(&ending, &signal);
  worker.stop();  // no new work; activities under way end, or see their stop_token()
  return 0;       // then the engine closes: what was acknowledged is on the disk all the time
}

TEST(Guide, EndsWhenItIsTold) {
  const reprise::testing::TemporaryDirectory directory;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t program = ::fork();
  if (program == 0) {
    ::_exit(serve(directory / "store", [&] { (void)!::write(ends[1], "r", 1); }));
  }
  char ready = 0;
  ::close(ends[1]);
  EXPECT_EQ(::read(ends[0], &ready, 1), 1);
  ::close(ends[0]);
  ::kill(program, SIGTERM);
  int status = -1;
  ASSERT_EQ(::waitpid(program, &status, 0), program);
  EXPECT_EQ(status, 0);
}

// ---- the page ---------------------------------------------------------------------------------

TEST(GuidePage, HasTheCodeOfThisFile) {
  reprise::testing::expect_code_of("docs/guide.md", "tests/unit/sdk/guide_page_test.cc", 12);
}

}  // namespace
}  // namespace reprise_guide_page_test
