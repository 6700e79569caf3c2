// Interceptors and headers. First the code of docs/interceptors.md; a test makes sure that it is
// that code.
#include <chrono>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/replayer.h"
#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/support/page_code.h"
#include "tests/support/temporary_directory.h"

namespace interceptors_page_test {

// ---- the page ---------------------------------------------------------------------------------

// Who asks, from the client to whatever follows from the call.
class Tenant final : public reprise::Interceptor {
 public:
  explicit Tenant(std::string name) : name_(std::move(name)) {}

  void client(std::string_view /*verb*/,
              std::string_view /*name*/,
              reprise::Headers& headers) override {
    headers["tenant"] = name_;
  }

  void outbound(reprise::Context& ctx,
                std::string_view /*kind*/,
                std::string_view /*name*/,
                reprise::Headers& headers) override {
    const auto tenant = ctx.headers().find("tenant");
    if (tenant != ctx.headers().end()) headers.insert(*tenant);
  }

  void activity(reprise::ActivityContext&,
                const reprise::Headers& headers,
                const std::function<void()>& next) override {
    if (!headers.contains("tenant")) {
      throw reprise::ApplicationFailure("NoTenant", "no tenant, no work", false);
    }
    next();
  }

 private:
  const std::string name_;
};

void configure(reprise::Engine& engine) {
  const auto tenant = std::make_shared<Tenant>("acme");
  reprise::Worker worker(engine, {.interceptors = {tenant}});
  const reprise::Client client(engine, {.interceptors = {tenant}});
}

}  // namespace interceptors_page_test

namespace reprise {
namespace interceptors_test {
namespace {

using namespace std::chrono_literals;
using interceptors_page_test::Tenant;
using reprise::testing::Crash;
using reprise::testing::Env;
using reprise::testing::EnvOptions;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(InterceptorsPage, HasTheCodeOfThisTest) {
  testing::expect_code_of("docs/interceptors.md", "tests/unit/sdk/interceptors_test.cc", 2);
}

constexpr Activity<std::string(std::string)> work{"work"};
constexpr Workflow<std::string(std::string)> parent{"parent"};
constexpr Workflow<std::string(std::string)> child{"child"};
constexpr Signal<std::string> go{"go"};
constexpr Update<std::string(std::string)> change{"change"};

// Notes everything that it sees.
class Recorder final : public Interceptor {
 public:
  explicit Recorder(std::string mark) : mark_(std::move(mark)) {}

  void run(Context& ctx, const Headers& headers, const std::function<void()>& next) override {
    const bool again = ctx.replaying();
    if (!again) note("run " + ctx.info().workflow + text(headers));
    next();
    if (!ctx.replaying()) note("ran " + ctx.info().workflow);
  }
  void handle(Context& ctx,
              std::string_view kind,
              std::string_view name,
              const Headers& headers,
              const std::function<void()>& next) override {
    if (!ctx.replaying()) note(std::string(kind) + " " + std::string(name) + text(headers));
    next();
  }
  void outbound(Context& ctx,
                std::string_view kind,
                std::string_view name,
                Headers& headers) override {
    headers["by"] += mark_;
    if (!ctx.replaying()) note("out " + std::string(kind) + " " + std::string(name));
  }
  void activity(ActivityContext& ctx,
                const Headers& headers,
                const std::function<void()>& next) override {
    note("activity " + std::string(ctx.activity()) + text(headers));
    next();
  }
  void client(std::string_view verb, std::string_view name, Headers& headers) override {
    headers["from"] += mark_;
    note(std::string(verb) + " " + std::string(name));
  }

  std::vector<std::string> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(seen_, {});
  }

 private:
  static std::string text(const Headers& headers) {
    std::string all;
    for (const auto& [name, value] : headers) all += " " + name + "=" + value;
    return all;
  }
  void note(const std::string& what) {
    const std::lock_guard lock(mutex_);
    seen_.push_back(mark_ + ": " + what);
  }

