// The arguments of the subcommands of `reprise schedule` and `reprise batch`: [DIR], and what
// follows.
#pragma once
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/engine/store_reader.h"
#include "tools/store_arguments.h"

namespace reprise::tools {

// What the engine's own runs of one kind are called.
struct OwnRuns {
  const char* group;        // of commands: "schedule"
  std::string_view prefix;  // of their workflow ids
  bool closed_too;          // one that has ended can still be looked at
};

class OwnRunArguments {
 public:
  // `words`: the names of what follows DIR, for messages: "ID FROM TO". The last may end with
  // "...".
  OwnRunArguments(CLI::App& command, const OwnRuns& runs, std::string words);

  std::string command() const { return std::string(runs_.group) + " " + app_.get_name(); }
  // All of these end the command if they fail.
  std::string directory() const;
  sealing::Codecs codecs() const { return key_file_.codecs(command()); }
  std::string id() const { return word(0); }
  std::string word(std::size_t index) const;  // after DIR
  std::vector<std::string> words_from(std::size_t index) const;
  // The same as JSON, encoded as the arguments of a call.
  std::string encoded_from(std::size_t index) const;
  std::unique_ptr<runtime::StoreReader> open() const;
  // The newest run of that id.
  runtime::StoreReader::Run find(runtime::StoreReader& reader) const;
  [[noreturn]] void wrong(const std::string& why) const;

 private:
  struct Given {
    std::string store;
    std::vector<std::string> words;
  };
  Given given() const;

  const CLI::App& app_;
  const OwnRuns runs_;
  const std::string names_;
  std::string option_;
  const KeyFileOption key_file_;
};

}  // namespace reprise::tools
