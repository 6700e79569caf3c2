// The smallest program that uses Reprise: one workflow, one activity, one run.
#include <iostream>
#include <reprise/json.h>
#include <reprise/reprise.h>
#include <string>

namespace {

struct Guest {
  std::string name;
  int visits = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Guest, name, visits)

constexpr reprise::Workflow<std::string(Guest)> welcome{"welcome"};
constexpr reprise::Activity<std::string(std::string)> greeting{"greeting"};

std::string run_welcome(reprise::Context& ctx, const Guest& guest) {
  return ctx.call(greeting(guest.name)) + " number " + std::to_string(guest.visits);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto engine = reprise::Engine::open(argv[1]);
  reprise::Worker worker(*engine);
  worker.implement(welcome, run_welcome)
      .implement(greeting, [](reprise::ActivityContext&, const std::string& name) {
        return "hello " + name;
      });
  worker.start();
  const auto run = reprise::Client(*engine).start(welcome({.name = "ann", .visits = 3}));
  const std::string result = run.result();
  std::cout << result << '\n';
  return result == "hello ann number 3" ? 0 : 1;
}
