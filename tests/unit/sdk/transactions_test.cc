// Transactions on virtual time: exactly once, whatever dies when.
#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "reprise/testing/env.h"

namespace reprise::transactions_test {
namespace {

using namespace std::chrono_literals;
using testing::Crash;
using testing::Env;
using testing::EnvOptions;
using testing::Order;

constexpr Workflow<std::int64_t(int)> add{"add"};
constexpr Workflow<std::string(std::string)> once{"once"};
constexpr Signal<> go{"go"};
constexpr Table<std::string, std::int64_t> counters{"counters"};
constexpr Table<std::int64_t, std::string> names{"names"};

std::int64_t increment(Transaction& rows, const std::string& name, std::int64_t by = 1) {
  const std::int64_t value = rows.get(counters, name).value_or(0) + by;
  rows.put(counters, name, value);
  return value;
}

std::int64_t read(Env& env, const std::string& name) {
  return env.client().get(counters, name).value_or(0);
}

// ---- exactly once -----------------------------------------------------------------------------

TEST(Transactions, ReturnWhatTheClosureReturnsAndKeepWhatItChanges) {
  Env env;
  env.implement(add, [](Context& ctx, int by) {
    return ctx.transaction("add", [&](Transaction& rows) { return increment(rows, "a", by); });
  });
  EXPECT_EQ(env.start(add(3)).result(), 3);
  EXPECT_EQ(env.start(add(4)).result(), 7);
  EXPECT_EQ(read(env, "a"), 7);
  EXPECT_EQ(read(env, "b"), 0);
}

struct Case {
  Crash crash;
  Order order;
  std::uint64_t seed;
};

class EveryDeath : public ::testing::TestWithParam<Case> {};

TEST_P(EveryDeath, MakesEachTransactionOnce) {
  Env env(
      EnvOptions{.crash = GetParam().crash, .order = GetParam().order, .seed = GetParam().seed});
  env.implement(add, [](Context& ctx, int times) {
    std::int64_t last = 0;
    for (int i = 0; i < times; ++i) {
      last = ctx.transaction("one", [](Transaction& rows) { return increment(rows, "all"); });
      if (i == 1) ctx.sleep(1s);
      ctx.transaction("two", [&](Transaction& rows) { increment(rows, ctx.info().run_id); });
    }
    return last;
  });
  std::vector<Handle<std::int64_t>> runs;
  for (int i = 0; i < 3; ++i) runs.push_back(env.start(add(4)));
  for (const auto& run : runs) {
    run.result();
    EXPECT_EQ(read(env, run.run_id()), 4);
  }
  EXPECT_EQ(read(env, "all"), 12);
}

INSTANTIATE_TEST_SUITE_P(Transactions,
                         EveryDeath,
                         ::testing::Values(Case{Crash::kNever, Order::kUsual, 1},
                                           Case{Crash::kEveryCommit, Order::kUsual, 1},
                                           Case{Crash::kEveryCommit, Order::kShuffled, 2},
                                           Case{Crash::kEveryCommit, Order::kShuffled, 3},
                                           Case{Crash::kEveryCommit, Order::kShuffled, 4},
                                           Case{Crash::kNever, Order::kShuffled, 5}));

TEST(Transactions, OfSpawnedStrandsAreMadeOneAfterTheOther) {
  Env env(EnvOptions{.crash = Crash::kEveryCommit});
  env.implement(add, [](Context& ctx, int strands) {
    std::vector<int> items(static_cast<std::size_t>(strands));
    const auto values = ctx.map(items, [&](int) {
      return ctx.transaction("one", [](Transaction& rows) { return increment(rows, "all"); });
    });
    std::int64_t sum = 0;
    for (const std::int64_t value : values) sum += value;
    return sum;
  });
  EXPECT_EQ(env.start(add(5)).result(), 1 + 2 + 3 + 4 + 5);
  EXPECT_EQ(read(env, "all"), 5);
}

TEST(Transactions, SignalsMeanwhileAreNotLost) {
  Env env(EnvOptions{.crash = Crash::kEveryCommit, .order = Order::kShuffled, .seed = 7});
  env.implement(add, [](Context& ctx, int signals) {
    auto inbox = ctx.inbox(go);
    std::int64_t last = 0;
    for (int i = 0; i < signals; ++i) {
      ctx.transaction("before", [](Transaction& rows) { increment(rows, "before"); });
      inbox.next().get();
      last = ctx.transaction("after", [](Transaction& rows) { return increment(rows, "after"); });
    }
    return last;
  });
  const auto run = env.start(add(6));
  for (int i = 0; i < 6; ++i) run.signal(go());
  EXPECT_EQ(run.result(), 6);
}

// ---- closures that throw ----------------------------------------------------------------------

TEST(Transactions, OfAClosureThatThrowsChangeNothing) {
  Env env;
  env.implement(once, [](Context& ctx, const std::string& how) -> std::string {
    try {
      ctx.transaction("throw", [&](Transaction& rows) {
        increment(rows, "a");
        if (how == "failure") throw ApplicationFailure("Mine", "why");
        if (how == "exception") throw std::out_of_range("far");
        throw 7;
      });
    } catch (const ApplicationFailure& failure) {
      return std::string(failure.type()) + ": " + failure.what();
    }
    return "nothing";
  });
  EXPECT_EQ(env.start(once("failure")).result(), "Mine: why");
  EXPECT_THAT(env.start(once("exception")).result(), ::testing::HasSubstr("out_of_range"));
  EXPECT_THAT(env.start(once("number")).result(), ::testing::HasSubstr("unknown exception"));
  EXPECT_EQ(read(env, "a"), 0);
}

TEST(Transactions, RefuseCallsOfTheContextAndOfClients) {
  Env env;
  env.implement(once, [&env](Context& ctx, const std::string& what) -> std::string {
    try {
      ctx.transaction("misuse", [&](Transaction&) {
        if (what == "sleep") ctx.sleep(1s);
        if (what == "step") ctx.step("s", [] {});
        if (what == "transaction") ctx.transaction("t", [](Transaction&) {});
        if (what == "client") (void)env.client().get(counters, "a");
        if (what == "read") env.read([](const TableReader&) {});
      });
    } catch (const ApplicationFailure& failure) {
      return std::string(failure.type());
    }
    return "allowed";
  });
  for (const char* what : {"sleep", "step", "transaction", "client", "read"}) {
    EXPECT_EQ(env.start(once(what)).result(), "RP2004") << what;
  }
}

// ---- limits -----------------------------------------------------------------------------------

std::string code_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return std::string(error.code());
  }
  return "allowed";
}

