// What happened in a simulated world, step by step: a hash that tells whether two worlds were the
// same, and on request the text.
#pragma once
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace reprise::simulation {

class Trace {
 public:
  explicit Trace(bool print) : print_(print) {}

  void say(std::string_view line) {
    hash_ = base::hash64(line, hash_);
    ++lines_;
    if (print_) std::printf("%4llu  %.*s\n", lines_, static_cast<int>(line.size()), line.data());
  }
  std::uint64_t hash() const { return hash_; }

 private:
  const bool print_;
  unsigned long long lines_ = 0;
  std::uint64_t hash_ = 0;
};

}  // namespace reprise::simulation
