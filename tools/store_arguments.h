// What every command that reads a store is told: which one, and which run.
#pragma once
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "runtime/engine/store_reader.h"
#include "tools/console.h"

namespace reprise::tools {

// Exit codes of the commands that read; 0: all is well.
inline constexpr int kNotThere = 1;    // no such run, or its history does not verify
inline constexpr int kCannotRead = 2;  // the store, or the command line

// Prints "reprise NAME: TEXT" to stderr and ends the command.
[[noreturn]] void give_up(const std::string& command, const std::string& text, int code);

// As above, with the error's own code: kNotThere for what concerns one run.
[[noreturn]] void give_up(const std::string& command, const base::Error& error);

// DIR, or --store DIR, or the environment's REPRISE_STORE; RUN where a command is about one; NAME
// and what follows it where it sends a message.
class StoreArguments {
 public:
  enum class About { kStore, kRun, kMessage };
  StoreArguments(CLI::App& command, About about);

  std::string command() const { return app_.get_name(); }
  // All of these give up when they cannot.
  std::unique_ptr<runtime::StoreReader> open() const;
  runtime::StoreReader::Run find(runtime::StoreReader& reader) const;
  std::string directory() const;
  // Of a message.
  std::string name() const;
  std::vector<std::string> arguments() const;

 private:
  // What the words of the command line say; empty: nothing.
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
};

// --color auto|always|never.
void add_colour_option(CLI::App& command, ColourMode& mode);

}  // namespace reprise::tools
