// The workflow of this sample, in the class style: the state is in members, handlers are methods.
#pragma once
#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <reprise/json.h>
#include <reprise/reprise.h>
#include <string>

namespace approval {

struct Request {
  std::string who;
  std::string what;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Request, who, what)

struct Decision {
  bool granted = false;
  std::string by;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Decision, granted, by)

enum class State : std::uint8_t { kWaiting, kGranted, kRefused, kExpired };

// The second argument is how long a decision may take.
inline constexpr reprise::Workflow<State(Request, reprise::Duration)> approve{"approve"};
inline constexpr reprise::Signal<Decision> decide{"decide"};
inline constexpr reprise::Query<State()> state{"state"};

class Approval {
 public:
  explicit Approval(reprise::Context& ctx) : ctx_(ctx) {}

  State run(const Request&, const reprise::Duration& deadline) {
    // Waits for whichever comes first. Which one it was is in the log, so it is the same on replay.
    if (!ctx_.wait_until([this] { return decision_.has_value(); }, deadline))
      return state_ = State::kExpired;
    return state_ = decision_->granted ? State::kGranted : State::kRefused;
  }

  // A signal arrives. The first decision counts; run() wakes up and sees it.
  void on_decision(const Decision& decision) {
    if (!decision_) decision_ = decision;
  }

  // A query is answered from the state, also after run() has returned. The compiler insists that
  // the method is const: a question must not change the answer.
  State state() const { return state_; }

 private:
  reprise::Context& ctx_;
  std::optional<Decision> decision_;
  State state_ = State::kWaiting;
};

// `host`: a reprise::Worker, or a test's reprise::testing::Env.
template <class Host>
void implement_approval(Host& host) {
  implement_class(host, approve, &Approval::run)
      .on(decide, &Approval::on_decision)
      .on(state, &Approval::state);
}

}  // namespace approval
