// Sends a command's request to the engine that has a store open, or without one carries it out on
// the store itself.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "proto/control.pb.h"
#include "tools/store_arguments.h"

namespace reprise::tools {

// The options --timeout and --as.
class EngineCall {
 public:
  explicit EngineCall(CLI::App& command);

  struct Answer {
    runtime::StoreReader::Run run;
    std::string payload;
    std::string started;     // "order-7 (0190...)": the run that has begun
    bool by_engine = false;  // false: there is none, and the request is recorded in the store
  };
  // With what it is sealed if it is recorded without an engine.
  struct Seals {
    sealing::Codecs codecs{};
    base::Status usable{};  // an error: nothing is recorded
  };
  // For the run that `store` names. Ends the command if the request is refused or fails.
  Answer ask(const StoreArguments& store, proto::ControlRequest request) const;
  // The same for a request whose token names its run, or that starts one; `run` is not set.
  Answer ask_as_it_is(const StoreArguments& store, proto::ControlRequest request) const;
  // For the run that the request names; `run` is not set. The engine's own runs, whose names are
  // reserved, need no engine with their code: this program has it.
  // `codecs`: what is recorded without an engine is sealed with them.
  Answer ask_of(const std::string& directory,
                const std::string& command,
                const sealing::Codecs& codecs,
                proto::ControlRequest request) const;
  const std::string& principal() const { return principal_; }  // who asks

 private:
  void ask(const std::string& directory,
           const std::string& command,
           const Seals& seals,
           proto::ControlRequest request,
           Answer* answer) const;

  double seconds_ = 10;
  std::string principal_;
};

inline constexpr const char* kEngineCallExitCodes =
    "Exit codes: 0 done; 1 there is no such run, it has ended, or it refuses; 2 the store cannot\n"
    "be read, or its engine does not answer; 70 writing to the store failed.";

}  // namespace reprise::tools
