#include <atomic>
#include <ctime>
#include <dlfcn.h>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <unordered_set>
#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

#include "tests/guard/hazards.h"

namespace reprise::testing {
namespace {

template <class T>
void use(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

using Clock = int (*)(clockid_t, timespec*);

int changed_by_everybody = 0;
thread_local int of_the_thread = 0;
std::atomic<bool> flag{true};
std::mutex free_mutex;

// A function's address taken before the guard came.
const auto clock_of_the_library = reinterpret_cast<Clock>(::dlsym(RTLD_DEFAULT, "clock_gettime"));

Clock clock_of_the_kernel() {
  void* const object = ::dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
  return object == nullptr ? nullptr
                           : reinterpret_cast<Clock>(::dlsym(object, "__vdso_clock_gettime"));
}
const Clock kernel_clock = clock_of_the_kernel();

void read_clock(Clock clock) {
  timespec now{};
  if (clock != nullptr) use(clock(CLOCK_REALTIME, &now));
}

// Memory that another process could have.
int* shared_memory() {
  static int* const shared = static_cast<int*>(
      ::mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  return shared;
}
[[maybe_unused]] int* const mapped = shared_memory();

}  // namespace

std::vector<Hazard> no_calls() {
  return {
    {"the order of pointers: `std::set<T*>`",
     [] {
       const auto one = std::make_unique<int>(1);
       const auto other = std::make_unique<int>(2);
       const std::set<int*> both{one.get(), other.get()};
       use(**both.begin());
     }},
        {"the order of an `unordered_set` that the code iterates over",
         [] {
           const std::unordered_set<std::string> words{"one", "two", "three"};
           use(*words.begin());
         }},
        {"a hash of a pointer", [] { use(std::hash<int*>()(&changed_by_everybody)); }},
        {"a global variable that other runs change", [] { ++changed_by_everybody; }},
        {"a thread-local variable", [] { ++of_the_thread; }},
        {"`std::this_thread::get_id()`", [] { use(std::this_thread::get_id()); }},
        {"an atomic that another thread sets", [] { use(flag.load()); }},
        {"a mutex that happens to be free", [] { const std::lock_guard lock(free_mutex); }},
        {"memory shared with another process", [] { use(*shared_memory()); }},
        {"uninitialised memory",
         [] {
           const std::unique_ptr<int> unset(new int);
           use(*unset);
         }},
        {"a function of the C library called through an address that was taken before the first "
         "guard",
         [] { read_clock(clock_of_the_library); }},
        {"the kernel's clock called directly (vDSO)", [] { read_clock(kernel_clock); }},
#if defined(__x86_64__)
        {"the `rdtsc` instruction", [] { use(__rdtsc()); }},
        {"the `cpuid` instruction", [] {
           unsigned registers[4];
           use(__get_cpuid(1, &registers[0], &registers[1], &registers[2], &registers[3]));
         }},
#endif
  };
}

}  // namespace reprise::testing
