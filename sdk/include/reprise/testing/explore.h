// Looks for the order of things that breaks a test, and for the smallest one.
#pragma once
#include <functional>
#include <reprise/testing/env.h>
#include <stdexcept>
#include <string>

namespace reprise::testing {

struct ExploreOptions {
  // Of each Env. `order` and `script` do not count; `seed` is the first. Crash::kEveryCommit: the
  // process dies too, at commits that the seed chooses.
  EnvOptions env{};
  // How many orders are tried, besides the usual one.
  int seeds = 100;
  // How often the test is run at most to make the order that breaks it smaller.
  int shrinking_runs = 1'000;
};

// What explore() has seen when nothing failed.
struct Exploration {
  int orders = 0;     // tests run, the usual order included
  int different = 0;  // how many of them went different ways
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

// An Env with these options as C++, for `order` and `crash` a script having been found.
std::string to_cpp(const EnvOptions& env);

// Runs `test` in the usual order, then with seed after seed. The first exception that leaves it is
// an order that breaks it: the decisions that made the order are reduced to as few as still break
// it with an exception of the same type, and thrown as OrderFound. `test` must be the same each
// time but for what the Env does. GoogleTest's expectations: <reprise/testing/explore_gtest.h>. Not
// thread-safe; not for workflow code.
Exploration explore(const ExploreOptions& options, const std::function<void(Env&)>& test);
Exploration explore(const std::function<void(Env&)>& test);

}  // namespace reprise::testing
