#include "sdk/src/cli/history_source.h"

#include "runtime/engine/store_reader.h"
#include "sdk/src/errors.h"
#include "sdk/src/sealing/payload_codecs.h"

namespace reprise::internal {

void HistorySource::add_options(CLI::App& command) {
  auto* const from_file =
      command.add_option("--history", file, "a history that was exported to this file");
  auto* const from_store = command.add_option("--store", store, "the directory of the run's store");
  auto* const which = command.add_option("--run", run, "workflow id (its newest run) or run id");
  command.add_flag("--whole", whole,
                   "begin with the start of the run, not with its last checkpoint");
  codecs.add_option(command);
  from_file->excludes(from_store);
  from_store->needs(which);
  which->needs(from_store);
  // Not callback(), which the command's final_callback() would replace.
  command.parse_complete_callback([this] {
    if (file.empty() && store.empty()) {
      throw CLI::RequiredError("--history FILE, or --store DIR with --run ID,");
    }
  });
}

History HistorySource::read() const {
  if (!file.empty()) return History::read(file);
  const auto reader =
      value_or_throw(runtime::StoreReader::open(store, sealing_codecs(codecs.all())));
  const auto found = value_or_throw(reader->find(run));
  return History(std::make_shared<const proto::History>(value_or_throw(reader->history(*found))));
}

}  // namespace reprise::internal
