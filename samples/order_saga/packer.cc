#include "packer.h"

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <mutex>

namespace order_saga {
namespace {

// A call that sends a signal returns when it is durable. With many packers, many signals share one
// flush.
constexpr int kPackers = 16;
constexpr int kSlipsAtOnce = 64;
constexpr std::chrono::milliseconds kGlanceAtDeskEvery{10};
constexpr std::chrono::milliseconds kCatchBreath{1'000};  // after an error, such as a full disk

void wait(const std::stop_token& stop, std::chrono::milliseconds duration) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any().wait_for(lock, stop, duration, [] { return false; });
}

}  // namespace

Packers::Packers(const reprise::Client& client,
                 Ledger& ledger,
                 const std::filesystem::path& ledger_file)
    : client_(client), ledger_(ledger) {
  for (int packer = 0; packer < kPackers; ++packer)
    threads_.emplace_back(
        [=, this](const std::stop_token& stop) { work(stop, packer, ledger_file); });
}

void Packers::work(const std::stop_token& stop,
                   int packer,
                   const std::filesystem::path& ledger_file) {
  Books books(ledger_file);
  while (!stop.stop_requested()) {
    try {
      if (!pack_some(books, packer)) wait(stop, kGlanceAtDeskEvery);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "packer %d: %s\n", packer, error.what());
      wait(stop, kCatchBreath);
    }
  }
}

// False: there was nothing on the desk.
bool Packers::pack_some(Books& books, int packer) {
  const auto slips = books.slips(packer, kPackers, kSlipsAtOnce);
  if (slips.empty()) return false;
  const auto message = packed("packer " + std::to_string(packer));
  // False: the order has given up at its deadline. It needs no parcel any more.
  for (const Slip& slip : slips) (void)client_.attach(checkout, slip.order).try_signal(message);
  ledger_.mark_packed(slips);
  return true;
}

}  // namespace order_saga
