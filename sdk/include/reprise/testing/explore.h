// Looks for an order of events that breaks a test, and makes it as small as possible.
#pragma once
#include <functional>
#include <reprise/testing/env.h>
#include <stdexcept>
#include <string>

namespace reprise::testing {

struct ExploreOptions {
  // For each Env. `order` and `script` are ignored; `seed` is the first seed. Crash::kEveryCommit:
  // the process also dies, at commits that the seed chooses.
  EnvOptions env{};
  // How many orders are tried in addition to the usual one.
  int seeds = 100;
  // The most runs of the test to make the order that breaks it smaller.
  int shrinking_runs = 1'000;
};

// What explore() returns when nothing failed.
struct Exploration {
  int orders = 0;     // tests run, the usual order included
  int different = 0;  // how many different orders these were
};

// An order broke the test. what() says how, and holds the Env to paste into a test.
class OrderFound : public std::runtime_error {
 public:
  OrderFound(const std::string& what, EnvOptions env);
  // An Env made with these fails in the same way.
  const EnvOptions& env() const noexcept { return env_; }

 private:
  EnvOptions env_;
};

// An Env with these options as C++, with the script that was found in place of `order` and `crash`.
std::string to_cpp(const EnvOptions& env);

// Runs `test` in the usual order, then with one seed after another. The first exception that leaves
// it means an order that breaks it: the decisions of that order are reduced to as few as still make
// `test` throw an exception of the same type, and thrown as OrderFound. Apart from the Env, `test`
// must do the same each time. GoogleTest's expectations: <reprise/testing/explore_gtest.h>. Not
// thread-safe; not for workflow code.
Exploration explore(const ExploreOptions& options, const std::function<void(Env&)>& test);
Exploration explore(const std::function<void(Env&)>& test);

}  // namespace reprise::testing
