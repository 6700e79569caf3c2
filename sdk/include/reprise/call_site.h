// The place of a durable call in user code. Recorded with the call for people to read, never
// compared on replay: code may move to another line or file while its runs are under way.
#pragma once
#include <cstdint>

namespace reprise {

namespace internal {

// A temporary in the expression of a durable call. A second durable call in the same expression
// finds that the first one's temporary is still alive: the compiler may choose the order of the
// two. In Debug builds of the calling code only; reports go to the determinism guard.
class DurableExpression {
 public:
  // The default arguments are evaluated at the durable call.
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

// A source position. Every durable call takes one as its last, defaulted argument; a helper of
// yours can pass on its caller's. Not std::source_location, which clang 14 does not have.
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
