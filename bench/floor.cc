#include "bench/floor.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <stdexcept>

#include "bench/floor_store.h"

namespace reprise::bench {
namespace {

using Clock = std::chrono::steady_clock;

// How many rounds of records stay in the journal before its head is removed: an archive is written
// in large transactions and lags by this much.
constexpr std::uint64_t kKeptRounds = 20;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

RunShape reference_shape(std::uint64_t steps, std::size_t event_bytes) {
  return {.records = steps + 1,
          .record_bytes = 2 * event_bytes,
          .history_bytes = (2 + 2 * steps) * event_bytes};
}

FloorRate measure_floor(const std::string& directory,
                        std::uint64_t in_flight,
                        const RunShape& shape,
                        double seconds) {
  FloorStore store(directory);
  const std::string record(shape.record_bytes, 'e');
  const std::string history(shape.history_bytes, 'h');
  // Runs end at different times, as they do under load.
  std::vector<std::uint64_t> positions(in_flight);
  for (std::uint64_t i = 0; i < in_flight; ++i) positions[i] = i % shape.records;

  FloorRate rate;
  std::uint64_t next_row = 0;
  const auto start = Clock::now();
  while (rate.seconds < seconds) {
    store.commit([&](FloorStore::Batch& batch) {
      for (std::uint64_t& position : positions) {
        batch.append_record(record);
        if (++position < shape.records) continue;
        position = 0;
        ++rate.runs;
        if (!history.empty()) batch.append_history(history);
        for (std::uint64_t i = 0; i < shape.rows; ++i)
          batch.change_row(next_row++ * 7'919 % kFloorRows);
      }
      if (store.records() > kKeptRounds * in_flight) batch.trim(2 * in_flight);
    });
    ++rate.commits;
    rate.records += in_flight;
    rate.seconds = seconds_since(start);
  }
  return rate;
}

double measure_commits(const std::string& directory,
                       const std::vector<CommitShape>& commits,
                       double seconds) {
  FloorStore store(directory);
  std::uint64_t in_a_round = 0;
  std::size_t largest = 0;
  for (const CommitShape& commit : commits) {
    in_a_round += commit.records;
    largest = std::max(largest, commit.record_bytes);
  }
  const std::string bytes(largest, 'e');
  std::vector<double> times;
  const auto start = Clock::now();
  while (times.empty() || seconds_since(start) < seconds) {
    const auto round = Clock::now();
    for (const CommitShape& commit : commits) {
      store.commit([&](FloorStore::Batch& batch) {
        for (std::uint64_t i = 0; i < commit.records; ++i) {
          batch.append_record(std::string_view(bytes).substr(0, commit.record_bytes));
        }
        if (store.records() > kKeptRounds * in_a_round) batch.trim(2 * commit.records);
      });
    }
    times.push_back(1e6 * seconds_since(round));
  }
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

double measure_bytes_per_value(const std::string& directory, std::size_t value_bytes) {
  constexpr std::size_t kBytes = std::size_t{16} << 20;
  constexpr std::size_t kCommits = 16;
  const std::size_t values = std::max<std::size_t>(kBytes / kCommits / value_bytes, 1);
  FloorStore store(directory);
  const std::string value(value_bytes, 'h');
  const auto write = [&](FloorStore::Batch& batch) {
    for (std::size_t i = 0; i < values; ++i) batch.append_history(value);
  };
  store.commit(write);
  const auto before = std::filesystem::file_size(directory + "/data.mdb");
  for (std::size_t i = 0; i < kCommits; ++i) store.commit(write);
  const auto after = std::filesystem::file_size(directory + "/data.mdb");
  return static_cast<double>(after - before) / static_cast<double>(kCommits * values);
}

}  // namespace reprise::bench