  const std::string mark_;
  std::mutex mutex_;
  std::vector<std::string> seen_;
};

void implement(Env& env) {
  env.implement(work, [](ActivityContext&, const std::string& what) { return "did " + what; });
  env.implement(child, [](Context& ctx, const std::string& what) { return ctx.call(work(what)); });
}

TEST(Interceptors, SeeEveryCallOnItsWay) {
  const auto one = std::make_shared<Recorder>("1");
  Env env({.interceptors = {one}});
  implement(env);
  env.implement(parent, [](Context& ctx, const std::string& what) {
    const auto accepted = ctx.accept(change, [](const std::string& to) { return to; });
    ctx.inbox(go).next().get();
    ctx.external("other").signal(go("x"));
    return ctx.call(child(what));
  });
  env.implement(Workflow<void()>("other"), [](Context& ctx) { ctx.inbox(go).next().get(); });
  const auto other = env.start(Workflow<void()>("other")(), {.id = "other"});
  const auto run = env.start(parent("it"), {.id = "p"});
  EXPECT_EQ(run.update(change("c")), "c");
  run.signal(go("y"));
  EXPECT_EQ(run.result(), "did it");
  other.result();
  EXPECT_THAT(one->take(),
              ElementsAre("1: start other", "1: run other from=1", "1: start parent",
                          "1: run parent from=1", "1: update change", "1: update change from=1",
                          "1: signal go", "1: out signal go", "1: ran other",
                          "1: out workflow child", "1: run child by=1", "1: out activity work",
                          "1: activity work by=1", "1: ran child", "1: ran parent"));
}

TEST(Interceptors, SurroundEachOtherTheFirstOutermost) {
  class Nested final : public Interceptor {
   public:
    Nested(char mark, std::string* seen) : mark_(mark), seen_(seen) {}
    void run(Context&, const Headers&, const std::function<void()>& next) override {
      *seen_ += mark_;
      next();
      *seen_ += mark_;
    }
    void outbound(Context&, std::string_view, std::string_view, Headers& headers) override {
      headers["order"] += mark_;
    }
    void activity(ActivityContext&,
                  const Headers& headers,
                  const std::function<void()>& next) override {
      *seen_ += "[" + headers.at("order") + mark_;
      next();
      *seen_ += "]";
    }

   private:
    const char mark_;
    std::string* const seen_;
  };
  std::string seen;
  Env env({.replay = reprise::testing::Replay::kOff,
           .interceptors = {std::make_shared<Nested>('a', &seen),
                            std::make_shared<Nested>('b', &seen)}});
  implement(env);
  EXPECT_EQ(env.start(child("it")).result(), "did it");
  EXPECT_EQ(seen, "ab[aba[abb]]ba");
}

// A class's handlers are surrounded, too.
class Classy {
 public:
  explicit Classy(Context& ctx) : ctx_(ctx) {}
  std::string run(const std::string& what) {
    ctx_.wait_until([this] { return !got_.empty(); });
    return what + got_;
  }
  void on_go(const std::string& value) { got_ = value; }
  std::string on_change(const std::string& value) { return value; }

