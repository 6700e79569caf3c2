// Parents and children for tests, and words for what becomes of them.
#pragma once
#include <functional>
#include <string>
#include <utility>

#include "reprise/reprise.h"
#include "reprise/testing/env.h"

namespace reprise::families {

using namespace std::chrono_literals;
using testing::Env;
using testing::EnvOptions;

inline constexpr Workflow<std::string(std::string)> parent{"parent"};
inline constexpr Workflow<std::string(std::string)> child{"child"};
inline constexpr Signal<std::string> go{"go"};
inline constexpr Signal<std::string> finish{"finish"};

using Code = std::function<std::string(Context&, const std::string&)>;

struct Family {
  Family(Code parents, Code childs, EnvOptions options = {}) : env(std::move(options)) {
    env.implement(parent, std::move(parents));
    env.implement(child, std::move(childs));
  }
  std::string run(const std::string& input = {}) {
    return env.start(parent(input), {.id = "p"}).result();
  }
  RunDescription of_child(const std::string& id = "c") {
    return env.client().attach(child, id).describe();
  }

  Env env;
};

inline std::string echo(Context&, const std::string& text) {
  return text;
}

inline std::string wait_for_finish(Context& ctx, const std::string&) {
  return ctx.inbox(finish).next().get();
}

// Sleeps for a day, and says how that ended.
inline std::string sleep_long(Context& ctx, const std::string&) {
  ctx.sleep(24h);
  return "slept";
}

inline int count(const History& history, const std::string& kind) {
  const std::string text = history.to_json(JsonLayout::kCompact);
  const std::string wanted = "\"kind\":\"" + kind + "\"";
  int found = 0;
  for (auto at = text.find(wanted); at != text.npos; at = text.find(wanted, at + 1)) ++found;
  return found;
}

// What the ChildFailure of `call` has as its cause, in a word.
inline std::string cause_of(const std::function<void()>& call) {
  try {
    call();
    return "none";
  } catch (const CancelledFailure&) {
    return "cancelled itself";
  } catch (const ChildFailure& failure) {
    if (const auto* cause = failure.cause_as<ApplicationFailure>()) {
      return "application " + std::string(cause->type());
    }
    if (const auto* cause = failure.cause_as<StartRefusedFailure>()) {
      return "refused " + std::string(cause->code());
    }
    if (failure.cause_as<TimeoutFailure>() != nullptr) return "timeout";
    if (failure.cause_as<CancelledFailure>() != nullptr) return "cancelled";
    if (failure.cause_as<TerminatedFailure>() != nullptr) return "terminated";
    if (failure.cause_as<ChildFailure>() != nullptr) return "child";
    return std::string("other: ") + failure.what();
  }
}

}  // namespace reprise::families
