// The part of `reprise list` that finds runs by a filter: --filter, --count, --group-by,
// --page-size,
// --page-token.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "runtime/engine/store_reader.h"
#include "tools/console.h"

namespace reprise::tools {

class ListSearch {
 public:
  // Adds the options.
  explicit ListSearch(CLI::App& command);

  // Is this a search at all? Ends the command if it also has options of a plain list.
  bool given() const;
  bool counts() const { return count_ || !group_by_.empty(); }

  // Both end the command if the filter or the token cannot be read.
  runtime::FoundRuns find(runtime::StoreReader& reader,
                          std::vector<runtime::StoreReader::Run>* runs) const;
  void print_counts(const runtime::StoreReader& reader, bool json, const Paint& paint) const;

  // After the runs: where the next page is, and how they were found.
  static void print_tail(const runtime::FoundRuns& found);
  static void print_json_tail(const runtime::FoundRuns& found);

 private:
  const CLI::App& app_;
  std::string filter_;
  bool count_ = false;
  std::string group_by_;
  std::size_t page_size_ = 100;
  std::string page_token_;
};

}  // namespace reprise::tools