 private:
  Context& ctx_;
  std::string got_;
};

TEST(Interceptors, SurroundHandlersOfClasses) {
  const auto one = std::make_shared<Recorder>("1");
  Env env({.interceptors = {one}});
  implement_class(env, parent, &Classy::run).on(go, &Classy::on_go).on(change, &Classy::on_change);
  const auto run = env.start(parent("it"));
  EXPECT_EQ(run.update(change("c")), "c");
  run.signal(go("!"));
  EXPECT_EQ(run.result(), "it!");
  const auto seen = one->take();
  EXPECT_THAT(seen, Contains("1: update change from=1"));
  EXPECT_THAT(seen, Contains("1: signal go from=1"));
}

TEST(Headers, ComeBackAfterACrashAtEveryCommit) {
  const auto one = std::make_shared<Recorder>("1");
  Env env({.crash = Crash::kEveryCommit, .interceptors = {one}});
  implement(env);
  env.implement(parent, [](Context& ctx, const std::string& what) {
    ctx.sleep(1h);
    return ctx.headers().at("from") + ctx.call(child(what));
  });
  EXPECT_EQ(env.start(parent("it")).result(), "1did it");
  EXPECT_THAT(one->take(), Contains("1: activity work by=1"));
}

TEST(Headers, GoWithSignalsThatNobodyHasReadIntoTheNextRun) {
  const auto one = std::make_shared<Recorder>("1");
  Env env({.interceptors = {one}});
  env.implement(parent, [](Context& ctx, const std::string& what) -> std::string {
    if (what == "first") {
      ctx.sleep(1h);
      ctx.continue_as_new(parent("second"));
    }
    std::string got;
    const auto any = ctx.on_any_signal(
        [&](std::string_view, std::string_view payload) { got = std::to_string(payload.size()); });
    ctx.wait_until([&] { return !got.empty(); });
    return ctx.headers().at("from") + ctx.headers().at("by");
  });
  const auto run = env.start(parent("first"));
  run.signal(go("x"));
  EXPECT_EQ(run.result(), "11");
  EXPECT_THAT(one->take(), Contains("1: signal go from=1"));
}

TEST(Headers, StayAtACheckpointAndInTheNextAttempt) {
  Env env({.interceptors = {std::make_shared<Recorder>("1")}});
  env.implement(parent, [](Context& ctx, const std::string& what) -> std::string {
    if (what == "first" && ctx.info().attempt == 2) ctx.checkpoint(parent("second"));
    if (what == "first") throw ApplicationFailure("Once", "fails once", true);
    ctx.sleep(1s);
    return ctx.headers().at("from");
  });
  const auto run = env.start(parent("first"), {.retry = RetryPolicy{.maximum_attempts = 2}});
  EXPECT_EQ(run.result(), "1");
}

TEST(Headers, GoWithMessagesThatStartARun) {
  const auto one = std::make_shared<Recorder>("1");
  Env env({.interceptors = {one}});
  implement_class(env, parent, &Classy::run).on(go, &Classy::on_go).on(change, &Classy::on_change);
  const auto run = env.client().signal_with_start(go("!"), parent("a"), {.id = "a"});
  EXPECT_EQ(run.result(), "a!");
  EXPECT_EQ(env.client().update_with_start(change("c"), parent("b"), {.id = "b"}).result(), "c");
  EXPECT_THAT(one->take(),
              ElementsAre("1: start parent", "1: signal go", "1: run parent from=1",
                          "1: signal go from=1", "1: ran parent", "1: start parent",
                          "1: update change", "1: run parent from=1", "1: update change from=1"));
}

TEST(Headers, AreInTheHistoryAndOnlyThere) {
  Env with({.interceptors = {std::make_shared<Recorder>("1")}});
  implement(with);
  const auto traced = with.start(child("it"));
  traced.result();
  const std::string json = traced.history().to_json(JsonLayout::kCompact);
  EXPECT_THAT(json, HasSubstr(R"("headers":[{"name":"from","value":"1"}])"));
  EXPECT_THAT(json, HasSubstr(R"("headers":[{"name":"by","value":"1"}])"));
  EXPECT_EQ(History::parse(json).to_json(JsonLayout::kCompact), json);
  Env without;
  implement(without);
  const auto plain = without.start(child("it"));
  plain.result();
  EXPECT_THAT(plain.history().to_json(), Not(HasSubstr("headers")));
}

// ---- replay -----------------------------------------------------------------------------------

History history_with(std::vector<std::shared_ptr<Interceptor>> interceptors) {
  Env env({.interceptors = std::move(interceptors)});
  implement(env);
  const auto run = env.start(child("it"));
  run.result();
  return run.history();
}

Replayer replayer_with(std::vector<std::shared_ptr<Interceptor>> interceptors) {
  Replayer replayer({.strict = true, .interceptors = std::move(interceptors)});
  replayer.implement(child,
                     [](Context& ctx, const std::string& what) { return ctx.call(work(what)); });
  return replayer;
}

TEST(InterceptorsInReplay, MayComeAndGoIfTheyOnlyWriteHeaders) {
  const auto one = std::make_shared<Recorder>("1");
  const auto two = std::make_shared<Recorder>("2");
  EXPECT_TRUE(replayer_with({}).replay(history_with({one})));
  EXPECT_TRUE(replayer_with({one, two}).replay(history_with({one})));
  EXPECT_TRUE(replayer_with({two}).replay(history_with({})));
}

// One that waits is part of the code.
class Slow final : public Interceptor {
 public:
  void run(Context& ctx, const Headers&, const std::function<void()>& next) override {
    ctx.sleep(1s);
    next();
  }
};

TEST(InterceptorsInReplay, AreComparedWhenTheyMakeDurableCalls) {
  const auto slow = std::make_shared<Slow>();
  EXPECT_TRUE(replayer_with({slow}).replay(history_with({slow})));
  for (const bool recorded : {true, false}) {
    const ReplayReport report = recorded ? replayer_with({}).replay(history_with({slow}))
                                         : replayer_with({slow}).replay(history_with({}));
    EXPECT_EQ(report.code, "RP2001") << report.text;
    EXPECT_THAT(report.text, HasSubstr("TimerStarted 1s"));
  }
}

TEST(InterceptorsInReplay, AreThoseOfTheWorker) {
  const auto slow = std::make_shared<Slow>();
  Worker worker({.interceptors = {slow}});
  worker.implement(child,
                   [](Context& ctx, const std::string& what) { return ctx.call(work(what)); });
  EXPECT_TRUE(Replayer(worker).replay(history_with({slow})));
  EXPECT_FALSE(Replayer(worker).replay(history_with({})));
}

// ---- what they throw, and mistakes -----------------------------------------------------------

class Calls : public Interceptor {
 public:
  using Around = std::function<void(const std::function<void()>&)>;
  explicit Calls(Around around) : around_(std::move(around)) {}
  void run(Context&, const Headers&, const std::function<void()>& next) override { around_(next); }
  void activity(ActivityContext&, const Headers&, const std::function<void()>& next) override {
    around_(next);
  }

