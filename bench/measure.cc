#include "bench/measure.h"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <malloc.h>
#include <stdexcept>
#include <sys/resource.h>
#include <thread>

namespace reprise::bench {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

double process_time() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

double thread_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

CpuTime::CpuTime() : process_(process_time()), thread_(thread_time()) {}

double CpuTime::process_seconds() const {
  return process_time() - process_;
}

double CpuTime::thread_seconds() const {
  return thread_time() - thread_;
}

double Samples::percentile(double share) {
  if (samples_.empty()) throw std::runtime_error("nothing was measured");
  const auto at = std::min(samples_.size() - 1,
                           static_cast<std::size_t>(share * static_cast<double>(samples_.size())));
  const auto middle = samples_.begin() + static_cast<std::ptrdiff_t>(at);
  std::nth_element(samples_.begin(), middle, samples_.end());
  return *middle;
}

std::size_t resident_bytes() {
  malloc_trim(0);
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "RssAnon:") continue;
    std::size_t kilobytes = 0;
    status >> kilobytes;
    return kilobytes * 1024;
  }
  throw std::runtime_error("/proc/self/status does not say RssAnon");
}

std::size_t settled_resident_bytes() {
  constexpr int kPatience = 20;
  constexpr std::size_t kStill = std::size_t{1} << 20;
  std::size_t last = resident_bytes();
  for (int i = 0; i < kPatience; ++i) {
    std::this_thread::sleep_for(std::chrono::seconds(3));  // longer than the archiver waits
    const std::size_t now = resident_bytes();
    if (now + kStill > last) return now;
    last = now;
  }
  return last;
}

StoreBytes store_bytes(const std::string& directory) {
  return {.journal = std::filesystem::file_size(directory + "/journal/data.mdb"),
          .archive = std::filesystem::file_size(directory + "/archive/data.mdb")};
}

}  // namespace reprise::bench
