#include <cstdio>
#include <stdexcept>

#include "audit.h"
#include "commands.h"
#include "progress.h"
#include "runs.h"

namespace order_saga {
namespace {

constexpr std::size_t kProblemsShown = 10;  // of each check

void require_data(const std::filesystem::path& data) {
  if (!std::filesystem::exists(ledger_file(data)) ||
      !std::filesystem::exists(store_directory(data)))
    throw std::runtime_error(
        data.string() + " holds no orders; run some first: order_saga run --data " + data.string());
}

void print(const Check& check) {
  std::printf("  %-4s  %s\n", check.problems.empty() ? "ok" : "FAIL", check.claim.c_str());
  std::size_t shown = 0;
  for (const std::string& problem : check.problems)
    if (shown++ < kProblemsShown) std::printf("        %s\n", problem.c_str());
  if (shown > kProblemsShown) std::printf("        ... and %zu more\n", shown - kProblemsShown);
}

void print_counts(const char* title, const Verdicts& verdicts) {
  std::printf("%s orders=%zu completed=%zu compensated=%zu rejected=%zu\n", title, verdicts.size(),
              count(verdicts, Verdict::kCompleted), count(verdicts, Verdict::kCompensated),
              count(verdicts, Verdict::kRejected));
}

}  // namespace

int verify_orders(const std::filesystem::path& data) {
  require_data(data);
  const auto engine = reprise::Engine::open(store_directory(data));
  const reprise::Client client(*engine);
  const Verdicts verdicts = read_verdicts(client, read_runs(client));
  Books books(ledger_file(data));

  bool ok = true;
  for (const Check& check : audit(books, verdicts)) {
    print(check);
    ok = ok && check.problems.empty();
  }
  print_counts(ok ? "verify: ok" : "verify: FAILED", verdicts);
  return ok ? 0 : 1;
}

int show_status(const std::filesystem::path& data) {
  require_data(data);
  const auto engine = reprise::Engine::open(store_directory(data));
  const Runs runs = read_runs(reprise::Client(*engine));
  const std::size_t ended = count_ended(runs);
  std::printf("status: started=%zu ended=%zu in_flight=%zu\n", runs.size(), ended,
              runs.size() - ended);
  return 0;
}

}  // namespace order_saga
