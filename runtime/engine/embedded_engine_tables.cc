// Reading tables: on the thread of the caller.
#include "runtime/engine/embedded_engine.h"
#include "runtime/engine/limits.h"

namespace reprise::runtime {

// Rows that are damaged are noticed when they are read; missing ones would not be.
base::Status EmbeddedEngine::look_at_tables() const {
  const store::Archive& archive = shared_.store->archive();
  const auto lost_at = archive.rows_lost_at();
  if (!lost_at) return lost_at.error();
  if (*lost_at != 0) {
    shared_.log(LogLevel::kError, "record " + std::to_string(*lost_at) +
                                      " was damaged before its changes of tables were made: rows "
                                      "may be missing or old; restore a backup");
  }
  if (!archive.rows_verify()) {
    shared_.log(LogLevel::kError,
                "the tables do not hold the rows that were written to them: some are damaged, and "
                "some may be missing; restore a backup, or see what `reprise repair` can save");
  }
  return {};
}

base::Status EmbeddedEngine::read_tables(base::FunctionRef<void(TableReads&)> read) {
  if (base::Status here = usable(); !here) return here;
  const auto moment = shared_.tables->durable(shared_.durable);
  if (!moment) return moment.error();
  read(**moment);
  return {};
}

void EmbeddedEngine::hand_over(verb::ReadRows&& asked) {
  const auto moment = shared_.tables->durable(shared_.durable);
  if (!moment) return asked.reply(moment.error());
  std::vector<TableRow> rows;
  std::size_t bytes = 0;
  const auto take = [&](std::string_view key, std::string_view value) {
    rows.push_back({std::string(key), std::string(value)});
    bytes += key.size() + value.size();
    return base::go_on_if(rows.size() < asked.limit && bytes < kMaxPayloadBytes);
  };
  const std::optional<std::string_view> to =
      asked.to ? std::optional<std::string_view>(*asked.to) : std::nullopt;
  const base::Status scanned =
      asked.limit == 0 ? base::Status() : (*moment)->scan(asked.table, asked.from, to, take);
  if (!scanned) return asked.reply(scanned.error());
  asked.reply(std::move(rows));
}

}  // namespace reprise::runtime
