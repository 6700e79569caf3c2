// Signals, queries and updates of workflows that are classes.
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace reprise::class_messages_test {
namespace {

using namespace std::chrono_literals;
using testing::Env;

constexpr Workflow<std::string()> main_workflow{"main"};
constexpr Activity<int(int)> twice{"twice"};
constexpr Signal<int> number{"number"};
constexpr Signal<std::string> number_as_text{"number"};
constexpr Signal<bool> finish{"finish"};
constexpr Signal<> poke{"poke"};
constexpr Signal<int> poke_with_number{"poke"};
constexpr Query<int(int)> sum_plus{"sum_plus"};
constexpr Update<int(int)> add{"add"};

class Adder {
 public:
  explicit Adder(Context& ctx) : ctx_(ctx), opened_(ctx.now()) {}
  std::string run() {
    ctx_.wait_until([this] { return finished_; });
    return std::to_string(sum_);
  }
  void on_number(int value) {
    if (value == 13) throw CancelledFailure("unlucky");
    sum_ += ctx_.call(twice(value));
  }
  void on_finish(bool) { finished_ = true; }
  void on_poke() { sum_ += 1'000; }
  int sum_plus(int more) const { return sum_ + more; }
  int on_add(int value) {
    if (value < 0) throw ApplicationFailure("Negative", "no");
    return sum_ += value;
  }

 private:
  Context& ctx_;
  Time opened_;
  int sum_ = 0;
  bool finished_ = false;
};

void bind(Env& env) {
  implement_class(env, main_workflow, &Adder::run)
      .on(number, &Adder::on_number)
      .on(finish, &Adder::on_finish)
      .on(poke, &Adder::on_poke)
      .on(sum_plus, &Adder::sum_plus)
      .on(add, &Adder::on_add);
}

TEST(Classes, HandleEverything) {
  Env env;
  bind(env);
  env.stub(twice, [](int value) { return 2 * value; });
  auto run = env.start(main_workflow());
  run.signal(number(1));
  run.signal(number(13));
  EXPECT_EQ(run.query(sum_plus(100)), 102);
  EXPECT_EQ(run.update(add(5)), 7);
  EXPECT_THROW(run.update(add(-5)), ApplicationFailure);
  run.signal(poke());
  run.signal(finish(true));
  EXPECT_EQ(run.result(), "1007");
  EXPECT_EQ(run.query(sum_plus(1)), 1008);
}

TEST(Classes, AreNotHandedSignalsThatDoNotDecode) {
  Env env({.logger = [](LogLevel, std::string_view) {}});
  bind(env);
  auto run = env.start(main_workflow());
  run.signal(number_as_text("one"));
  run.signal(poke_with_number(1));
  run.signal(finish(true));
  EXPECT_EQ(run.result(), "0");
}

TEST(Classes, HandleSignalsThatCameFirst) {
  Env env;
  auto run = env.client().submit(main_workflow());
  bind(env);
  run.signal(finish(true));
  EXPECT_EQ(run.result(), "0");
}

// An update that comes while the object is being constructed waits for its handler, like a signal.
class MadeSlowly {
 public:
  explicit MadeSlowly(Context& ctx) : ctx_(ctx) { ctx.sleep(1h); }
  std::string run() {
    ctx_.wait_until([this] { return sum_ >= 7; });
    return std::to_string(sum_);
  }
  void on_number(const int& value) { sum_ += value; }
  int on_add(const int& value) { return sum_ += value; }

 private:
  Context& ctx_;
  int sum_ = 0;
};

TEST(Updates, WaitForAnObjectThatIsBeingMade) {
  Env env;
  implement_class(env, main_workflow, &MadeSlowly::run)
      .on(number, &MadeSlowly::on_number)
      .on(add, &MadeSlowly::on_add);
  const auto run = env.start(main_workflow());
  run.signal(number(3));
  EXPECT_EQ(run.update(add(4)), 7);
  EXPECT_EQ(run.result(), "7");
}

TEST(Updates, OfNoNameThatAnObjectHasAreRefusedWhenItIsMade) {
  Env env;
  implement_class(env, main_workflow, &MadeSlowly::run).on(number, &MadeSlowly::on_number);
  const auto run = env.start(main_workflow());
  EXPECT_THROW(run.update(add(4)), ApplicationFailure);
  run.terminate("enough");
}

}  // namespace
}  // namespace reprise::class_messages_test
