#include "samples/tracing/tracing.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samples/tracing/parcel.h"
#include "tests/support/command_output.h"
#include "tests/support/env_modes.h"
#include "tests/support/temporary_directory.h"

namespace tracing {
namespace {

using ::testing::HasSubstr;

constexpr const char* kExample = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceContext, IsReadAndWrittenAsTheRecommendationSays) {
  const auto example = parse_traceparent(kExample);
  ASSERT_TRUE(example);
  EXPECT_EQ(example->trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(example->span_id, "00f067aa0ba902b7");
  EXPECT_TRUE(example->is_sampled);
  EXPECT_EQ(to_traceparent(*example), kExample);
  const std::string later = "cc" + std::string(kExample).substr(2) + "-what-the-future-has";
  EXPECT_TRUE(parse_traceparent(later));
}

TEST(TraceContext, IsInvalid) {
  const std::string good = kExample;
  std::vector<std::string> wrong = {"", "00", good + "-more", "ff" + good.substr(2), good + " "};
  for (std::size_t i = 0; i < good.size(); ++i) {
    wrong.push_back(good);
    wrong.back()[i] = 'G';
  }
  wrong.push_back("00-00000000000000000000000000000000-00f067aa0ba902b7-01");
  wrong.push_back("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01");
  for (const std::string& text : wrong) EXPECT_FALSE(parse_traceparent(text)) << text;
}

class Traced : public ::testing::TestWithParam<reprise::testing::Mode> {
 protected:
  static reprise::testing::EnvOptions with(reprise::testing::EnvOptions options,
                                           std::shared_ptr<reprise::Interceptor> tracer) {
    options.interceptors = {std::move(tracer)};
    return options;
  }
  const Span* span(const std::string& name) const {
    const auto found = std::find_if(spans_.begin(), spans_.end(),
                                    [&](const Span& each) { return each.name == name; });
    return found == spans_.end() ? nullptr : &*found;
  }
  std::vector<Span> spans_;
};
INSTANTIATE_TEST_SUITE_P(All,
                         Traced,
                         ::testing::ValuesIn(reprise::testing::all_modes()),
                         reprise::testing::name_of);

TEST_P(Traced, FromTheClientToTheActivityOfAChild) {
  int next = 0;
  const auto tracer =
      std::make_shared<Tracing>([this](const Span& each) { spans_.push_back(each); },
                                [&next] { return id_from("test" + std::to_string(++next)); });
  reprise::testing::Env env(with(GetParam().options, tracer));
  env.implement(order, run_order);
  env.implement(ship, run_ship);
  env.stub(reserve, [](const std::string&) {});
  env.stub(print_label, [](const std::string& id) { return "L-" + id; });
  EXPECT_EQ(env.start(order("order-7")).result(), "shipped with label L-order-7");

  const std::map<std::string, std::string> parents = {{"workflow order", "start order"},
                                                      {"activity reserve", "workflow order"},
                                                      {"workflow ship", "workflow order"},
                                                      {"activity print_label", "workflow ship"}};
  const Span* const start = span("start order");
  ASSERT_NE(start, nullptr);
  for (const auto& [name, parent] : parents) {
    ASSERT_NE(span(name), nullptr) << name;
    ASSERT_NE(span(parent), nullptr) << parent;
    EXPECT_EQ(span(name)->context.trace_id, start->context.trace_id) << name;
    EXPECT_EQ(span(name)->parent_id, span(parent)->context.span_id) << name;
    EXPECT_FALSE(span(name)->failed);
  }
}

TEST(TracingProgram, PrintsOneTrace) {
  const reprise::testing::TemporaryDirectory directory;
  const auto first =
      reprise::testing::output_of("cd " + directory.path() + " && " TRACING_PROGRAM " order-7");
  EXPECT_EQ(first.code, 0) << first.said;
  EXPECT_THAT(first.said, HasSubstr("shipped with label L-order-7"));
  std::map<std::string, int> traces;
  for (std::size_t at = 0; at < first.said.size(); at = first.said.find('\n', at) + 1) {
    const std::string line = first.said.substr(at, first.said.find('\n', at) - at);
    if (line.size() > 33 && line[32] == ' ') ++traces[line.substr(0, 32)];
  }
  EXPECT_EQ(traces.size(), 1U) << first.said;
  EXPECT_EQ(traces.begin()->second, 5) << first.said;
  EXPECT_EQ(reprise::testing::output_of("cd " + directory.path() + " && " TRACING_PROGRAM).code, 2);
}

}  // namespace
}  // namespace tracing
