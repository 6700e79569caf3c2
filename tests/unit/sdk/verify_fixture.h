// Runs that one version of the code has left open in a store, to be verified with another.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "reprise/verify.h"
#include "tests/support/service_over.h"
#include "tests/support/temporary_directory.h"

namespace reprise::verify_test {

inline constexpr Workflow<int(int)> order{"order"};
inline constexpr Activity<int(int)> pick{"pick"};
inline constexpr Activity<int(int)> charge{"charge"};
inline constexpr Activity<int(int)> ship{"ship"};
inline constexpr Signal<int> go{"go"};

using Code = std::function<int(Context&, const int&)>;

inline int wait_for_go(Context& ctx) {
  return ctx.inbox(go).next().get();
}

// What most tests leave runs of: event 2 is "pick", 4 is "ship", and then it waits.
inline int run_order(Context& ctx, const int& value) {
  ctx.call(pick(value));
  ctx.call(ship(value));
  return wait_for_go(ctx);
}

// The stages of a change that charges before it.
inline int run_patched(Context& ctx, const int& value) {
  if (ctx.patched("fees")) ctx.call(charge(value));
  return run_order(ctx, value);
}
inline int run_deprecated(Context& ctx, const int& value) {
  ctx.deprecate_patch("fees");
  ctx.call(charge(value));
  return run_order(ctx, value);
}
inline int run_removed(Context& ctx, const int& value) {
  ctx.call(charge(value));
  return run_order(ctx, value);
}

inline void implement(Worker& worker, const Code& code) {
  const auto done = [](ActivityContext&, const int& value) { return value; };
  worker.implement(order, code).implement(pick, done).implement(charge, done).implement(ship, done);
}

// An engine that works only on request, so that it is known when nothing is under way.
class Shop {
 public:
  Shop(const std::string& store, const Code& code, const std::string& queue)
      : Shop(open(store), code, queue) {}

  Handle<int> start(int value, const std::string& id) {
    const auto run = client_.submit(order(value), {.id = id, .task_queue = queue_});
    settle();
    return run;
  }
  void settle() {
    while (engine_->run_some()) {
    }
  }

 private:
  static std::unique_ptr<runtime::Engine> open(const std::string& store) {
    return std::move(runtime::Engine::open(store, {.threaded = false})).value();
  }
  Shop(std::unique_ptr<runtime::Engine> engine, const Code& code, const std::string& queue)
      : engine_(engine.get()),
        service_(std::move(engine)),
        queue_(queue),
        worker_(service_, {.task_queue = queue}),
        client_(service_) {
    implement(worker_, code);
    worker_.start();
  }

  runtime::Engine* engine_;
  testing::ServiceOver service_;
  const std::string queue_;
  Worker worker_;
  Client client_;
};

class VerifyTest : public ::testing::Test {
 protected:
  VerifyTest() : store_(directory_.path() + "/store") {}

  // Leaves runs of this code where it waits, and closes the engine.
  void leave(const Code& code,
             int runs = 1,
             const std::string& queue = "default",
             const std::string& id = "order-") {
    Shop shop(store_, code, queue);
    for (int i = 0; i < runs; ++i) shop.start(i, id + std::to_string(i));
  }
  void leave_closed(const Code& code) {
    Shop shop(store_, code, "default");
    const auto run = shop.start(0, "closed");
    const auto sent = run.submit_signal(go(1));
    shop.settle();
    sent.delivered();
  }

  // A run of which the code has seen all but a signal, because that made it throw.
  void leave_parked(const Code& code) {
    Shop shop(store_, code, "default");
    const auto run = shop.start(1, "parked");
    const auto sent = run.submit_signal(go(1));
    shop.settle();
    sent.delivered();
  }

  VerifyReport check(const Code& code,
                     const VerifyOptions& options = {},
                     const std::string& queue = "default") const {
    Worker worker({.task_queue = queue});
    implement(worker, code);
    return verify(store_, worker, options);
  }

  const testing::TemporaryDirectory directory_;
  const std::string store_;
};

}  // namespace reprise::verify_test
