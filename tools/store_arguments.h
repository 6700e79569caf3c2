// Arguments of every command that reads a store: which store, and which run.
#pragma once
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "runtime/engine/store_reader.h"
#include "tools/console.h"
#include "tools/key_file_option.h"

namespace reprise::tools {

// Exit codes of the commands that read; 0: all is well.
inline constexpr int kNotThere = 1;    // no such run, or its history does not verify
inline constexpr int kCannotRead = 2;  // the store, or the command line

// Prints "reprise NAME: TEXT" to stderr and ends the command.
[[noreturn]] void give_up(const std::string& command, const std::string& text, int code);

// As above, with the error's own code: kNotThere for what concerns one run.
[[noreturn]] void give_up(const std::string& command, const base::Error& error);

// DIR, or --store DIR, or the environment's REPRISE_STORE; RUN for commands about one run; NAME and
// its arguments for commands that send a message; TOKEN for those about an attempt.
class StoreArguments {
 public:
  enum class About { kStore, kRun, kMessage, kToken };
  StoreArguments(CLI::App& command, About about);

  std::string command() const { return app_.get_name(); }
  // All of these end the command if they fail.
  std::unique_ptr<runtime::StoreReader> open() const;
  runtime::StoreReader::Run find(runtime::StoreReader& reader) const;
  std::string directory() const;
  // Of the option --key-file.
  sealing::Codecs codecs() const { return key_file_.codecs(command()); }
  // Of an attempt; "-" on the command line: the first line of the standard input.
  std::string token() const;
  // Of a message.
  std::string name() const;
  std::vector<std::string> arguments() const;

 private:
  // The words of the command line; empty: not given.
  struct Given {
    std::string store;
    std::string run;
    std::vector<std::string> message;
  };
  Given given() const;
  Given given_with_message() const;
  bool begins_with_store(const std::string& word) const;
  std::string run() const;
  std::string usage() const;

  const CLI::App& app_;
  const About about_;
  std::string first_;
  std::string second_;
  std::string third_;
  std::string option_;
  const KeyFileOption key_file_;
};

// --color auto|always|never.
void add_colour_option(CLI::App& command, ColourMode& mode);

}  // namespace reprise::tools
