#include "replay/thrown.h"

#include <algorithm>
#include <array>
#include <cxxabi.h>
#include <span>
#include <typeinfo>
#include <utility>

#include "base/error.h"
#include "base/place.h"
#include "base/stack_frames.h"
#include "replay/class_name.h"
#include "replay/report_lines.h"
#include "replay/strand.h"
#include "replay/user_frames.h"

namespace reprise::replay {
namespace {

struct Look {
  const Strand* strand = nullptr;  // whose stack it is; nullptr: taken
  std::size_t count = 0;
  std::array<void*, base::kMostFrames> frames{};
};
constinit thread_local Look last_look;
constinit thread_local StackLook::Told told_now;

// Frames of the runtime's own functions, between the throw and the question.
bool throws(std::string_view function) {
  constexpr std::string_view kParts[] = {"__cxa_throw", "__cxa_rethrow", "rethrow_exception",
                                         "_Unwind_Raise", "_Unwind_Resume"};
  return std::any_of(std::begin(kParts), std::end(kParts),
                     [&](std::string_view part) { return function.find(part) != function.npos; });
}

// The frames after those of the runtime's functions.
std::span<void* const> from_the_throw(const std::vector<void*>& frames, base::Symbols& symbols) {
  constexpr std::size_t kMostOfRuntime = 16;
  std::size_t first = 0;
  for (std::size_t i = 0; i < std::min(frames.size(), kMostOfRuntime); ++i) {
    const auto& here = symbols.at(frames[i]);
    if (std::any_of(here.begin(), here.end(), [](const auto& one) { return throws(one.function); }))
      first = i + 1;
  }
  return std::span(frames).subspan(first);
}

// Like a catch clause for std::exception.
std::string text_of(const std::type_info& type, void* object) {
  std::string text = class_name(type);
  if (!typeid(std::exception).__do_catch(&type, &object, 1)) return text;
  return text + ": " + static_cast<const std::exception*>(object)->what();
}

}  // namespace

// The type information that a catch clause for StackLook uses.
class LookingType final : public std::type_info {
 public:
  LookingType() : std::type_info("reprise::replay::StackLook") {}

  bool __do_catch(const std::type_info* thrown, void** object, unsigned) const override {
    last_look.strand = Strand::current();
    last_look.count = base::stack_frames(last_look.frames);
    if (told_now.witness != nullptr) told_now.witness(told_now.context, text_of(*thrown, *object));
    return false;
  }
};

// Replaces the one that the compiler would make, before any object that could run a workflow.
extern const LookingType kLookingType __asm__("_ZTIN7reprise6replay9StackLookE");
[[gnu::init_priority(101)]] const LookingType kLookingType;

StackLook::Told StackLook::tell(Told told) {
  return std::exchange(told_now, told);
}

std::vector<void*> StackLook::take() {
  const Strand* const strand = std::exchange(last_look.strand, nullptr);
  if (strand == nullptr || strand != Strand::current()) return {};
  const auto frames = std::span(last_look.frames).first(last_look.count);
  return {frames.begin(), frames.end()};
}

std::string current_exception_type() {
  const std::type_info* const type = abi::__cxa_current_exception_type();
  return type == nullptr ? "an exception of another language" : class_name(*type);
}

std::vector<base::Symbol> user_frames(const Thrown& thrown, base::Symbols& symbols) {
  return user_frames(from_the_throw(thrown.strand.frames, symbols), symbols);
}

std::string place_of(const Thrown& thrown, base::Symbols& symbols) {
  const auto frames = user_frames(thrown, symbols);
  if (frames.empty()) return {};
  const base::Symbol& thrower = frames.front();
  return thrower.file.empty() ? base::to_string(thrower)
                              : base::place_text(thrower.file, thrower.line);
}

std::string report(const Thrown& thrown,
                   std::string_view workflow,
                   std::string_view workflow_id,
                   std::string_view run_id,
                   base::Symbols* symbols) {
  const std::string more = thrown.what.empty() ? "" : ": " + thrown.what;
  std::string text = base::to_string(base::ErrorCode::kWorkflowBug) +
                     " an exception that is no reprise::Failure left the workflow's code: ";
  const std::string head = report_line("", thrown.type + more);
  text += head.substr(kReportLabelWidth);
  text += report_line("of", run_text(workflow, workflow_id, run_id));
  text += report_line("in", thrown.in);
  text += report_line("at event", std::to_string(thrown.event) + " " + thrown.input);
  if (symbols != nullptr) {
    if (const std::string place = place_of(thrown, *symbols); !place.empty()) {
      text += report_line("thrown at", place);
    }
  }
  text += report_line("to go on",
                      "correct the code and start its worker again: the run goes on from here, and "
                      "nothing is lost. To end a run as failed, throw a reprise::Failure");
  if (symbols == nullptr) return text;
  const auto frames = from_the_throw(thrown.strand.frames, *symbols);
  return text + stack_lines({thrown.strand.number, {}, {frames.begin(), frames.end()}}, *symbols);
}

}  // namespace reprise::replay
