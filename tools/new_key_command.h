// reprise new-key FILE: puts a new key into a key file of payload codecs.
#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

void add_new_key_command(CLI::App& app);

}  // namespace reprise::tools
