// The codecs of a worker program's commands: those that the program has itself, and the keys of the
// option --key-file.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "reprise/payload_codec.h"

namespace reprise::internal {

struct CommandCodecs {
  PayloadCodecs own;
  std::string key_file;

  void add_option(CLI::App& command);
  // With a key file its keys take the place of the program's own. Throws InvalidOption.
  PayloadCodecs all() const;
};

}  // namespace reprise::internal
