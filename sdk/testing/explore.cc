#include "reprise/testing/explore.h"

#include <algorithm>
#include <cxxabi.h>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <typeinfo>
#include <utility>

#include "base/printable_text.h"
#include "sdk/src/checks.h"

namespace reprise::testing {
namespace {

using Test = std::function<void(Env&)>;

// How a test failed, and the order of events in it.
struct Failed {
  std::string type;
  std::string text;
};
struct Ran {
  Script script;
  std::optional<Failed> failed;
};

std::string demangled(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? name.get() : type.name();
}

Ran run(const EnvOptions& options, const Test& test) {
  Ran ran;
  Env env(options);
  try {
    test(env);
  } catch (const std::exception& error) {
    ran.failed = Failed{demangled(typeid(error)),
                        base::printable_text(error.what(), base::LineBreaks::kIndented)};
  } catch (...) {
    ran.failed = Failed{"an exception", "no std::exception"};
  }
  ran.script = env.script();
  return ran;
}

// Makes the script that breaks a test smaller for as long as the test still fails in the same way.
class Shrinking {
 public:
  Shrinking(EnvOptions env, const Ran& ran, const Test& test, int runs)
      : env_(std::move(env)), failed_(*ran.failed), test_(test), runs_(runs) {
    env_.crash = Crash::kNever;
    env_.order = Order::kUsual;
    env_.script = ran.script;
  }

  void shrink() {
    remove_decisions();
    lessen_decisions();
    EnvOptions same_ids = env_;
    same_ids.seed = EnvOptions{}.seed;
    if (same_ids.seed != env_.seed) (void)accept(std::move(same_ids));
  }

  const EnvOptions& env() const { return env_; }
  const Failed& failed() const { return failed_; }

 private:
  // Delta debugging: Zeller, Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE
  // Transactions on Software Engineering 28 (2002). At the end no single decision can be left out.
  void remove_decisions() {
    if (accept_script({})) return;
    for (std::size_t parts = 2; !env_.script.empty() && runs_ > 0;) {
      parts = std::min(parts, env_.script.size());
      if (without_some_part(parts)) {
        parts = std::max<std::size_t>(parts - 1, 2);
      } else if (parts == env_.script.size()) {
        return;
      } else {
        parts *= 2;
      }
    }
  }

  bool without_some_part(std::size_t parts) {
    const Script all = env_.script;
    for (std::size_t part = 0; part < parts; ++part) {
      const auto begin = static_cast<std::ptrdiff_t>(all.size() * part / parts);
      const auto end = static_cast<std::ptrdiff_t>(all.size() * (part + 1) / parts);
      Script rest(all.begin(), all.begin() + begin);
      rest.insert(rest.end(), all.begin() + end, all.end());
      if (accept_script(std::move(rest))) return true;
    }
    return false;
  }

  // A decision closer to the usual one is easier to understand.
  void lessen_decisions() {
    for (std::size_t i = 0; i < env_.script.size(); ++i) {
      for (int pick = 1; pick < env_.script[i].pick; ++pick) {
        Script script = env_.script;
        script[i].pick = pick;
        if (accept_script(std::move(script))) break;
      }
      if (i >= env_.script.size()) return;
    }
  }

  bool accept_script(Script script) {
    EnvOptions env = env_;
    env.script = std::move(script);
    return accept(std::move(env));
  }

  bool accept(EnvOptions env) {
    if (--runs_ < 0) return false;
    Ran ran = run(env, test_);
    if (!ran.failed || ran.failed->type != failed_.type) return false;
    failed_ = std::move(*ran.failed);
    env_ = std::move(env);
    env_.script = std::move(ran.script);  // without decisions that were never made
    return true;
  }

  EnvOptions env_;
  Failed failed_;
  const Test& test_;
  int runs_;
};

std::string_view name_of(Replay replay) {
  switch (replay) {
    case Replay::kOff:
      return "kOff";
    case Replay::kEveryTurn:
      return "kEveryTurn";
    case Replay::kShake:
      return "kShake";
  }
  return "kUnknown";
}

[[noreturn]] void found(const std::string& where,
                        const EnvOptions& env,
                        const Ran& ran,
                        const Test& test,
                        int shrinking_runs) {
  Shrinking shrinking(env, ran, test, shrinking_runs);
  shrinking.shrink();
  const std::size_t before = ran.script.size();
  const std::size_t after = shrinking.env().script.size();
  std::string text = "the test fails " + where + " with " + shrinking.failed().type + ": " +
                     shrinking.failed().text + "\n";
  if (before > 0) {
    text +=
        std::to_string(after) + " of " + std::to_string(before) + " decisions are enough for it:\n";
  }
  throw OrderFound(text + "\n" + to_cpp(shrinking.env()), shrinking.env());
}

}  // namespace

std::string to_cpp(const EnvOptions& env) {
  const EnvOptions usual;
  std::string text;
  const auto member = [&](const std::string& name, const std::string& value) {
    text += "      ." + name + " = " + value + ",\n";
  };
  if (env.replay != usual.replay) {
    member("replay", "reprise::testing::Replay::" + std::string(name_of(env.replay)));
  }
  if (env.crash != usual.crash) member("crash", "reprise::testing::Crash::kEveryCommit");
  if (env.order != usual.order) member("order", "reprise::testing::Order::kShuffled");
  if (env.seed != usual.seed) member("seed", std::to_string(env.seed));
  if (!env.script.empty()) member("script", to_cpp(env.script, 6));
  if (env.last_attempt != usual.last_attempt) {
    member("last_attempt", std::to_string(env.last_attempt));
  }
  if (env.guard != usual.guard) {
    member("guard", env.guard == Guard::kOff ? "reprise::Guard::kOff" : "reprise::Guard::kReport");
  }
  if (text.empty()) return "  reprise::testing::Env env;\n";
  return "  reprise::testing::Env env({\n" + text + "  });\n";
}

OrderFound::OrderFound(const std::string& what, EnvOptions env)
    : std::runtime_error(what), env_(std::move(env)) {}

Exploration explore(const ExploreOptions& options, const Test& test) {
  if (options.seeds < 0) internal::misused("explore() with fewer than no seeds");
  Exploration seen;
  std::set<std::string> orders;
  const auto attempt = [&](const EnvOptions& env, const std::string& where) {
    const Ran ran = run(env, test);
    if (ran.failed) found(where, env, ran, test, options.shrinking_runs);
    ++seen.orders;
    orders.insert(to_cpp(ran.script));
  };
  EnvOptions env = options.env;
  env.script.clear();
  env.order = Order::kUsual;
  env.crash = Crash::kNever;
  attempt(env, "in the usual order");
  env.crash = options.env.crash;
  if (env.crash != Crash::kNever) attempt(env, "when the process dies after every commit");
  env.order = Order::kShuffled;
  for (int i = 0; i < options.seeds; ++i, ++env.seed) {
    attempt(env, "in the order of seed " + std::to_string(env.seed));
  }
  seen.different = static_cast<int>(orders.size());
  return seen;
}

Exploration explore(const Test& test) {
  return explore(ExploreOptions{}, test);
}

}  // namespace reprise::testing
