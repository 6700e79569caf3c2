// An engine whose codec fails: nothing is written as it is, and nothing is acknowledged any more.
#include <gmock/gmock.h>

#include "tests/support/engine_fixture.h"
#include "tests/support/toy_codec.h"

namespace reprise::testing {
namespace {

using ::testing::HasSubstr;

class SealedEngine : public EngineFixture {
 protected:
  SealedEngine() {
    runtime::EngineOptions with = options();
    with.codecs = {codec_};
    engine_ = runtime::Engine::in_memory(with);
  }
  const std::shared_ptr<ToyCodec> codec_ = std::make_shared<ToyCodec>("k1");
};

TEST_F(SealedEngine, EndsWhenATurnCannotBeSealed) {
  workflow("w", [](Execution& e) {
    const auto word = e.next_signal("word");
    e.wait(*word);
    return Outcome::success(word->take_outcome().payload());
  });
  start_worker();
  const auto run = start("w", "run-1", "input");
  EXPECT_EQ(fatal_, "");
  codec_->fail();
  engine_->ask(runtime::verb::Signal{
      {"run-1", {}}, "word", "secret", [](const base::Status&) { FAIL() << "acknowledged"; }});
  settle();
  EXPECT_THAT(fatal_, HasSubstr("RP3018"));
  EXPECT_THAT(fatal_, HasSubstr("the toy is broken"));
  EXPECT_FALSE(run->ready());
}

}  // namespace
}  // namespace reprise::testing