TEST(Transactions, RefuseWhatIsTooLong) {
  std::vector<std::string> codes;
  Env env;
  env.implement(once, [&codes](Context& ctx, const std::string&) -> std::string {
    const std::string longest(kMaxTableNameBytes, 't');
    const std::string longer = longest + "t";
    return ctx.transaction("limits", [&](Transaction& rows) {
      codes.clear();
      const auto put = [&](const std::string& table, const std::string& key, std::size_t value) {
        codes.push_back(code_of([&] {
          rows.put(Table<std::string, std::string>(table), key, std::string(value, 'v'));
        }));
      };
      put(longest, "k", 1);
      put(longer, "k", 1);
      put("", "k", 1);
      put(std::string("a\0b", 3), "k", 1);
      put("\xff", "k", 1);
      put("t", std::string(kMaxTableKeyBytes - 2, 'k'), 1);
      put("t", std::string(kMaxTableKeyBytes - 1, 'k'), 1);
      put("t", "", 0);
      put("t", "large", (std::size_t{2} << 20) - 5);
      put("t", "large", std::size_t{2} << 20);
      const bool there = rows.get(Table<std::string, std::string>("t"), "").has_value();
      return std::string(there ? "done" : "lost");
    });
  });
  EXPECT_EQ(env.start(once("")).result(), "done");
  EXPECT_THAT(codes, ::testing::ElementsAre("allowed", "RP3045", "RP3045", "RP3045", "RP3045",
                                            "allowed", "RP3046", "allowed", "allowed", "RP3002"));
  const Table<std::string, std::string> longest(
      std::string_view("tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt"));
  EXPECT_EQ(env.client().get(longest, "k"), "v");
}

