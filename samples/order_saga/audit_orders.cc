#include <iostream>
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
  std::cout << (check.problems.empty() ? "  ok    " : "  FAIL  ") << check.claim << "\n";
  std::size_t shown = 0;
  for (const std::string& problem : check.problems)
    if (shown++ < kProblemsShown) std::cout << "          " << problem << "\n";
  if (shown > kProblemsShown)
    std::cout << "          ... and " << shown - kProblemsShown << " more\n";
}

void print_counts(const char* title, const Verdicts& verdicts) {
  std::cout << title << " orders=" << verdicts.size()
            << " completed=" << count(verdicts, Verdict::kCompleted)
            << " compensated=" << count(verdicts, Verdict::kCompensated)
            << " rejected=" << count(verdicts, Verdict::kRejected) << std::endl;
}

}  // namespace

int audit_orders(const std::filesystem::path& data) {
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
  print_counts(ok ? "audit: ok" : "audit: FAILED", verdicts);
  return ok ? 0 : 1;
}

int show_status(const std::filesystem::path& data) {
  require_data(data);
  Books books(ledger_file(data));
  const Standing standing = books.standing();
  std::cout << "status: requests=" << books.deliveries().all << " settled=" << standing.settled
            << " open=" << standing.orders - standing.settled << std::endl;
  return 0;
}

}  // namespace order_saga
