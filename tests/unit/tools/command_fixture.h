// Runs the reprise command in this process, with a clock that stands still, on a store with known
// content.
#pragma once
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/engine_fixture.h"
#include "tests/support/temporary_directory.h"
#include "tools/run_command.h"

namespace reprise::tools {

struct Output {
  int code = -1;
  std::string out;
  std::string err;
};

// A payload.
inline std::string cbor(const nlohmann::json& value) {
  const auto bytes = nlohmann::json::to_cbor(value);
  return {bytes.begin(), bytes.end()};
}

// The engine is in memory until make_store() opens one in a directory, and closes it again.
class CommandFixture : public reprise::testing::EngineFixture {
 protected:
  CommandFixture() { ::unsetenv("REPRISE_STORE"); }

  void open_engine() {
    runtime::EngineOptions with = options();
    with.shards = 1;
    worker_.reset();
    engine_.reset();
    auto engine = runtime::Engine::open(store_, with);
    ASSERT_TRUE(engine) << engine.error().text();
    engine_ = std::move(*engine);
  }
  void close_engine() {
    worker_.reset();
    engine_.reset();
  }

  Output reprise(std::vector<std::string> arguments) {
    std::vector<const char*> words{"reprise"};
    for (const std::string& word : arguments) words.push_back(word.c_str());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    Output output;
    output.code = run_command(static_cast<int>(words.size()), words.data(), clock_);
    std::fflush(nullptr);
    output.out = ::testing::internal::GetCapturedStdout();
    output.err = ::testing::internal::GetCapturedStderr();
    return output;
  }
  nlohmann::json reprise_json(std::vector<std::string> arguments) {
    arguments.push_back("--json");
    const Output output = reprise(std::move(arguments));
    EXPECT_EQ(output.code, 0) << output.err;
    return nlohmann::json::parse(output.out, nullptr, false);
  }

  testing::TemporaryDirectory directory_;
  const std::string store_ = directory_ / "orders.db";
};

}  // namespace reprise::tools
