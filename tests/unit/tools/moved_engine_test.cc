// Processes with an engine whose store is moved or removed, or which leave children behind.
#include <array>
#include <csignal>
#include <filesystem>
#include <reprise/reprise.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "tests/support/child_lines.h"
#include "tests/unit/store/processes.h"
#include "tests/unit/tools/command_fixture.h"

namespace reprise::tools::moved_engine_test {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr Workflow<void()> waiting{"waiting"};
constexpr Signal<int> poke{"poke"};

void start_engine(Engine& engine, Worker& worker) {
  worker.implement(waiting, [](Context& ctx) {
    while (true) ctx.inbox(poke).next().get();
  });
  worker.start();
  Client(engine).start(waiting(), {.id = "w"});
}

class MovedEngineTest : public CommandFixture {
 protected:
  using Say = std::function<void(std::string)>;

  // The output of a process that works while `change` is applied to its store, until it ends.
  reprise::testing::ChildLines process_that_works_on(const std::function<void()>& change) {
    return reprise::testing::lines_of_child(true, [&](const Say& say) {
      ::alarm(60);
      const auto engine =
          Engine::open(store_, {.shards = 1, .logger = [&](LogLevel level, auto line) {
                                  if (level == LogLevel::kError) {
                                    say(std::string(line));
                                  }
                                }});
      Worker worker(*engine);
      start_engine(*engine, worker);
      change();
      const RunHandle run = Client(*engine).handle("w");
      constexpr int kMoreThanItTakes = 1'000;
      for (int i = 0; i < kMoreThanItTakes; ++i) run.signal(poke(i));
      say("acknowledges for ever");
    });
  }
};

TEST_F(MovedEngineTest, AProcessWhoseStoreIsMovedEndsWithCode70AndSaysWhy) {
  const std::function<void()> changes[] = {
      [this] { fs::rename(store_, directory_ / "elsewhere.db"); },
      [this] { fs::remove_all(store_); },
      [this] { fs::remove(store_ + "/LOCK"); },
  };
  for (const auto& change : changes) {
    const auto child = process_that_works_on(change);
    ASSERT_TRUE(WIFEXITED(child.status));
    EXPECT_EQ(WEXITSTATUS(child.status), 70);
    EXPECT_THAT(child.lines, Contains(HasSubstr("RP1009")));
    std::error_code ignored;
    fs::remove_all(store_, ignored);
  }
}

// A child of a program that has died keeps nothing of its engine: neither the lock on the store nor
// the socket, on which nobody would ever answer.
TEST_F(MovedEngineTest, AChildThatOutlivesTheEngineIsInNobodysWay) {
  std::array<int, 2> until{};
  std::array<int, 2> lives{};
  ASSERT_EQ(::pipe(until.data()), 0);
  ASSERT_EQ(::pipe(lives.data()), 0);
  {
    const store::OtherProcess program([&] {
      static auto* const engine = Engine::open(store_, {.shards = 1}).release();
      static auto* const worker = new Worker(*engine);
      start_engine(*engine, *worker);
      char none = 0;
      if (::fork() != 0) return ::read(lives[0], &none, 1) == 1;
      ::close(until[1]);
      if (::write(lives[1], "y", 1) != 1) ::_exit(1);
      ::_exit(::read(until[0], &none, 1) == 0 ? 0 : 1);
    });
    program.kill();
  }
  const Output sent = reprise({"signal", store_, "w", "poke", "1"});
  EXPECT_EQ(sent.code, 0) << sent.err;
  ::close(until[1]);  // the child ends
  ::close(until[0]);
  ::close(lives[0]);
  ::close(lives[1]);
}

}  // namespace
}  // namespace reprise::tools::moved_engine_test
