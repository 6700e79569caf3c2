#include "tools/new_key_command.h"

#include <cstdio>
#include <memory>
#include <string>

#include "runtime/sealing/new_key.h"
#include "tools/console.h"

namespace reprise::tools {
namespace {

constexpr int kNotMade = 2;

struct Arguments {
  std::string file;
  std::string id;
};

void add_new_key(const Arguments& arguments) {
  const auto id = sealing::add_key(arguments.file, arguments.id);
  if (!id) {
    std::fprintf(stderr, "reprise new-key: %s\n", safe_text(id.error().text()).c_str());
    throw CLI::RuntimeError(kNotMade);
  }
  std::printf("%s: the current key is now %s; keep a copy of it, nothing replaces a lost key\n",
              safe_text(arguments.file).c_str(), id->c_str());
}

}  // namespace

void add_new_key_command(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand(
      "new-key", "Puts a new key into a key file of payload codecs, as the current one");
  command->add_option("FILE", arguments->file, "the key file; made if it is not there")->required();
  command->add_option("--id", arguments->id,
                      "of the new key; without it the first of k1, k2... that is free");
  command->footer("Exit codes: 0 it is there; 2 the file is no key file, or cannot be written.");
  command->callback([arguments] { add_new_key(*arguments); });
}

}  // namespace reprise::tools
