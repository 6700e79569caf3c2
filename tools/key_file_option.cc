#include "tools/key_file_option.h"

#include "runtime/sealing/aes_gcm_codec.h"
#include "runtime/sealing/key_file.h"
#include "tools/store_arguments.h"

namespace reprise::tools {

KeyFileOption::KeyFileOption(CLI::App& command) {
  command.add_option("--key-file", path_,
                     "keys of what the store has encrypted, as read_key_file() reads them; without "
                     "them it is shown as sealed");
}

sealing::Codecs KeyFileOption::codecs(const std::string& name) const {
  if (path_.empty()) return {};
  const auto material = sealing::read_key_file(path_);
  if (!material) give_up(name, material.error().text(), kCannotRead);
  auto ring = sealing::KeyRing::make(*material);
  if (!ring) give_up(name, ring.error().text(), kCannotRead);
  return {sealing::make_aes_gcm_codec(std::move(*ring))};
}

}  // namespace reprise::tools
