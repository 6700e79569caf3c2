// Child workflows in an engine with threads.
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "tests/support/temporary_directory.h"

namespace reprise::children_engine_test {
namespace {

constexpr Workflow<std::string(std::string)> parent{"parent"};
constexpr Workflow<std::string(std::string)> child{"child"};
constexpr Signal<std::string> finish{"finish"};

int count(const History& history, const std::string& kind) {
  const std::string text = history.to_json(JsonLayout::kCompact);
  const std::string wanted = "\"kind\":\"" + kind + "\"";
  int found = 0;
  for (auto at = text.find(wanted); at != text.npos; at = text.find(wanted, at + 1)) ++found;
  return found;
}

// It is opened again while half of them are under way.
TEST(ChildrenOfAnEngine, AreOnOtherShardsAndOutliveARestart) {
  constexpr int kMany = 40;
  const testing::TemporaryDirectory directory;
  const auto implement = [](Worker& worker) {
    worker.implement(parent, [](Context& ctx, const std::string&) {
      std::vector<Child<std::string>> children;
      for (int i = 0; i < kMany; ++i) {
        children.push_back(ctx.start(child(""), {.id = "c" + std::to_string(i)}));
      }
      std::string all;
      for (auto& each : children) all += each.get();
      return all;
    });
    worker.implement(
        child, [](Context& ctx, const std::string&) { return ctx.inbox(finish).next().get(); });
    worker.start();
  };
  const auto open = [&] { return Engine::open(directory.path() + "/store", {.shards = 4}); };
  const auto send = [](const Client& client, int from, int to) {
    for (int i = from; i < to; ++i) {
      const RunHandle each = client.handle("c" + std::to_string(i));
      while (!client.find(child, "c" + std::to_string(i))) std::this_thread::yield();
      each.signal(finish(std::to_string(i % 10)));
    }
  };
  {
    const auto engine = open();
    Worker worker(*engine);
    implement(worker);
    const Client client(*engine);
    client.start(parent(""), {.id = "p"});
    send(client, 0, kMany / 2);
  }
  const auto engine = open();
  Worker worker(*engine);
  implement(worker);
  const Client client(*engine);
  send(client, kMany / 2, kMany);
  const auto run = client.attach(parent, "p");
  EXPECT_EQ(run.result(), "0123456789012345678901234567890123456789");
  EXPECT_EQ(count(run.history(), "ChildCompleted"), kMany);
  EXPECT_EQ(client.list({.workflow = "child"}).size(), kMany);
}

}  // namespace
}  // namespace reprise::children_engine_test
