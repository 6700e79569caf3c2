// One store, the processes that use it one after the other, and the oracle that compares.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "tests/model/draw.h"
#include "tests/model/life.h"
#include "tests/model/oracle.h"
#include "tests/support/temporary_directory.h"

namespace reprise::model {

struct TrialCounts {
  std::uint64_t kills = 0;
  std::uint64_t calls = 0;
  std::uint64_t reopened = 0;
  std::uint64_t backups = 0;
  std::uint64_t tools = 0;  // checks and exports by another process
};

class Trial {
 public:
  Trial(std::uint64_t seed, Lie lie);

  // This many processes are killed; then one drives all runs to their ends.
  void run(int kills);

  const Oracle& oracle() const { return oracle_; }
  const TrialCounts& counts() const { return counts_; }
  const std::string& wrong() const { return wrong_.empty() ? oracle_.wrong() : wrong_; }

 private:
  ChildOptions options() const;
  bool begin(const ChildOptions& options);
  void die();
  void forget();
  void start_anyway();
  void live_and_die();
  void live_to_the_end();
  void end_all();
  void look_around();
  void look_at_every_run();
  void fill_lanes();
  void wait_for_all();
  void rest();
  void reopen();
  void ask(const Drawn& drawn);
  std::optional<Answer> ask_alone(const Call& call);
  bool hear_one();
  void back_up();
  void compare_backup();
  void check(const std::string& store);
  void compare_export(const Run& run);
  void fail(const std::string& what);

  // A copy of the store, and what it must have at least.
  struct Backup {
    std::string store;
    std::uint64_t since = 0;  // a moment of the oracle's
    std::size_t runs = 0;
  };

  const std::uint64_t seed_;
  const Lie lie_;
  const Names names_;
  const testing::TemporaryDirectory directory_;
  Oracle oracle_;
  Draw draw_;
  std::optional<Life> life_;
  bool mended_ = false;
  std::optional<Backup> backup_;
  TrialCounts counts_;
  std::string wrong_;
};

}  // namespace reprise::model
