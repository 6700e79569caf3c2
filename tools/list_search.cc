#include "tools/list_search.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/printable_text.h"
#include "base/whole_number.h"
#include "tools/run_text.h"
#include "tools/store_arguments.h"
#include "tools/table.h"

namespace reprise::tools {
namespace {

// The error of a filter has several lines, which point at a character.
[[noreturn]] void give_up_search(const std::string& command, const base::Error& error) {
  std::fflush(stdout);
  std::fprintf(stderr, "reprise %s: %s\n", command.c_str(),
               base::printable_text(error.text(), base::LineBreaks::kKept).c_str());
  throw CLI::RuntimeError(kCannotRead);
}

void print_how(bool scanned, std::uint64_t examined) {
  if (!scanned) return;
  std::fprintf(stderr, "scanned: no index limits this filter, so %llu archived runs were read\n",
               static_cast<unsigned long long>(examined));
}

}  // namespace

ListSearch::ListSearch(CLI::App& command) : app_(command) {
  command.add_option("--filter", filter_,
                     "runs that match this condition, in the order that it asks for");
  command.add_flag("--count", count_, "how many runs match the filter");
  command.add_option("--group-by", group_by_,
                     "how many runs match the filter, by the values of this field");
  command.add_option("--page-size", page_size_, "runs of a page of --filter, 1 to 1000")
      ->capture_default_str()
      ->check([](const std::string& text) { return base::fault_of_number(text, 1); });
  command.add_option("--page-token", page_token_,
                     "the page after another one, as that one has printed it");
}

bool ListSearch::given() const {
  for (const char* const name :
       {"--filter", "--count", "--group-by", "--page-size", "--page-token"}) {
    if (app_.count(name) == 0) continue;
    for (const char* const other : {"--status", "--type", "--id-prefix", "--since", "--limit"}) {
      if (app_.count(other) == 0) continue;
      give_up(app_.get_name(),
              std::string(other) + " does not go with " + name + ": the filter says it all",
              kCannotRead);
    }
    return true;
  }
  return false;
}

runtime::FoundRuns ListSearch::find(runtime::StoreReader& reader,
                                    std::vector<runtime::StoreReader::Run>* runs) const {
  auto found = reader.find_runs({filter_, page_size_, page_token_});
  if (!found) give_up_search(app_.get_name(), found.error());
  for (const store::RunNumber number : found->numbers) {
    auto run = reader.find(number);
    if (!run) give_up(app_.get_name(), run.error());
    if (*run != nullptr) runs->push_back(std::move(*run));
  }
  return std::move(*found);
}

void ListSearch::print_counts(const runtime::StoreReader& reader,
                              bool json,
                              const Paint& paint) const {
  const auto counts = reader.count_runs({filter_, group_by_});
  if (!counts) give_up_search(app_.get_name(), counts.error());
  if (json) {
    nlohmann::json shown = {{"count", counts->total}, {"scanned", counts->scanned}};
    for (const runtime::RunGroup& group : counts->groups) {
      const auto value = group.none ? nlohmann::json() : nlohmann::json(group.value);
      shown["groups"].push_back({{"value", value}, {"count", group.count}});
    }
    return print_json(shown);
  }
  if (group_by_.empty()) {
    std::printf("%llu\n", static_cast<unsigned long long>(counts->total));
  } else {
    Table table({{"COUNT", true}, {safe_text(group_by_), false, true}});
    for (const runtime::RunGroup& group : counts->groups) {
      table.add({std::to_string(group.count),
                 {group.none ? "-" : safe_text(group.value),
                  group.none ? Colour::kFaint : Colour::kNone}});
    }
    table.print(paint, terminal_width());
  }
  std::fflush(stdout);
  print_how(counts->scanned, counts->examined);
}

void ListSearch::print_tail(const runtime::FoundRuns& found) {
  print_how(found.scanned, found.examined);
  if (found.next_page_token.empty()) return;
  std::fprintf(stderr, "there are more: --page-token %s\n", found.next_page_token.c_str());
}

void ListSearch::print_json_tail(const runtime::FoundRuns& found) {
  std::printf(",\n\"next_page_token\": \"%s\", \"scanned\": %s, \"examined\": %llu}\n",
              found.next_page_token.c_str(), found.scanned ? "true" : "false",
              static_cast<unsigned long long>(found.examined));
}

}  // namespace reprise::tools
