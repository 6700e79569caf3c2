#include "tools/engine_call.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <pwd.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "base/reserved.h"
#include "base/whole_number.h"
#include "proto/parse.h"
#include "runtime/control/client.h"
#include "runtime/control/frame.h"
#include "runtime/control/perform.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/limits.h"
#include "runtime/sealing/zstd_codec.h"
#include "sdk/src/schedule/own_worker.h"
#include "sdk/src/schedule/state.h"
#include "tools/event_text.h"

namespace reprise::tools {
namespace {

using base::Error;
using base::ErrorCode;
using proto::ControlReply;
using proto::ControlRequest;
using runtime::StoreReader;
using Seals = EngineCall::Seals;

// How long an engine may take between locking its store and serving the socket, or the reverse.
constexpr std::chrono::milliseconds kChanging{1'000};
constexpr std::chrono::milliseconds kLookAgain{20};
constexpr int kExitFatal = 70;

struct Told {
  ControlReply reply;
  bool by_engine = false;
};

void print_engine_line(std::string_view line) {
  std::fprintf(stderr, "reprise: %s\n", safe_text(line).c_str());
}

// An engine that only records, without code, threads and socket.
runtime::EngineOptions recording_only(const sealing::Codecs& codecs) {
  runtime::EngineOptions options;
  options.codecs = codecs;
  options.threaded = false;
  options.executes_code = false;
  options.log = [](runtime::LogLevel level, std::string_view line) {
    if (level >= runtime::LogLevel::kWarning) print_engine_line(line);
  };
  options.on_fatal = [](const Error& error) {
    print_engine_line(error.text());
    std::_Exit(kExitFatal);
  };
  return options;
}

// Without threads: run_some() runs its code.
std::unique_ptr<runtime::WorkerSession> own_worker_of(runtime::Engine& engine) {
  internal::Implementations code;
  internal::add_own_code(code, engine);
  auto session = engine.register_worker(
      code.worker_code(std::string(internal::kSystemQueue), 0, internal::silent_host()));
  return session ? std::move(*session) : nullptr;
}

base::Result<Told> tell_store(const std::string& directory,
                              const sealing::Codecs& codecs,
                              ControlRequest request) {
  auto engine = runtime::Engine::open(directory, recording_only(codecs));
  if (!engine) return engine.error();
  std::unique_ptr<runtime::WorkerSession> own;
  if (base::is_reserved(request.workflow_id())) own = own_worker_of(**engine);
  request.set_version(runtime::kControlVersion);
  std::optional<ControlReply> reply;
  runtime::perform(**engine, request, [&](ControlReply answer) { reply = std::move(answer); });
  while (!reply && (*engine)->run_some()) {
  }
  if (reply) return Told{std::move(*reply), false};
  return Error{ErrorCode::kControl, "nothing was recorded in " + directory};
}

Error no_code(const std::string& directory) {
  return {ErrorCode::kNoWorker,
          "no engine with the run's code serves " + directory +
              "/control: start the program that has the code. If it runs, its engine has "
              "EngineOptions::control_socket off, or is of an earlier release"};
}

Error no_keys(const Error& why) {
  return {ErrorCode::kKeyMissing,
          "what is there already is sealed, and no engine has the store open: give its --key-file, "
          "so that what is recorded now is sealed too (" +
              why.message + ")"};
}

// So that what is recorded can be read by whoever reads what is there already, and by nobody else.
Seals seals_like(const base::Result<std::optional<StoreReader::Seal>>& newest,
                 sealing::Codecs codecs) {
  Seals seals{.codecs = std::move(codecs)};
  if (!newest || !*newest) return seals;  // damage is found by who writes
  const StoreReader::Seal& seal = **newest;
  if (!seal.opens) {
    seals.usable = no_keys(seal.opens.error());
  } else if (seals.codecs.empty() && seal.compressed_only) {
    constexpr int kLevel = 3;
    if (auto zstd = sealing::make_zstd_codec(kLevel)) seals.codecs.push_back(std::move(*zstd));
  }
  return seals;
}

// For a run that may not be there yet.
Seals seals_for(StoreReader& reader, const std::string& workflow_id, sealing::Codecs codecs) {
  if (!workflow_id.empty()) {
    if (const auto run = reader.find(workflow_id)) {
      const auto newest = reader.newest_seal(**run);
      if (newest && *newest) return seals_like(newest, std::move(codecs));
    }
  }
  return seals_like(reader.newest_seal(), std::move(codecs));
}

base::Result<Told> tell(const std::string& directory,
                        const Seals& seals,
                        const ControlRequest& request,
                        base::Duration timeout) {
  const auto until = std::chrono::steady_clock::now() + kChanging;
  while (true) {
    auto answer = runtime::ask_engine(directory, request, timeout);
    if (!answer) return answer.error();
    if (*answer) return Told{std::move(**answer), true};
    if (runtime::asks_code(request) && !base::is_reserved(request.workflow_id())) {
      return no_code(directory);
    }
    if (!seals.usable) return seals.usable.error();
    auto told = tell_store(directory, seals.codecs, request);
    if (told || told.error().code != ErrorCode::kStoreLocked) return told;
    if (std::chrono::steady_clock::now() > until) {
      return Error{ErrorCode::kStoreLocked,
                   told.error().message +
                       ". Its engine serves no control socket: it is starting or ending, "
                       "EngineOptions::control_socket is off, or it is of an earlier release"};
    }
    std::this_thread::sleep_for(kLookAgain);
  }
}

// Tells errors of one run from errors of the store or its engine.
int exit_code_of(ErrorCode code) {
  const int number = static_cast<int>(code);
  const bool of_run = number / 1'000 == 2 || code == ErrorCode::kSignalUnreadable ||
                      (number > 3'000 && code < ErrorCode::kInvalidOption) ||
                      code == ErrorCode::kInvalidToken || code == ErrorCode::kCompletionLate ||
                      code == ErrorCode::kAlreadyCompleted ||
                      code == ErrorCode::kActivityCancelled ||
                      (code >= ErrorCode::kRunNotPaused && code <= ErrorCode::kForkResult) ||
                      (code >= ErrorCode::kUpdateConflict && code <= ErrorCode::kUpdateForgotten);
  return of_run ? kNotThere : kCannotRead;
}

std::string failure_in(const std::string& bytes) {
  proto::Failure failure;
  if (proto::parse(bytes, &failure)) return failure_text(failure);
  return "its handler failed, and what it says cannot be read";
}

// Of the process; "uid 1000" if the system has no name for it, or an unprintable one.
std::string user_name() {
  const uid_t user = ::geteuid();
  std::array<char, 16'384> room{};
  passwd entry{};
  passwd* found = nullptr;
  const bool known = ::getpwuid_r(user, &entry, room.data(), room.size(), &found) == 0 &&
                     found != nullptr && found->pw_name != nullptr;
  std::string name = known ? found->pw_name : "";
  if (name.empty() || !runtime::check_principal(name)) name = "uid " + std::to_string(user);
  return name;
}

}  // namespace

EngineCall::EngineCall(CLI::App& command) : principal_(user_name()) {
  command
      .add_option("--as", principal_,
                  "who asks, for the history: at most 256 bytes; empty: not recorded")
      ->capture_default_str()
      ->check([](const std::string& name) {
        const base::Status valid = runtime::check_principal(name);
        return valid ? std::string() : valid.error().text();
      });
  command.add_option("--timeout", seconds_, "seconds to wait for the engine's answer, at most 600")
      ->capture_default_str()
      ->check([](const std::string& text) { return base::fault_of_seconds(text, 0.001, 600); });
}

EngineCall::Answer EngineCall::ask(const StoreArguments& store, ControlRequest request) const {
  Answer answer;
  Seals seals{.codecs = store.codecs()};
  {
    // Closed before the store is opened for writing.
    const auto reader = store.open();
    answer.run = store.find(*reader);
    // Of a retry nothing is to be sealed.
    if (!request.has_retry()) {
      seals = seals_like(reader->newest_seal(*answer.run), std::move(seals.codecs));
    }
  }
  request.set_workflow_id(answer.run->workflow_id);
  request.set_run_id(std::string(answer.run->id.bytes()));
  ask(store.directory(), store.command(), seals, std::move(request), &answer);
  return answer;
}

EngineCall::Answer EngineCall::ask_of(const std::string& directory,
                                      const std::string& command,
                                      const sealing::Codecs& codecs,
                                      ControlRequest request) const {
  Answer answer;
  Seals seals;
  {
    const auto reader = StoreReader::open(directory, codecs);
    if (!reader) give_up(command, reader.error());
    seals = seals_for(**reader, request.workflow_id(), codecs);
  }
  ask(directory, command, seals, std::move(request), &answer);
  return answer;
}

EngineCall::Answer EngineCall::ask_as_it_is(const StoreArguments& store,
                                            ControlRequest request) const {
  Answer answer;
  Seals seals;
  {
    const auto reader = store.open();  // errors of the store come before those of the token
    seals = seals_for(*reader, request.workflow_id(), store.codecs());
  }
  ask(store.directory(), store.command(), seals, std::move(request), &answer);
  return answer;
}

void EngineCall::ask(const std::string& directory,
                     const std::string& command,
                     const Seals& seals,
                     ControlRequest request,
                     Answer* answer) const {
  request.set_principal(principal_);
  const base::Duration timeout(static_cast<std::int64_t>(seconds_ * 1'000));
  auto told = tell(directory, seals, request, timeout);
  if (!told) give_up(command, told.error().text(), exit_code_of(told.error().code));
  answer->by_engine = told->by_engine;
  ControlReply& reply = told->reply;
  if (reply.has_error()) {
    const Error error{static_cast<ErrorCode>(reply.error().code()), reply.error().message()};
    give_up(command, error.text(), exit_code_of(error.code));
  }
  if (reply.result_case() == ControlReply::kFailure) {
    give_up(command, failure_in(reply.failure()), kNotThere);
  }
  if (reply.has_run()) {
    const auto id = base::RunId::from_bytes(reply.run().run_id());
    answer->started = reply.run().workflow_id() + " (" + (id ? id->to_string() : "?") + ")";
  }
  answer->payload = std::move(*reply.mutable_payload());
}

}  // namespace reprise::tools
