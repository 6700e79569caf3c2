#include "tests/simulation/tables.h"

#include <cstdlib>
#include <optional>

#include "runtime/table_access.h"

namespace reprise::simulation {

namespace {

constexpr const char* kTable = "counts";
constexpr const char* kAll = "all";

std::int64_t number_in(const std::optional<std::string>& value) {
  return value ? std::strtoll(value->c_str(), nullptr, 10) : 0;
}

std::string key_of(const std::string& run_id) {
  return "run " + run_id;
}

// All transactions of all runs that have completed, by the places of their records in the log.
struct Made {
  std::string name;
  std::string run_id;
  const proto::TransactionCompleted* transaction = nullptr;
};
std::map<store::Seq, Made> made_in(const std::vector<History>& histories) {
  std::map<store::Seq, Made> made;
  for (const History& history : histories) {
    for (std::size_t i = 0; i < history.turns.size(); ++i) {
      for (const proto::Event& input : history.turns[i].inputs()) {
        if (!input.has_transaction_completed()) continue;
        made[history.records[i].seq] = {in_turn(history, i), history.started().run_id(),
                                        &input.transaction_completed()};
      }
    }
  }
  return made;
}

Rows changed_by(const proto::TransactionCompleted& transaction) {
  Rows rows;
  for (const proto::RowChange& change : transaction.changes()) {
    if (change.table() == kTable && !change.erased()) rows[change.key()] = change.value();
  }
  return rows;
}

}  // namespace

replay::Outcome count_transaction(const replay::RunInfo& run,
                                  std::uint64_t detail,
                                  bool loses_updates) {
  runtime::TableWrites& rows = *runtime::TableWrites::current();
  const std::string own = key_of(std::string(run.run_id.bytes()));
  std::int64_t all = number_in(*rows.get(kTable, kAll));
  if (loses_updates && all > 0) --all;
  const std::string count = std::to_string(all + 1);
  (void)rows.put(kTable, kAll, count);
  (void)rows.put(kTable, own, std::to_string(number_in(*rows.get(kTable, own)) + 1));
  if (detail % 5 != 0) return replay::Outcome::success(count);
  proto::Failure failure;
  failure.set_kind(proto::Failure::APPLICATION);
  failure.set_message("a transaction that changes nothing");
  return replay::Outcome::failed(failure);
}

Rows rows_of(runtime::ClientService& engine, Verdict* verdict) {
  Rows rows;
  const base::Status read = engine.read_tables([&](runtime::TableReads& reads) {
    const base::Status scanned = reads.scan(
        kTable, "", std::nullopt,
        [&rows](std::string_view key, std::string_view value) { rows[std::string(key)] = value; });
    if (!scanned) verdict->found(Flaw::kTable, scanned.error().text());
  });
  if (!read) verdict->found(Flaw::kTable, read.error().text());
  return rows;
}

void check_transactions(const std::vector<History>& histories, Verdict* verdict) {
  Rows rows;
  for (const auto& [seq, made] : made_in(histories)) {
    const auto next = [&rows](const std::string& key) {
      const auto known = rows.find(key);
      return std::to_string(1 + (known == rows.end() ? 0 : number_in(known->second)));
    };
    const Rows expected{{kAll, next(kAll)}, {key_of(made.run_id), next(key_of(made.run_id))}};
    const Rows changed = changed_by(*made.transaction);
    if (changed != expected || made.transaction->result() != expected.at(kAll)) {
      verdict->found(Flaw::kTable, made.name + "the transaction in record " + std::to_string(seq) +
                                       " counted " + made.transaction->result() + " and not " +
                                       expected.at(kAll));
    }
    for (const auto& [key, value] : expected) rows[key] = value;
  }
}

void check_rows(const std::vector<History>& histories, const Rows& rows, Verdict* verdict) {
  Rows expected;
  for (const auto& [seq, made] : made_in(histories)) {
    for (const auto& [key, value] : changed_by(*made.transaction)) expected[key] = value;
  }
  if (rows == expected) return;
  const auto count = [](const Rows& of) {
    return of.contains(kAll) ? of.at(kAll) : std::string("none");
  };
  verdict->found(Flaw::kTable, "the tables have counted " + count(rows) + " transactions, in " +
                                   std::to_string(rows.size()) + " rows, and the histories " +
                                   count(expected) + ", in " + std::to_string(expected.size()));
}

}  // namespace reprise::simulation
