// Which sanitizers this translation unit is built with; g++ and clang++ have different macros for
// it. The preset `valgrind` sets one of our own.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define REPRISE_ASAN 1
#elif defined(__SANITIZE_THREAD__)
#define REPRISE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define REPRISE_ASAN 1
#elif __has_feature(thread_sanitizer)
#define REPRISE_TSAN 1
#endif
#endif

#ifndef REPRISE_ASAN
#define REPRISE_ASAN 0
#endif
#ifndef REPRISE_TSAN
#define REPRISE_TSAN 0
#endif
#ifndef REPRISE_VALGRIND
#define REPRISE_VALGRIND 0
#endif
// They want to see every allocation.
#define REPRISE_SANITIZED (REPRISE_ASAN || REPRISE_TSAN || REPRISE_VALGRIND)

namespace reprise::base {
// Instrumented frames are several times larger, strands cost far more, and the sanitizers take most
// of the address space.
inline constexpr bool kSanitized = REPRISE_SANITIZED;
}  // namespace reprise::base
