#include "runtime/guard/report.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <dlfcn.h>
#include <iterator>

#include "base/call_site.h"
#include "base/place.h"
#include "base/symbols.h"
#include "runtime/guard/system_calls.h"

namespace reprise::runtime::guard {
namespace {

constexpr std::size_t kFramesShown = 6;

bool is_runtime_library(std::string_view path) {
  constexpr std::string_view kPrefixes[] = {"libc.so",  "libstdc++",  "libc++",  "libgcc_s",
                                            "ld-linux", "libpthread", "libm.so", "linux-vdso",
                                            "libasan",  "libtsan",    "libubsan"};
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes), [&](std::string_view prefix) {
    return name.substr(0, prefix.size()) == prefix;
  });
}

// malloc and free may open a file of /proc, or count processors.
bool is_memory_management(const void* function) {
  static const auto functions = [] {
    std::array<const void*, 7> known{};
    const char* const names[] = {"malloc",         "free",     "calloc",       "realloc",
                                 "posix_memalign", "memalign", "aligned_alloc"};
    std::transform(std::begin(names), std::end(names), known.begin(),
                   [](const char* name) { return ::dlsym(RTLD_DEFAULT, name); });
    return known;
  }();
  return function != nullptr &&
         std::find(functions.begin(), functions.end(), function) != functions.end();
}

// Inlined and instantiated parts of the standard library, and Reprise itself, are in the program's
// own code: "#3 std::function<void ()>::operator()() const shop/order.cc:41" does not help the
// reader.
bool is_plumbing(std::string_view line) {
  line.remove_prefix(std::min(line.size(), line.find(' ') + 1));
  const std::string_view name = line.substr(0, line.find_first_of("(<"));
  const std::string_view function = name.substr(name.rfind(' ', name.size() - 1) + 1);
  constexpr std::string_view kPrefixes[] = {
      "std::",           "__gnu_cxx::",        "reprise::internal::",      "reprise::replay::",
      "reprise::base::", "reprise::Context::", "reprise::runtime::guard::"};
  const auto starts = [&](std::string_view prefix) {
    return name.substr(0, prefix.size()) == prefix || function.substr(0, prefix.size()) == prefix;
  };
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes), starts);
}

std::string_view instead_of(Hazard hazard) {
  switch (hazard) {
    case Hazard::kClock:
      return "ctx.now(), the time of the turn";
    case Hazard::kSleep:
      return "ctx.sleep(), ctx.timer()";
    case Hazard::kRandom:
      return "ctx.random(), ctx.uuid()";
    case Hazard::kEnvironment:
      return "ctx.side_effect(), which reads it once and records it";
    case Hazard::kMachine:
      return "ctx.info() for who the run is; ctx.side_effect() for the rest, recorded once";
    case Hazard::kFile:
      return "a step or an activity; ctx.log() for lines that people read";
    case Hazard::kNetwork:
      return "an activity";
    case Hazard::kThread:
      return "ctx.spawn() for code that waits, an activity for work";
    case Hazard::kBlocking:
      return "ctx.wait_until() or a Pending for what the run waits for; a step for the rest";
    case Hazard::kProcess:
      return "an activity";
    case Hazard::kOther:
      break;
  }
  return "a step or an activity";
}

}  // namespace

std::optional<std::vector<void*>> frames_of_caller(const Find& find) {
  std::vector<void*> frames;
  for (std::size_t i = 0; i < find.depth; ++i) {
    Dl_info info{};
    const bool known = ::dladdr(find.frames[i], &info) != 0 && info.dli_fname != nullptr;
    if (known && is_memory_management(info.dli_saddr)) return std::nullopt;
    if (frames.empty() && known && is_runtime_library(info.dli_fname)) continue;
    frames.push_back(find.frames[i]);
  }
  // The stack cannot be walked beyond the C library's clone().
  if (frames.empty()) frames.assign(find.frames.begin(), find.frames.begin() + find.depth);
  return frames;
}

std::string name_of(const Find& find) {
  if (find.call == nullptr) return name_of_system_call(find.system_call) + " (system call)";
  if (find.call->name.substr(0, 2) == "_Z") return "std::random_device";
  return std::string(find.call->name);
}

std::string_view instead_of(const Find& find) {
  return instead_of(find.call != nullptr ? find.call->hazard
                                         : hazard_of_system_call(find.system_call));
}

std::string describe(const Find& find, const std::vector<void*>& frames) {
  const auto all = base::describe_frames(frames);
  std::vector<std::string> lines;
  std::remove_copy_if(all.begin(), all.end(), std::back_inserter(lines), is_plumbing);
  if (lines.empty()) lines = all;
  lines.resize(std::min(lines.size(), kFramesShown));
  std::string text = "  called     " + name_of(find);
  if (find.count > 1) text += ", " + std::to_string(find.count) + " times in this turn";
  const char* title = "\n  by         ";
  for (const std::string& line : lines) {
    text += title + line.substr(line.find(' ') + 1);
    title = "\n             ";
  }
  return text + "\n  instead    " + std::string(instead_of(find));
}

std::string describe(const OneExpression& expression) {
  const base::CallSite site{expression.file, expression.second_line};
  std::string text = "  durable calls in one expression at " +
                     base::place_text(site.short_file(), expression.first_line);
  if (expression.second_line != expression.first_line) {
    text += " and " + std::to_string(expression.second_line);
  }
  return text +
         ": unless braces, '&&', '||', ',' or '?:' say which comes first the compiler decides, and "
         "another one decides otherwise\n  instead    a statement for each";
}

}  // namespace reprise::runtime::guard
