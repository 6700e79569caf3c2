// The modes of a testing::Env: what holds in the usual order must hold in all of them.
#pragma once
#include <ostream>
#include <reprise/testing/env.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace reprise::testing {

struct Mode {
  std::string name;
  EnvOptions options{};
  friend std::ostream& operator<<(std::ostream& out, const Mode& mode) { return out << mode.name; }
};

// Content is compressed and encrypted, so that whatever reads it without opening it is found.
inline PayloadCodecs sealing_codecs() {
  return {zstd_codec(), aes_gcm_codec({.keys = {{"k1", std::string(kEncryptionKeyBytes, 'k')}},
                                       .current = "k1"})};
}

inline std::vector<Mode> all_modes() {
  constexpr std::uint64_t kSeeds = 32;
  std::vector<Mode> modes = {
      {"Usual"},
      {"Shaken", {.replay = Replay::kShake}},
      {"Crashing", {.crash = Crash::kEveryCommit}},
      {"Sealed", {.codecs = sealing_codecs()}},
      {"SealedCrashing", {.crash = Crash::kEveryCommit, .codecs = sealing_codecs()}}};
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    modes.push_back({"Shuffled" + std::to_string(seed), {.order = Order::kShuffled, .seed = seed}});
    modes.push_back({"ShuffledCrashing" + std::to_string(seed),
                     {.crash = Crash::kEveryCommit, .order = Order::kShuffled, .seed = seed}});
  }
  return modes;
}

class InEveryMode : public ::testing::TestWithParam<Mode> {
 protected:
  InEveryMode() : env(GetParam().options) {}

  // Attempts that a dying process has lost are made again.
  template <class S>
  void expect_calls(const Activity<S>& activity, int calls) const {
    if (GetParam().options.crash == Crash::kNever || calls == 0) {
      EXPECT_EQ(env.calls(activity), calls);
    } else {
      EXPECT_GE(env.calls(activity), calls);
    }
  }

  Env env;
};

inline std::string name_of(const ::testing::TestParamInfo<Mode>& mode) {
  return mode.param.name;
}

}  // namespace reprise::testing
