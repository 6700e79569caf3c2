#include "tests/model/workflows.h"

#include <stdexcept>

#include "tests/model/wire.h"

namespace reprise::model {
namespace {

using namespace std::chrono_literals;

// Instances are made from a Context alone.
const Names* all_names = nullptr;
bool code_is_mended = false;

constexpr ActivityOptions kOften{.retry = {.initial_interval = 1ms, .maximum_interval = 5ms}};

std::string do_work(ActivityContext& attempt, const std::string& value) {
  if (attempt.attempt() == 1) throw ApplicationFailure("again", value.c_str());
  return value;
}

template <Kind kind>
class Run {
 public:
  explicit Run(Context& ctx) : ctx_(ctx), define_(*all_names) {}

  Seen run(const std::string& argument) {
    if constexpr (kind == Kind::kWorks) return works(argument);
    if constexpr (kind == Kind::kSleeps) return sleeps(argument);
    if constexpr (kind == Kind::kCleans) {
      wait_or_clean_up(argument);
    } else {
      wait();
    }
    if constexpr (kind == Kind::kFails) throw ApplicationFailure(argument, argument);
    if constexpr (kind == Kind::kParks) {
      if (!code_is_mended) throw std::logic_error(argument);
    }
    return seen_;
  }

  void note(const std::string& value) { seen_.push_back(digest_of(value)); }
  void finish(const std::string&) { finished_ = true; }
  std::string add(const std::string& value) {
    seen_.push_back("+" + digest_of(value));
    return std::to_string(seen_.size()) + " " + digest_of(value);
  }
  std::string echo(const std::string& value) const { return value; }
  Seen seen() const { return seen_; }

 private:
  void wait() {
    ctx_.wait_until([this] { return finished_; });
  }

  void wait_or_clean_up(const std::string& argument) {
    try {
      wait();
    } catch (const CancelledFailure&) {
      const Shield shield(ctx_);
      (void)ctx_.call(define_.work(argument), kOften);
      throw;
    }
  }

  Seen works(const std::string& argument) {
    const std::string once = ctx_.call(define_.work(argument), kOften);
    const std::string twice = ctx_.step(all_names->step, [once] { return once; });
    auto third = ctx_.start(define_.work(twice), kOften);
    auto fourth = ctx_.start(define_.work(twice), kOften);
    (void)fourth.get();
    return {digest_of(third.get())};
  }

  Seen sleeps(const std::string& argument) {
    ctx_.sleep(2ms);
    auto one = ctx_.timer(1ms);
    auto other = ctx_.timer(3ms);
    if (ctx_.first_of(other, one) == 0) other = ctx_.timer(1ms);
    ctx_.sleep(1ms);
    return {digest_of(argument)};
  }

  Context& ctx_;
  const Definitions define_;
  Seen seen_;
  bool finished_ = false;
};

template <Kind kind>
void implement_kind(Worker& worker, const Names& names) {
  const Definitions define(names);
  const Definition workflow(std::string_view(names.workflows[static_cast<std::size_t>(kind)]));
  implement_class(worker, workflow, &Run<kind>::run)
      .on(define.note, &Run<kind>::note)
      .on(define.finish, &Run<kind>::finish)
      .on(define.add, &Run<kind>::add)
      .on(define.echo, &Run<kind>::echo)
      .on(define.seen, &Run<kind>::seen);
}

}  // namespace

void implement(Worker& worker, const Names& names, bool mended) {
  all_names = &names;
  code_is_mended = mended;
  implement_kind<Kind::kCollects>(worker, names);
  implement_kind<Kind::kCleans>(worker, names);
  implement_kind<Kind::kFails>(worker, names);
  implement_kind<Kind::kParks>(worker, names);
  implement_kind<Kind::kWorks>(worker, names);
  implement_kind<Kind::kSleeps>(worker, names);
  worker.implement(Definitions(names).work, do_work);
}

}  // namespace reprise::model
