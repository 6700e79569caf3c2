// `reprise backup` and Engine::backup beside an engine under load: what was acknowledged before is
// in the copy, and every run of it goes on to its end.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "tests/support/command_output.h"
#include "tests/support/temporary_directory.h"

namespace reprise {
namespace {

namespace fs = std::filesystem;
using testing::CommandOutput;
using ::testing::HasSubstr;
using testing::output_of;

constexpr Workflow<int(int)> kOrder{"order"};
constexpr Activity<int(int)> kPrice{"price"};
constexpr Signal<int> kPay{"pay"};

int order(Context& ctx, const int& item) {
  const int price = ctx.call(kPrice(item));
  const int paid = ctx.inbox(kPay).next().get();
  return price - ctx.step("discount", [&] { return paid; });
}

void implement(Worker& worker) {
  worker.implement(kOrder, order).implement(kPrice, [](ActivityContext&, const int& item) {
    return 100 + item;
  });
  worker.start();
}

CommandOutput reprise_backup(const std::string& arguments) {
  return output_of(std::string(REPRISE_COMMAND) + " backup " + arguments);
}

class Backup : public ::testing::Test {
 protected:
  // An engine in this process, with orders coming and being paid until stop().
  void work() {
    engine_ = Engine::open(store_);
    worker_ = std::make_unique<Worker>(*engine_);
    implement(*worker_);
    load_ = std::jthread([this](const std::stop_token& stop) {
      const Client client(*engine_);
      std::vector<Handle<int>> open;
      for (int i = 0; !stop.stop_requested(); ++i) {
        open.push_back(client.submit(kOrder(i), {.id = std::to_string(i)}));
        if (i % 2 == 0) (void)open.back().submit_signal(kPay(i));
        if (i % 50 != 0) continue;
        for (const Handle<int>& run : open)
          run.started();  // in any order: there are several shards
        open.clear();
        acknowledged_ = i;
      }
    });
    while (acknowledged_ < 200) std::this_thread::yield();
  }
  void stop() {
    load_ = {};
    worker_.reset();
    engine_.reset();
  }

  // Opens the copy, pays every order, and takes all results. Returns how many there were.
  static int finish(const std::string& copy, int at_least) {
    const auto engine = Engine::open(copy);
    Worker worker(*engine);
    implement(worker);
    const Client client(*engine);
    const auto runs = client.list({.limit = 1'000'000});
    for (int i = 0; i <= at_least; ++i) {
      EXPECT_TRUE(client.find_description(std::to_string(i))) << i << " was acknowledged";
    }
    std::vector<Handle<int>> handles;
    for (const auto& run : runs) {
      handles.push_back(client.attach(kOrder, run.workflow_id, run.run_id));
      const int item = std::stoi(run.workflow_id);
      if (!run.closed) (void)handles.back().submit_signal(kPay(item));
    }
    for (const auto& handle : handles) EXPECT_EQ(handle.result(), 100);
    return static_cast<int>(handles.size());
  }

  testing::TemporaryDirectory directory_;
  const std::string store_ = directory_ / "store";
  const std::string copy_ = directory_ / "copy";
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Worker> worker_;
  std::atomic<int> acknowledged_ = 0;
  std::jthread load_;
};

TEST_F(Backup, ByTheCommandBesideAWorkingEngine) {
  work();
  for (int i = 0; i < 4; ++i) {
    SCOPED_TRACE(i);
    const int acknowledged = acknowledged_;
    const CommandOutput done = reprise_backup(store_ + " " + copy_);
    ASSERT_EQ(done.code, 0) << done.said;
    EXPECT_THAT(done.said, HasSubstr(" runs verify, 0 do not"));
    EXPECT_GE(finish(copy_, acknowledged), acknowledged);
    fs::remove_all(copy_);
  }
  stop();
}

TEST_F(Backup, ByTheEngineItself) {
  work();
  for (int i = 0; i < 4; ++i) {
    SCOPED_TRACE(i);
    const int acknowledged = acknowledged_;
    engine_->backup(copy_);
    EXPECT_GE(finish(copy_, acknowledged), acknowledged);
    fs::remove_all(copy_);
  }
  stop();
}

TEST_F(Backup, TheCommandSaysWhyThereIsNone) {
  CommandOutput done = reprise_backup(store_ + " " + copy_);
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.said, HasSubstr("RP1001"));
  { const auto engine = Engine::open(store_); }
  fs::create_directories(copy_ + "/something");
  done = reprise_backup(store_ + " " + copy_);
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.said, HasSubstr("RP1002"));
  EXPECT_TRUE(fs::exists(copy_ + "/something"));
}

// Damage goes into the copy as it is; the command finds it unless it is told not to look.
TEST_F(Backup, TheCommandFindsDamage) {
  const std::string marked = "a name that is found in the file";
  {
    const auto engine = Engine::open(store_);
    Client(*engine).start(kOrder(1), {.id = "1"});
    Client(*engine).start(kOrder(2), {.id = marked});
  }
  const std::string file = store_ + "/journal/data.mdb";
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(stream)), {});
  for (auto at = bytes.find(marked); at != std::string::npos; at = bytes.find(marked, at + 1)) {
    stream.clear();
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put('b');
  }
  stream.close();
  CommandOutput done = reprise_backup(store_ + " " + copy_);
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.said, HasSubstr("1 runs verify, 1 do not"));
  EXPECT_THAT(done.said, HasSubstr("RP1005"));
  fs::remove_all(copy_);
  done = reprise_backup("--no-verify " + store_ + " " + copy_);
  EXPECT_EQ(done.code, 0) << done.said;
}

}  // namespace
}  // namespace reprise
