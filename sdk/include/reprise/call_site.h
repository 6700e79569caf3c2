// Where in user code a durable call stands. Recorded with the call for people to read, never
// compared on replay: code may move to another line or file while its runs are under way.
#pragma once
#include <cstdint>

namespace reprise {

namespace internal {

// A temporary of the expression that a durable call stands in, so that a second durable call in the
// same expression is noticed while the first one's temporary lives: the order of the two may be the
// compiler's choice. In Debug builds of the calling code only, and told to the determinism guard.
class DurableExpression {
 public:
  // The arguments are evaluated where the durable call stands.
  explicit DurableExpression(const char* file = __builtin_FILE(),
                             std::uint32_t line = __builtin_LINE(),
                             const char* function = __builtin_FUNCTION(),
                             const void* frame = __builtin_frame_address(0))
      : file_(file), line_(line), function_(function), frame_(frame) {
    open();
  }
  ~DurableExpression() { close(); }
  DurableExpression(const DurableExpression&) = delete;
  DurableExpression& operator=(const DurableExpression&) = delete;

 private:
  void open();
  void close();

  const char* file_;
  std::uint32_t line_;
  const char* function_;
  const void* frame_;
  std::uint64_t calls_before_ = 0;
};

}  // namespace internal

// A source position. Every durable call takes one as its last, defaulted argument; pass it on from
// a helper of your own to have the helper's caller recorded. std::source_location would do, but not
// with clang 14.
struct CallSite {
  const char* file = "";
  std::uint32_t line = 0;

#ifdef NDEBUG
  static constexpr CallSite current(const char* file = __builtin_FILE(),
                                    std::uint32_t line = __builtin_LINE()) {
    return {file, line};
  }
#else
  static CallSite current(const char* file = __builtin_FILE(),
                          std::uint32_t line = __builtin_LINE(),
                          const internal::DurableExpression& = internal::DurableExpression()) {
    return {file, line};
  }
#endif
};

}  // namespace reprise