 private:
  const Around around_;
};

void not_at_all(const std::function<void()>&) {}
void twice(const std::function<void()>& next) {
  next();
  next();
}
void swallowing(const std::function<void()>& next) {
  try {
    next();
  } catch (const Failure&) {
  }
}

std::string report_of(const Calls::Around& around) {
  Env env({.interceptors = {std::make_shared<Calls>(around)}});
  env.implement(child, [](Context&, const std::string& what) -> std::string {
    if (what == "fail") throw ApplicationFailure("Bad", "it fails", false);
    return what;
  });
  try {
    return env.start(child("fail")).result();
  } catch (const Error& error) {
    return std::string(error.code()) + " " + error.what();
  } catch (const Failure& failure) {
    return failure.what();
  }
}

TEST(Interceptors, CallNextExactlyOnce) {
  EXPECT_THAT(report_of(not_at_all), HasSubstr("RP3052"));
  EXPECT_THAT(report_of(swallowing), HasSubstr("RP3052"));
  EXPECT_THAT(report_of([](const auto& next) { next(); }), HasSubstr("it fails"));
  EXPECT_THAT(
      report_of([](const auto&) { throw ApplicationFailure("Forbidden", "not for you", false); }),
      HasSubstr("not for you"));
}

TEST(Interceptors, CallNextExactlyOnceInActivities) {
  for (const Calls::Around& wrong : {Calls::Around(not_at_all), Calls::Around(twice)}) {
    class OnlyActivities final : public Interceptor {
     public:
      explicit OnlyActivities(Calls::Around around) : around_(std::move(around)) {}
      void activity(ActivityContext&, const Headers&, const std::function<void()>& next) override {
        around_(next);
      }

     private:
      const Calls::Around around_;
    };
    Env env({.last_attempt = 1, .interceptors = {std::make_shared<OnlyActivities>(wrong)}});
    implement(env);
    try {
      env.start(child("it")).result();
      FAIL();
    } catch (const ActivityFailure& failure) {
      EXPECT_THAT(failure.what(), HasSubstr("next()"));
    }
  }
}

TEST(Interceptors, DoNotHoldUpARunThatLeavesMemory) {
  class CatchesAll final : public Interceptor {
   public:
    void run(Context&, const Headers&, const std::function<void()>& next) override {
      try {
        next();
      } catch (...) {
        throw;
      }
    }
  };
  Env env({.interceptors = {std::make_shared<CatchesAll>()}});
  env.implement(parent, [](Context& ctx, const std::string& what) {
    ctx.sleep(1h);
    return what;
  });
  EXPECT_EQ(env.start(parent("it")).result(), "it");
}

class InOutbound final : public Interceptor {
 public:
  explicit InOutbound(std::function<void(Context&, Headers&)> act) : act_(std::move(act)) {}
  void outbound(Context& ctx, std::string_view, std::string_view, Headers& headers) override {
    act_(ctx, headers);
  }

