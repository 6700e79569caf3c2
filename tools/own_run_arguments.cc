#include "tools/own_run_arguments.h"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>

#include "sdk/src/history/json.h"
#include "sdk/src/history/payload_json.h"

namespace reprise::tools {

OwnRunArguments::OwnRunArguments(CLI::App& command, const OwnRuns& runs, std::string words)
    : app_(command), runs_(runs), names_(std::move(words)), key_file_(command) {
  command.add_option("--store", option_,
                     "the store's directory, in place of DIR; if neither is given, that in the "
                     "environment variable REPRISE_STORE");
  command.allow_extras();  // as an option, JSON would be split: [1,2] into 1 and 2
  command.description(command.get_description() + ": reprise " + this->command() + " DIR" +
                      (names_.empty() ? "" : " ") + names_);
}

OwnRunArguments::Given OwnRunArguments::given() const {
  Given given;
  for (const std::string& word : app_.remaining()) {
    if (word == "--") continue;
    if (word.starts_with("--")) wrong("there is no option " + word + "; see --help");
    given.words.push_back(word);
  }
  if (given.words.empty()) return given;
  std::error_code ignored;
  const std::string& first = given.words.front();
  const bool elsewhere = !option_.empty() || std::getenv("REPRISE_STORE") != nullptr;
  if (!elsewhere ||
      (option_.empty() ? std::filesystem::is_directory(first, ignored) : first == option_)) {
    given.store = first;
    given.words.erase(given.words.begin());
  }
  return given;
}

std::string OwnRunArguments::directory() const {
  const std::string word = given().store;
  if (!word.empty()) return word;
  if (!option_.empty()) return option_;
  const char* const set = std::getenv("REPRISE_STORE");
  if (set != nullptr && *set != '\0') return set;
  wrong("which store? Say reprise " + command() + " DIR " + names_ +
        ", or set REPRISE_STORE to its DIR");
}

std::string OwnRunArguments::word(std::size_t index) const {
  const auto words = given().words;
  if (index < words.size()) return words[index];
  wrong("something is missing; it is reprise " + command() + " DIR " + names_);
}

std::vector<std::string> OwnRunArguments::words_from(std::size_t index) const {
  const auto words = given().words;
  return {words.begin() + static_cast<std::ptrdiff_t>(std::min(index, words.size())), words.end()};
}

std::string OwnRunArguments::encoded_from(std::size_t index) const {
  internal::Json all = internal::Json::array();
  for (const std::string& text : words_from(index)) {
    try {
      all.push_back(internal::parse_json(text, text));
    } catch (const std::exception& error) {
      wrong("argument " + std::to_string(all.size() + 1) + ", " + text +
            ", is no JSON: " + error.what() + ". A text has double quotes of its own: '\"ann\"'");
    }
  }
  try {
    return internal::payload_from_json(all);
  } catch (const std::exception& error) {
    wrong(std::string("the arguments are no payload: ") + error.what());
  }
}

std::unique_ptr<runtime::StoreReader> OwnRunArguments::open() const {
  auto reader = runtime::StoreReader::open(directory(), codecs());
  if (!reader) give_up(command(), reader.error());
  return std::move(*reader);
}

runtime::StoreReader::Run OwnRunArguments::find(runtime::StoreReader& reader) const {
  auto found = reader.find(std::string(runs_.prefix) + id());
  if (found && ((*found)->open() || runs_.closed_too)) return *found;
  if (!found && found.error().code != base::ErrorCode::kNotFound) give_up(command(), found.error());
  const std::string kind = runs_.group;
  give_up(command(),
          "RP3005 no " + kind + " '" + id() + "'; reprise " + kind + " list " + directory() +
              " has them all",
          kNotThere);
}

void OwnRunArguments::wrong(const std::string& why) const {
  give_up(command(), why, kCannotRead);
}

}  // namespace reprise::tools