TEST(Transactions, ChangeSoManyRowsAtMost) {
  Env env;
  env.implement(add, [](Context& ctx, int rows_to_put) {
    return ctx.transaction("many", [&](Transaction& rows) -> std::int64_t {
      try {
        for (int i = 0; i < rows_to_put; ++i) rows.put(names, i, "x");
      } catch (const InvalidOption& error) {
        EXPECT_EQ(error.code(), "RP3047");
        rows.put(names, 0, "again");  // a row that is changed already
        return -1;
      }
      return rows_to_put;
    });
  });
  EXPECT_EQ(env.start(add(10'000)).result(), 10'000);
  EXPECT_EQ(env.start(add(10'001)).result(), -1);
  EXPECT_EQ(env.client().get(names, 0), "again");
}

// ---- reading ----------------------------------------------------------------------------------

TEST(Transactions, SeeTheirOwnChangesInScans) {
  Env env;
  env.implement(once, [](Context& ctx, const std::string&) -> std::string {
    ctx.transaction("before", [](Transaction& rows) {
      for (const int i : {1, 3, 5, 7}) rows.put(names, i, std::to_string(i));
    });
    return ctx.transaction("scan", [](Transaction& rows) {
      rows.put(names, 4, "four");
      rows.put(names, 5, "five");
      EXPECT_TRUE(rows.erase(names, 3));
      EXPECT_FALSE(rows.erase(names, 3));
      EXPECT_FALSE(rows.erase(names, 99));
      std::string seen;
      rows.scan(names, 1, 7, [&](std::int64_t key, const std::string& value) {
        seen += std::to_string(key) + "=" + value + " ";
        if (key == 4) rows.put(names, 6, "six");
        return true;
      });
      rows.scan(names, [&](std::int64_t, const std::string& value) {
        seen += value;
        return false;
      });
      rows.scan(names, 5, 5, [&](std::int64_t, const std::string&) { seen += "never"; });
      rows.scan(names, 5, 1, [&](std::int64_t, const std::string&) { seen += "never"; });
      return seen;
    });
  });
  EXPECT_EQ(env.start(once("")).result(), "1=1 4=four 5=five 6=six 1");
  std::vector<std::int64_t> keys;
  env.read([&](const TableReader& rows) {
    rows.scan(names, [&](std::int64_t key, const std::string&) { keys.push_back(key); });
  });
  EXPECT_THAT(keys, ::testing::ElementsAre(1, 4, 5, 6, 7));
}

TEST(Transactions, AreReadInPagesByClients) {
  Env env;
  env.implement(add, [](Context& ctx, int count) {
    return ctx.transaction("fill", [&](Transaction& rows) -> std::int64_t {
      for (int i = 0; i < count; ++i) rows.put(names, i, std::to_string(i));
      return 0;
    });
  });
  env.start(add(2'500)).result();
  std::int64_t next = 0;
  env.client().scan(names, [&](std::int64_t key, const std::string& value) {
    EXPECT_EQ(key, next++);
    EXPECT_EQ(value, std::to_string(key));
  });
  EXPECT_EQ(next, 2'500);
  next = 0;
  env.client().scan(names, 10, 20, [&](std::int64_t, const std::string&) { return ++next < 5; });
  EXPECT_EQ(next, 5);
  EXPECT_THROW(env.client().scan(
                   names, [](std::int64_t, const std::string&) { throw std::logic_error(""); }),
               std::logic_error);
}

TEST(Transactions, OfOtherTypesAreAPayloadError) {
  Env env;
  env.implement(add, [](Context& ctx, int) {
    return ctx.transaction("fill", [&](Transaction& rows) -> std::int64_t {
      rows.put(names, 1, "text");
      return 0;
    });
  });
  env.start(add(1)).result();
  const Table<std::int64_t, std::int64_t> other_value("names");
  const Table<std::string, std::string> other_key("names");
  EXPECT_THROW((void)env.client().get(other_value, 1), PayloadError);
  EXPECT_THROW(env.client().scan(other_key, [](const std::string&, const std::string&) {}),
               PayloadError);
  EXPECT_THROW(env.read([&](const TableReader& rows) { return rows.get(other_value, 1); }),
               PayloadError);
}

// ---- cancelled, terminated --------------------------------------------------------------------

TEST(Transactions, OfACancelledScopeAreNotMade) {
  Env env;
  env.implement(once, [](Context& ctx, const std::string&) -> std::string {
    CancelScope scope(ctx);
    scope.cancel();
    try {
      ctx.transaction("late", [](Transaction& rows) { increment(rows, "a"); });
    } catch (const CancelledFailure&) {
      return "cancelled";
    }
    return "made";
  });
  EXPECT_EQ(env.start(once("")).result(), "cancelled");
  EXPECT_EQ(read(env, "a"), 0);
}

TEST(Transactions, ThatWaitBehindAnotherEndWhenTheyAreCancelled) {
  Env env(EnvOptions{.crash = Crash::kEveryCommit});
  env.implement(once, [](Context& ctx, const std::string&) -> std::string {
    std::string log;
    auto second = [&] {
      CancelScope others(ctx);
      auto strand = ctx.spawn([&] {
        try {
          ctx.transaction("second", [](Transaction& rows) { increment(rows, "second"); });
          log += "made ";
        } catch (const CancelledFailure&) {
          log += "cancelled ";
        }
      });
      ctx.transaction("first", [](Transaction& rows) { increment(rows, "first"); });
      others.cancel();
      return strand;
    }();
    second.get();
    return log;
  });
  const std::string log = env.start(once("")).result();
  EXPECT_EQ(read(env, "first"), 1);
  EXPECT_EQ(read(env, "second"), log == "made " ? 1 : 0) << log;
}

TEST(Transactions, OfAStrandThatIsDroppedAreGivenUp) {
  Env env;
  env.implement(once, [](Context& ctx, const std::string&) -> std::string {
    {
      const auto dropped = ctx.spawn([&] {
        ctx.transaction("dropped", [](Transaction& rows) { increment(rows, "dropped"); });
      });
      ctx.transaction("first", [](Transaction& rows) { increment(rows, "first"); });
    }
    ctx.sleep(1s);
    return "done";
  });
  const auto run = env.start(once(""));
  EXPECT_EQ(run.result(), "done");
  EXPECT_EQ(read(env, "first"), 1);
  EXPECT_EQ(read(env, "dropped"), 0);
  EXPECT_THAT(run.history().to_json(), ::testing::HasSubstr("StepAbandoned"));
}

TEST(Transactions, AreOverBeforeTheirRunIsTerminated) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Env env(EnvOptions{.crash = Crash::kEveryCommit, .order = Order::kShuffled, .seed = seed});
    env.implement(add, [](Context& ctx, int times) {
      std::int64_t last = 0;
      for (int i = 0; i < times; ++i) {
        last = ctx.transaction("one", [](Transaction& rows) { return increment(rows, "all"); });
        ctx.sleep(1s);
      }
      return last;
    });
    const auto run = env.start(add(1'000));
    env.skip(5s);
    run.terminate("enough");
    EXPECT_THROW((void)run.result(), Failure);
    const std::int64_t made = read(env, "all");
    EXPECT_GE(made, 5);
    env.skip(100s);
    EXPECT_EQ(read(env, "all"), made);
  }
}

// ---- keys -------------------------------------------------------------------------------------

enum class Colour : std::uint8_t { kRed = 1, kBlue = 200 };

// In ascending order: so are their encodings, and each decodes as itself.
template <class K>
void expect_order(const std::vector<K>& keys) {
  std::string before;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string encoded = internal::encode_key<K>(keys[i]);
    EXPECT_EQ(internal::decode_key<K>(encoded), keys[i]);
    if (i > 0) {
      EXPECT_LT(before, encoded) << i;
    }
    before = encoded;
  }
}

TEST(TableKeys, SortAsTheirBytesDo) {
  using Int64 = std::numeric_limits<std::int64_t>;
  expect_order<std::int64_t>({Int64::min(), -256, -255, -1, 0, 1, 255, 256, Int64::max()});
  expect_order<std::int8_t>({-128, -1, 0, 1, 127});
  expect_order<std::uint64_t>({0, 1, 255, 256, std::numeric_limits<std::uint64_t>::max()});
  expect_order<bool>({false, true});
  expect_order<Colour>({Colour::kRed, Colour::kBlue});
  expect_order<Time>({Time(-1ms), Time(0ms), Time(1ms)});
  expect_order<Duration>({-1s, 0s, 24h});
  using namespace std::string_literals;
  expect_order<std::string>({"", "\0"s, "\0\0"s, "\0\x01"s, "\0\xff"s, "\x01", "a", "a\0"s,
                             "a\0\0"s, "a\x01", "ab", "b", "\xff", "\xff\xff"});
  expect_order<std::pair<std::string, std::int64_t>>(
      {{"", 0}, {"", -1 + 2}, {"\0"s, -5}, {"a", -1}, {"a", 0}, {"a\0"s, -1}, {"ab", -9}});
  expect_order<std::tuple<std::string, std::string, bool>>(
      {{"", "", false}, {"", "", true}, {"", "a", false}, {"a", "", false}, {"a", "b", true}});
  expect_order<std::array<std::uint16_t, 2>>({{0, 0}, {0, 1}, {1, 0}});
}

TEST(TableKeys, StayAsTheyAreForEver) {
  using namespace std::string_literals;
  EXPECT_EQ(internal::encode_key<std::int32_t>(-2), "\x7f\xff\xff\xff\xff\xff\xff\xfe"s);
  EXPECT_EQ(internal::encode_key<std::uint8_t>(7), "\0\0\0\0\0\0\0\x07"s);
  EXPECT_EQ((internal::encode_key<std::pair<std::string, bool>>({"a\0b"s, true})),
            "a\0\xff"
            "b\0\0\x01"s);
}

TEST(TableKeys, OfOtherTypesAreRefused) {
  using namespace std::string_literals;
  EXPECT_THROW(internal::decode_key<std::int64_t>("short"), PayloadError);
  EXPECT_THROW(internal::decode_key<std::int64_t>("nine bytes"), PayloadError);
  EXPECT_THROW(internal::decode_key<std::int8_t>(internal::encode_key<std::int64_t>(128)),
               PayloadError);
  EXPECT_THROW(internal::decode_key<std::uint8_t>(internal::encode_key<std::int64_t>(1)),
               PayloadError);
  EXPECT_THROW(internal::decode_key<bool>("\x02"), PayloadError);
  EXPECT_THROW(internal::decode_key<bool>(""), PayloadError);
  EXPECT_THROW(internal::decode_key<std::string>("open"), PayloadError);
  EXPECT_THROW(internal::decode_key<std::string>("a\0\x01"s), PayloadError);
  EXPECT_THROW(internal::decode_key<std::string>("a\0\0more"s), PayloadError);
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    EXPECT_EQ(internal::decode_key<std::string>(internal::encode_key(text)), text);
  }
}

}  // namespace
}  // namespace reprise::transactions_test
