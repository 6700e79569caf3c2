// Runs with attributes, and searches for them.
#pragma once
#include <initializer_list>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/engine_fixture.h"
#include "tests/support/temporary_directory.h"

namespace reprise::testing {

class SearchFixture : public EngineFixture {
 protected:
  using Setting = proto::SettingRecorded;
  using Settings = std::vector<Setting>;

  // Of two workflows, one waits for the signal "go", and one publishes what its signals "set" say.
  SearchFixture() {
    workflow("waits", wait_for_signal);
    workflow("sets", [](Execution& e) {
      while (true) {
        const auto next = e.next_signal("set");
        if (e.wait(*next) == replay::Waited::kCancelled) return Outcome::success({});
        const std::string what = next->take_outcome().payload();
        if (what.empty()) return Outcome::success({});
        e.set("stage", what == "-" ? "" : encoded(what), Setting::TEXT, at(1));
      }
    });
    start_worker();
  }

  // Another engine, whose archive takes so many records at once; with a name it is in a directory.
  void with_archive_of(std::size_t slice, const std::string& name = {}) {
    slice_ = slice;
    name_ = name;
    worker_.reset();
    engine_.reset();
    runtime::EngineOptions with = options();
    with.archive_slice = slice;
    if (name.empty()) {
      engine_ = runtime::Engine::in_memory(with);
    } else {
      auto opened = runtime::Engine::open(directory_ / name, with);
      ASSERT_TRUE(opened) << opened.error().text();
      engine_ = std::move(*opened);
    }
    start_worker();
  }
  // As after a crash: nothing is archived on the way. Does nothing to an engine in memory.
  void reopen() {
    if (!name_.empty()) with_archive_of(slice_, name_);
  }

  using EngineFixture::start;
  void start(const std::string& workflow, const std::string& id, Settings settings) {
    runtime::StartRequest request;
    request.workflow = workflow;
    request.workflow_id = id;
    request.settings = std::move(settings);
    start(std::move(request));
    ASSERT_TRUE(started_ && *started_) << (*started_).error().text();
  }

  // Whether there is a run that takes it or not.
  void signal(const std::string& id, const std::string& name, const std::string& input = {}) {
    (void)EngineFixture::signal(id, name, input);
  }
  void terminate(const std::string& id) { (void)EngineFixture::terminate(id); }

  static std::string encoded(const nlohmann::json& value) {
    const auto bytes = nlohmann::json::to_cbor(value);
    return {bytes.begin(), bytes.end()};
  }
  static Setting setting(std::string name, Setting::Type type, const nlohmann::json& value) {
    Setting made;
    made.set_name(std::move(name));
    made.set_type(type);
    made.set_value(encoded(value));
    return made;
  }
  static Setting text(std::string name, const std::string& value) {
    return setting(std::move(name), Setting::TEXT, value);
  }
  static Setting texts(std::string name, std::vector<std::string> values) {
    return setting(std::move(name), Setting::TEXTS, values);
  }
  static Setting integer(std::string name, std::int64_t value) {
    return setting(std::move(name), Setting::INT64, value);
  }
  static Setting real(std::string name, double value) {
    return setting(std::move(name), Setting::DOUBLE, value);
  }
  static Setting truth(std::string name, bool value) {
    return setting(std::move(name), Setting::BOOL, value);
  }
  static Setting time(std::string name, std::int64_t ms) {
    return setting(std::move(name), Setting::TIME, ms);
  }

  template <class Verb>
  base::Result<typename Verb::Answer> ask(Verb verb) {
    std::optional<base::Result<typename Verb::Answer>> answer;
    verb.reply = [&](base::Result<typename Verb::Answer> given) { answer = std::move(given); };
    engine_->ask(std::move(verb));
    settle();
    return answer.value();
  }
  base::Result<runtime::FoundRuns> try_find(const std::string& filter,
                                            std::size_t page_size = 1'000,
                                            const std::string& token = {}) {
    auto recent = ask(runtime::verb::RecentRuns{filter});
    if (!recent) return recent.error();
    return ask(runtime::verb::FindRuns{{filter, page_size, token}, *recent});
  }
  runtime::FoundRuns find(const std::string& filter,
                          std::size_t page_size = 1'000,
                          const std::string& token = {}) {
    auto found = try_find(filter, page_size, token);
    EXPECT_TRUE(found) << found.error().text();
    return found ? std::move(*found) : runtime::FoundRuns();
  }
  std::vector<std::string> ids(const std::string& filter) {
    std::vector<std::string> found;
    for (const auto& run : find(filter).runs) found.push_back(run.workflow_id);
    return found;
  }
  std::string fault(const std::string& filter,
                    std::size_t page_size = 1'000,
                    const std::string& token = {}) {
    const auto found = try_find(filter, page_size, token);
    return found ? "found" : found.error().text();
  }
  base::Result<runtime::RunCounts> try_count(const std::string& filter,
                                             const std::string& group_by = {}) {
    auto recent = ask(runtime::verb::RecentRuns{filter, group_by});
    if (!recent) return recent.error();
    return ask(runtime::verb::CountRuns{{filter, group_by}, *recent});
  }
  std::uint64_t count(const std::string& filter) {
    const auto counted = try_count(filter);
    EXPECT_TRUE(counted) << counted.error().text();
    return counted ? counted->total : ~std::uint64_t{0};
  }
  std::string count_fault(const std::string& filter, const std::string& group_by) {
    const auto counted = try_count(filter, group_by);
    return counted ? "counted" : counted.error().text();
  }
  // "Running 7, Terminated 3".
  std::string groups(const std::string& filter, const std::string& by) {
    const auto counted = try_count(filter, by);
    EXPECT_TRUE(counted) << counted.error().text();
    std::string shown;
    for (const runtime::RunGroup& group : counted->groups) {
      shown += (shown.empty() ? "" : ", ") + (group.none ? "(none)" : group.value) + " " +
               std::to_string(group.count);
    }
    return shown;
  }

  TemporaryDirectory directory_;

 private:
  std::size_t slice_ = 0;
  std::string name_;
};

}  // namespace reprise::testing
