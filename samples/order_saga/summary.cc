#include "summary.h"

#include <algorithm>
#include <chrono>
#include <sys/stat.h>

#include "books.h"
#include "progress.h"

namespace order_saga {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kBlockBytes = 512;  // the unit of st_blocks, whatever the file system's own

// Blocks, not sizes: the files of the store reserve more than they use.
std::int64_t bytes_on_disk(const std::filesystem::path& path) {
  struct stat info {};
  std::int64_t bytes = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(path))
    if (file.is_regular_file() && stat(file.path().c_str(), &info) == 0)
      bytes += info.st_blocks * kBlockBytes;
  return bytes;
}

std::vector<milliseconds> sorted_times(const Runs& runs) {
  std::vector<milliseconds> times;
  for (const auto& [order, run] : runs)
    if (run.closed) times.push_back(*run.closed - run.started);
  std::ranges::sort(times);
  return times;
}

milliseconds percentile(const std::vector<milliseconds>& sorted, std::size_t percent) {
  return sorted.empty() ? milliseconds{0} : sorted[(sorted.size() - 1) * percent / 100];
}

void print_row(std::FILE* out, const char* what, std::int64_t number, const char* meaning) {
  std::fprintf(out, "  %-20s %10s   %s\n", what, with_commas(number).c_str(), meaning);
}

void print_row(std::FILE* out, const char* what, milliseconds time, const char* meaning) {
  std::fprintf(out, "  %-20s %10s   %s\n", what, as_seconds(time).c_str(), meaning);
}

void print_row(std::FILE* out, const char* what, std::size_t number, const char* meaning) {
  print_row(out, what, static_cast<std::int64_t>(number), meaning);
}

}  // namespace

void print_summary(std::FILE* out,
                   const Runs& runs,
                   const InFlight& ended,
                   const std::filesystem::path& data) {
  const auto deliveries = Books(ledger_file(data)).deliveries();
  const auto times = sorted_times(runs);
  const auto orders = static_cast<std::int64_t>(std::max<std::size_t>(1, runs.size()));

  std::fprintf(out, "\n");
  print_row(out, "completed", count(ended.verdicts(), Verdict::kCompleted), "paid and shipped");
  print_row(out, "compensated", count(ended.verdicts(), Verdict::kCompensated),
            "given up later: refunded, goods back on the shelf");
  print_row(out, "rejected", count(ended.verdicts(), Verdict::kRejected),
            "sold out, or the card was declined");
  if (!ended.failures().empty()) print_row(out, "failed", ended.failures().size(), "see below");
  print_row(out, "attempts", deliveries.all, "requests that reached a service");
  print_row(out, "duplicates", deliveries.duplicates,
            "of them: done before, so only answered again");
  print_row(out, "time per order p50", percentile(times, 50),
            "from start to end; half took no longer");
  print_row(out, "time per order p99", percentile(times, 99), "99 of 100 took no longer");
  print_row(out, "bytes per order", bytes_on_disk(store_directory(data)) / orders,
            "that the store takes on disk");
  for (const std::string& failure : ended.failures()) std::fprintf(out, "%s\n", failure.c_str());
}

}  // namespace order_saga
