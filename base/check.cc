#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace reprise::base {

void check_failed(const char* file, int line, const char* condition, const char* why) {
  std::fprintf(stderr, "reprise: invariant broken at %s:%d: %s (%s)\n", file, line, condition, why);
  std::abort();
}

}  // namespace reprise::base
