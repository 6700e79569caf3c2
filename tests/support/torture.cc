#include "tests/support/torture.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <utility>

namespace reprise::testing {

struct TortureOptions::App : CLI::App {
  using CLI::App::App;
};

namespace {

void finish(CLI::Option* option, const char* help, const char* needs) {
  if (*help == '\0') option->group("");
  if (needs != nullptr) option->needs(needs);
}

}  // namespace

TortureOptions::TortureOptions(std::string name, const std::string& what, TortureSizes sizes)
    : app_(std::make_unique<App>(what, name)), name_(std::move(name)), count_(sizes.quick) {
  app_->add_flag_callback(
      "--quick", [this, sizes] { count_ = sizes.quick; }, "the size for every change (default)");
  app_->add_flag_callback(
      "--long",
      [this, sizes] {
        count_ = sizes.full;
        is_long_ = true;
      },
      "the size for a night");
  app_->add_option("--count", count_, "trials to make, instead of the size's own number");
  app_->add_option("--seed", seed, "of the first trial")->capture_default_str();
}

TortureOptions::~TortureOptions() = default;

void TortureOptions::add_flag(const char* option,
                              bool& value,
                              const char* help,
                              const char* needs) {
  finish(app_->add_flag(option, value, help), help, needs);
}

void TortureOptions::add_option(const char* option,
                                std::string& value,
                                const char* help,
                                const char* needs) {
  finish(app_->add_option(option, value, help), help, needs);
}

void TortureOptions::add_option(const char* option,
                                std::uint64_t& value,
                                const char* help,
                                const char* needs) {
  finish(app_->add_option(option, value, help), help, needs);
}

void TortureOptions::parse(int argc, char** argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app_->exit(error));
  }
}

}  // namespace reprise::testing