 private:
  const std::function<void(Context&, Headers&)> act_;
};

std::string outbound_report(std::function<void(Context&, Headers&)> act) {
  Env env({.interceptors = {std::make_shared<InOutbound>(std::move(act))}});
  implement(env);
  try {
    return env.start(child("it")).result();
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Interceptors, CannotWaitWhereTheCodeDidNot) {
  EXPECT_THAT(outbound_report([](Context& ctx, Headers&) { ctx.sleep(1s); }), HasSubstr("RP2004"));
  EXPECT_THAT(outbound_report([](Context& ctx, Headers&) { ctx.call(work("more")); }),
              HasSubstr("RP2004"));
  EXPECT_THAT(outbound_report([](Context& ctx, Headers&) { (void)ctx.random(); }),
              HasSubstr("RP2004"));
  EXPECT_EQ(outbound_report([](Context& ctx, Headers& headers) {
              headers["now"] = std::to_string(ctx.now().time_since_epoch().count());
              headers["run"] = ctx.info().run_id;
            }),
            "did it");
}

// ---- limits -----------------------------------------------------------------------------------

class Sends final : public Interceptor {
 public:
  explicit Sends(Headers headers) : headers_(std::move(headers)) {}
  void client(std::string_view, std::string_view, Headers& headers) override { headers = headers_; }

 private:
  const Headers headers_;
};

std::string sending(Headers headers) {
  Env env({.interceptors = {std::make_shared<Sends>(std::move(headers))}});
  implement(env);
  try {
    return env.start(child("it")).result();
  } catch (const InvalidOption& error) {
    EXPECT_TRUE(env.client().list().empty());
    return std::string(error.code()) + " " + error.what();
  }
}

Headers many(std::size_t count) {
  Headers headers;
  for (std::size_t i = 0; i < count; ++i) headers["h" + std::to_string(i)] = "v";
  return headers;
}

TEST(Headers, HaveLimits) {
  EXPECT_EQ(sending(many(kMaxHeaders)), "did it");
  EXPECT_THAT(sending(many(kMaxHeaders + 1)), HasSubstr("RP3051"));
  EXPECT_EQ(sending({{"h", std::string(kMaxHeaderBytes - 1, 'x')}}), "did it");
  EXPECT_THAT(sending({{"h", std::string(kMaxHeaderBytes, 'x')}}), HasSubstr("RP3051"));
  EXPECT_EQ(sending({{std::string(kMaxHeaderNameBytes, 'n'), ""}}), "did it");
  EXPECT_THAT(sending({{std::string(kMaxHeaderNameBytes + 1, 'n'), ""}}), HasSubstr("RP3050"));
}

TEST(Headers, AreText) {
  EXPECT_THAT(sending({{"", "v"}}), HasSubstr("RP3050"));
  EXPECT_THAT(sending({{"\xff", "v"}}), HasSubstr("RP3050"));
  EXPECT_THAT(sending({{"h", "\xff"}}), HasSubstr("RP3050"));
  EXPECT_THAT(sending({{std::string("a\0b", 3), "v"}}), HasSubstr("RP3050"));
  EXPECT_THAT(sending({{"a\nb", "v"}}), HasSubstr("RP3050"));
  EXPECT_THAT(sending({{"a\x7f", "v"}}), HasSubstr("RP3050"));
  EXPECT_THAT(sending({{"reprise:principal", "ann"}}), HasSubstr("RP3050"));
  EXPECT_THAT(sending({{"reprise:", "v"}}), HasSubstr("RP3050"));
  EXPECT_EQ(sending({{"größe", std::string("a\0b\r\n", 5)}}), "did it");
}

TEST(Interceptors, AreNotNull) {
  const Interceptors null = {nullptr};
  EXPECT_THROW(Env({.interceptors = null}), InvalidOption);
  EXPECT_THROW(Worker({.interceptors = null}), InvalidOption);
  EXPECT_THROW(Replayer({.interceptors = null}), InvalidOption);
  Env env;
  EXPECT_THROW(env.client({.interceptors = null}), InvalidOption);
}

// ---- with an engine ---------------------------------------------------------------------------

TEST(Interceptors, WorkWithAnEngineThatIsOpenedAgain) {
  const testing::TemporaryDirectory directory;
  const auto tenant = std::make_shared<Tenant>("acme");
  const auto implement_in = [](Worker& worker) {
    worker.implement(child,
                     [](Context& ctx, const std::string& what) { return ctx.call(work(what)); });
    worker.implement(work, [](ActivityContext&, const std::string& what) { return "did " + what; });
  };
  {
    const auto engine = Engine::open(directory / "store");
    const Client client(*engine, {.interceptors = {tenant}});
    client.start(child("it"), {.id = "c"});
  }
  const auto engine = Engine::open(directory / "store");
  Worker worker(*engine, {.interceptors = {tenant}});
  implement_in(worker);
  worker.start();
  EXPECT_EQ(Client(*engine).attach(child, "c").result(), "did it");
  // From a client that says nothing: the activity refuses it.
  EXPECT_THROW(Client(*engine).start(child("it")).result(), ActivityFailure);
}

}  // namespace
}  // namespace interceptors_test
}  // namespace reprise
