// The component prometheus: what a scrape gets is the text format of Prometheus.
#include <prometheus/exposer.h>
#include <prometheus/text_serializer.h>
#include <regex>
#include <reprise/prometheus.h>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "tests/support/page_code.h"
#include "tests/support/temporary_directory.h"

namespace prometheus_page_test {

// ---- the page ---------------------------------------------------------------------------------

std::string run(const std::string& directory, const std::string& address) {
  // clang-format off
auto metrics = std::make_shared<reprise::Metrics>();
auto engine = reprise::Engine::open(directory, {.metrics = metrics});

prometheus::Exposer exposer{address};  // "127.0.0.1:9464"
const auto shown = reprise::prometheus_collectable(metrics);
exposer.RegisterCollectable(shown);
  // clang-format on
  return prometheus::TextSerializer().Serialize(shown->Collect());
}

}  // namespace prometheus_page_test

namespace reprise {
namespace prometheus_test {
namespace {

TEST(PrometheusPage, HasTheCodeOfThisTest) {
  testing::expect_code_of("docs/metrics.md", "tests/unit/sdk/prometheus_test.cc", 2);
}

// Of the text format, version 0.0.4, strictly: every line is a HELP, a TYPE or a sample; samples
// come after the TYPE of their family; histograms have growing buckets, +Inf, a sum and a count.
class Parsed {
 public:
  explicit Parsed(const std::string& text) {
    EXPECT_TRUE(text.ends_with("\n"));
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) take(line);
  }
  std::set<std::string> families;
  int samples = 0;

 private:
  void take(const std::string& line) {
    static const std::regex kHelp("# HELP ([a-z_]+) (.+)");
    static const std::regex kType("# TYPE ([a-z_]+) (counter|gauge|histogram)");
    static const std::regex kSample(
        "([a-z_]+)(?:\\{((?:[a-z_]+=\"(?:[^\"\\\\\n]|\\\\[\\\\\"n])*\",?)*)\\})? "
        "([-+0-9.eE]+|\\+Inf|NaN)");
    std::smatch found;
    if (std::regex_match(line, found, kHelp)) return;
    if (std::regex_match(line, found, kType)) {
      EXPECT_TRUE(families.insert(found[1]).second) << "twice: " << line;
      family_ = found[1];
      type_ = found[2];
      return;
    }
    ASSERT_TRUE(std::regex_match(line, found, kSample)) << line;
    ++samples;
    const std::string name = found[1];
    if (type_ != "histogram") {
      EXPECT_EQ(name, family_);
      return;
    }
    EXPECT_TRUE(name == family_ + "_bucket" || name == family_ + "_sum" ||
                name == family_ + "_count")
        << line;
    const std::string labels = found[2];
    if (name == family_ + "_bucket") {
      const double count = std::stod(found[3]);
      const bool same = labels.substr(0, labels.find("le=")) == series_;
      if (same) {
        EXPECT_GE(count, last_) << line;
      }
      series_ = labels.substr(0, labels.find("le="));
      last_ = labels.find("+Inf") != std::string::npos ? 0 : count;
    }
  }

  std::string family_;
  std::string type_;
  std::string series_;
  double last_ = 0;
};

TEST(Prometheus, GetsTextThatItUnderstands) {
  const testing::TemporaryDirectory directory;
  const auto metrics = std::make_shared<Metrics>();
  const auto shown = prometheus_collectable(metrics);
  const auto engine = Engine::open(
      directory / "store", {.metrics = metrics, .logger = [](LogLevel, std::string_view) {}});
  const Workflow<void()> odd("odd \"name\" \\ \n with all that");
  const Activity<void()> work("work");
  Worker worker(*engine);
  worker.implement(odd, [&](Context& ctx) { ctx.call(work()); })
      .implement(work, [](ActivityContext&) {});
  worker.start();
  Client(*engine).start(odd()).result();
  const std::string text = prometheus::TextSerializer().Serialize(shown->Collect());
  const Parsed parsed(text);
  std::set<std::string> names;
  for (const MetricFamily& each : metrics->collect()) names.insert(each.name);
  EXPECT_EQ(parsed.families, names);
  EXPECT_GT(parsed.samples, 100);
}

TEST(Prometheus, IsExposed) {
  const testing::TemporaryDirectory directory;
  const std::string text = prometheus_page_test::run(directory / "store", "127.0.0.1:0");
  EXPECT_NE(text.find("# TYPE reprise_turn_seconds histogram"), std::string::npos);
}

}  // namespace
}  // namespace prometheus_test
}  // namespace reprise
