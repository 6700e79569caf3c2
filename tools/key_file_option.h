// The option --key-file of commands that read what a store has sealed (docs/codecs.md).
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "runtime/sealing/codec.h"

namespace reprise::tools {

class KeyFileOption {
 public:
  explicit KeyFileOption(CLI::App& command);

  // None without the option. Ends the command `name` if the file cannot be used.
  sealing::Codecs codecs(const std::string& name) const;

 private:
  std::string path_;
};

}  // namespace reprise::tools
