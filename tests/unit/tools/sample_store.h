// A store with six runs, each of them in another state.
#pragma once
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/unit/tools/command_fixture.h"

namespace reprise::tools {

inline constexpr base::Duration kSecond{1'000};
inline constexpr base::Duration kHour{3'600'000};

inline std::string ask(reprise::testing::Execution& e,
                       const std::string& name,
                       const nlohmann::json& input,
                       std::uint32_t line) {
  const auto operation = e.schedule_activity(
      [&](proto::ActivityScheduled& activity) {
        activity.set_name(name);
        activity.set_input(cbor(input));
      },
      reprise::testing::at(line));
  e.wait(*operation);
  return operation->take_outcome().payload();
}

// Reserves, charges (which fails twice), waits an hour, waits for a signal, and ends.
inline reprise::testing::Outcome checkout(reprise::testing::Execution& e) {
  ask(e, "reserve", {{"sku", "mug"}, {"count", 2}}, 10);
  ask(e, "charge", {{"cents", 1900}}, 11);
  const auto timer = e.start_timer(kHour, reprise::testing::at(12));
  e.wait(*timer);
  const auto packed = e.next_signal("packed");
  e.wait(*packed);
  (void)packed->take_outcome();
  return reprise::testing::Outcome::success(cbor({{"parcel", "P-1"}}));
}

class SampleStore : public CommandFixture {
 protected:
  // order-1 has completed, order-2 waits for its retry, order-3 for its timer, order-4 for a
  // signal, order-5 has failed, and order-6 has no worker.
  void make_store() {
    open_engine();
    workflow("checkout", checkout);
    workflow("refuse", [](reprise::testing::Execution& e) {
      ask(e, "inspect", {}, 20);
      return reprise::testing::application_failure("OutOfStock", "no mugs\x1b[31m left", false);
    });
    activity("reserve", [this](runtime::ActivityAttempt&, std::string_view) {
      clock_.advance(base::Duration{12});
      return reprise::testing::Outcome::success(cbor(true));
    });
    activity("charge", [this](runtime::ActivityAttempt&, std::string_view) {
      clock_.advance(base::Duration{250});
      if (refusals_ > 0 && refusals_-- > 0)
        return reprise::testing::application_failure("Unavailable", "busy");
      return reprise::testing::Outcome::success(cbor("C-7"));
    });
    activity("inspect", [](runtime::ActivityAttempt&, std::string_view) {
      return reprise::testing::application_failure("Closed", "the shop is closed", false);
    });
    start_worker();
    refusals_ = 2;
    start("checkout", "order-1", cbor(nlohmann::json::array({{{"id", "order-1"}}})));
    skip(10 * kSecond);
    skip(kHour);
    ASSERT_TRUE(signal("order-1", "packed", cbor("by Ann")));
    start("checkout", "order-4", cbor(nlohmann::json::array()));
    skip(kHour);
    start("checkout", "order-3", cbor(nlohmann::json::array()));
    skip(kSecond);
    start("refuse", "order-5");
    refusals_ = 2;
    start("checkout", "order-2", cbor(nlohmann::json::array()));
    start_elsewhere("order-6");
    close_engine();
  }
  void start_elsewhere(const std::string& id) {
    start({.workflow = "checkout", .workflow_id = id, .task_queue = "elsewhere"});
  }
  std::string file(const std::string& name) { return directory_ / name; }
  static std::string content(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void write(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }

  int refusals_ = 0;
};

}  // namespace reprise::tools
