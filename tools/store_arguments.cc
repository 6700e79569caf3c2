#include "tools/store_arguments.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "tools/run_finder.h"

namespace reprise::tools {

void give_up(const std::string& command, const std::string& text, int code) {
  std::fflush(stdout);
  std::fprintf(stderr, "reprise %s: %s\n", command.c_str(), safe_text(text).c_str());
  throw CLI::RuntimeError(code);
}

void give_up(const std::string& command, const base::Error& error) {
  give_up(command, error.text(), kCannotRead);
}

StoreArguments::StoreArguments(CLI::App& command, About about) : app_(command), about_(about) {
  command.add_option("DIR", first_, "the store's directory");
  if (about == About::kRun) {
    command.add_option("RUN", second_,
                       "its workflow id (the newest run that has it), its run id, or the last "
                       "digits of that");
  }
  command.add_option("--store", option_,
                     "the store's directory, in place of DIR; if neither is given, that in the "
                     "environment variable REPRISE_STORE");
}

// One word alone is the run's, where a command is about one.
std::string StoreArguments::directory() const {
  const std::string& word = about_ == About::kRun && second_.empty() ? second_ : first_;
  if (!word.empty() && !option_.empty() && option_ != word) {
    give_up(command(), "two stores are given, '" + word + "' and '" + option_ + "'", kCannotRead);
  }
  if (!word.empty()) return word;
  if (!option_.empty()) return option_;
  const char* const set = std::getenv("REPRISE_STORE");
  if (set != nullptr && *set != '\0') return set;
  give_up(command(), "which store? Say " + usage() + ", or set REPRISE_STORE to its DIR",
          kCannotRead);
}

std::string StoreArguments::run() const {
  const std::string& word = second_.empty() ? first_ : second_;
  if (!word.empty()) return word;
  give_up(command(), "which run? Say " + usage() + "; reprise list DIR has them", kCannotRead);
}

std::string StoreArguments::usage() const {
  return "reprise " + command() + (about_ == About::kRun ? " DIR RUN" : " DIR");
}

std::unique_ptr<runtime::StoreReader> StoreArguments::open() const {
  if (about_ == About::kRun) (void)run();
  auto reader = runtime::StoreReader::open(directory());
  if (reader) return std::move(*reader);
  std::error_code ignored;
  const bool swapped = about_ == About::kRun && std::filesystem::is_directory(second_, ignored) &&
                       !std::filesystem::exists(first_, ignored);
  give_up(command(), reader.error().text() + (swapped ? "; it is " + usage() : ""), kCannotRead);
}

runtime::StoreReader::Run StoreArguments::find(runtime::StoreReader& reader) const {
  auto found = find_run(reader, run());
  if (found) return *found;
  const bool none = found.error().code == base::ErrorCode::kNotFound;
  give_up(command(),
          found.error().text() + (none ? "; reprise list " + directory() + " has them all" : ""),
          kNotThere);
}

void add_colour_option(CLI::App& command, ColourMode& mode) {
  const auto choose = [&mode](const std::string& name) {
    mode = name == "always"  ? ColourMode::kAlways
           : name == "never" ? ColourMode::kNever
                             : ColourMode::kAuto;
  };
  command
      .add_option_function<std::string>("--color", choose,
                                        "auto: on a terminal, unless NO_COLOR is set")
      ->check(CLI::IsMember({"auto", "always", "never"}));
}

}  // namespace reprise::tools
