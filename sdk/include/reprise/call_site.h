// Where in user code a durable call stands. Recorded with the call for people to read, never
// compared on replay: code may move to another line or file while its runs are under way.
#pragma once
#include <cstdint>

namespace reprise {

// A source position. Every durable call takes one as its last, defaulted argument; pass it on from
// a helper of your own to have the helper's caller recorded. std::source_location would do, but not
// with clang 14.
struct CallSite {
  const char* file = "";
  std::uint32_t line = 0;

  static constexpr CallSite current(const char* file = __builtin_FILE(),
                                    std::uint32_t line = __builtin_LINE()) {
    return {file, line};
  }
};

}  // namespace reprise
