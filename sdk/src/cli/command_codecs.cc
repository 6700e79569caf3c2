#include "sdk/src/cli/command_codecs.h"

#include <vector>

namespace reprise::internal {

void CommandCodecs::add_option(CLI::App& command) {
  command.add_option("--key-file", key_file,
                     "keys of what the store has encrypted, as read_key_file() reads them; needed "
                     "if the program does not give cli() its codecs");
}

PayloadCodecs CommandCodecs::all() const {
  if (key_file.empty()) return own;
  const auto encrypting = aes_gcm_codec(read_key_file(key_file));
  PayloadCodecs codecs = own;
  std::erase_if(codecs, [&](const auto& codec) {
    return codec != nullptr && codec->name() == encrypting->name();
  });
  codecs.push_back(encrypting);
  return codecs;
}

}  // namespace reprise::internal
