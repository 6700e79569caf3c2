// The program of the store: workflows that show every value they get.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "reprise/reprise.h"
#include "runtime/engine/engine.h"
#include "tests/round_trip/values.h"

namespace reprise::round_trip {

// What a run has met so far, in order. True: exactly that; false: a text made from it.
using Met = std::vector<std::pair<bool, std::string>>;

inline constexpr Query<Met()> met_query{"met"};

// Of a run that got as far as its signal, without what its update met.
Met expected(const Plan& plan);

// Long values are shown by their size and their hash.
std::string shown(std::string_view value);

// A store that is open, with workers for every queue of the plans.
class Program {
 public:
  Program(const std::string& directory, const std::vector<Plan>& plans);

  Service& service() { return *service_; }
  Client& client() { return *client_; }
  const Worker& worker_of(const Plan& plan) const { return *workers_.at(plan.queue); }
  void backup(const std::string& directory);
  // What an engine logged as an error. None is expected.
  const std::string& errors() const { return *errors_; }

 private:
  std::shared_ptr<std::string> errors_;
  std::unique_ptr<Service> service_;
  std::map<std::string, std::unique_ptr<Worker>> workers_;
  std::unique_ptr<Client> client_;
  runtime::Engine* engine_ = nullptr;
};

// The run's own definitions.
inline Workflow<std::string(std::uint64_t, int, std::string)> workflow_of(const Plan& plan) {
  return Workflow<std::string(std::uint64_t, int, std::string)>(std::string_view(plan.workflow));
}
inline Signal<std::string> signal_of(const Plan& plan) {
  return Signal<std::string>(std::string_view(plan.signal));
}
inline Query<std::string(std::string)> query_of(const Plan& plan) {
  return Query<std::string(std::string)>(std::string_view(plan.query));
}
inline Update<std::string(std::string)> update_of(const Plan& plan) {
  return Update<std::string(std::string)>(std::string_view(plan.update));
}

}  // namespace reprise::round_trip
