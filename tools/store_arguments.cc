#include "tools/store_arguments.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>

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

StoreArguments::StoreArguments(CLI::App& command, About about)
    : app_(command), about_(about), key_file_(command) {
  command.add_option("DIR", first_, "the store's directory");
  if (about == About::kToken) {
    command.add_option("TOKEN", second_,
                       "of an attempt that is left open; -: the first line of the standard input");
  } else if (about != About::kStore) {
    command.add_option("RUN", second_,
                       "its workflow id (the newest run that has it), its run id, or the last "
                       "digits of that");
  }
  if (about == About::kMessage) {
    command.add_option("NAME", third_, "of what is sent; its arguments follow, each as JSON");
    command.allow_extras();  // as an option they would be split: [1,2] into 1 and 2
  }
  command.add_option("--store", option_,
                     "the store's directory, in place of DIR; if neither is given, that in the "
                     "environment variable REPRISE_STORE");
}

// A single word names the run, if the command needs one.
StoreArguments::Given StoreArguments::given() const {
  switch (about_) {
    case About::kStore:
      return {first_, {}, {}};
    case About::kRun:
    case About::kToken:
      if (second_.empty()) return {{}, first_, {}};
      return {first_, second_, {}};
    case About::kMessage:
      return given_with_message();
  }
  return {};
}

// If the store may also be named elsewhere, the first of several words is the store if it can be.
bool StoreArguments::begins_with_store(const std::string& word) const {
  if (!option_.empty()) return word == option_;
  std::error_code ignored;
  return std::getenv("REPRISE_STORE") == nullptr || std::filesystem::is_directory(word, ignored);
}

StoreArguments::Given StoreArguments::given_with_message() const {
  std::vector<std::string> words;
  for (const std::string& word : {first_, second_, third_}) {
    if (!word.empty()) words.push_back(word);
  }
  for (const std::string& word : app_.remaining()) {
    if (word == "--") continue;
    if (word.starts_with("--")) {
      give_up(command(), "there is no option " + word + "; see --help", kCannotRead);
    }
    words.push_back(word);
  }
  Given given;
  auto next = words.begin();
  if (next != words.end() && begins_with_store(*next)) given.store = *next++;
  if (next != words.end()) given.run = *next++;
  given.message.assign(next, words.end());
  return given;
}

std::string StoreArguments::directory() const {
  const std::string word = given().store;
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
  std::string word = given().run;
  if (!word.empty()) return word;
  give_up(command(), "which run? Say " + usage() + "; reprise list DIR has them", kCannotRead);
}

std::string StoreArguments::token() const {
  std::string word = given().run;
  if (word == "-") std::getline(std::cin, word);
  if (!word.empty()) return word;
  give_up(command(), "which attempt? Say " + usage(), kCannotRead);
}

std::string StoreArguments::name() const {
  const auto message = given().message;
  if (!message.empty()) return message.front();
  give_up(command(), "what is to be sent? Say " + usage(), kCannotRead);
}

std::vector<std::string> StoreArguments::arguments() const {
  const auto message = given().message;
  return {message.begin() + (message.empty() ? 0 : 1), message.end()};
}

std::string StoreArguments::usage() const {
  switch (about_) {
    case About::kStore:
      return "reprise " + command() + " DIR";
    case About::kRun:
      return "reprise " + command() + " DIR RUN";
    case About::kMessage:
      return "reprise " + command() + " DIR RUN NAME [ARGUMENT]...";
    case About::kToken:
      return "reprise " + command() + " DIR TOKEN";
  }
  return {};
}

std::unique_ptr<runtime::StoreReader> StoreArguments::open() const {
  if (about_ == About::kRun || about_ == About::kMessage) (void)run();
  if (about_ == About::kMessage) (void)name();
  auto reader = runtime::StoreReader::open(directory(), codecs());
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
