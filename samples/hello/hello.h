// The workflow of this sample: an ordinary function that counts, sleeps and says hello.
#pragma once
#include <chrono>
#include <iostream>
#include <reprise/reprise.h>
#include <string>

namespace hello {

// A definition: the name and the signature of something durable. The log records the name.
inline constexpr reprise::Workflow<std::string(std::string)> greet{"greet"};

inline std::string run_greet(reprise::Context& ctx, const std::string& name) {
  using namespace std::chrono_literals;
  for (int number = 1; number <= 10; ++number) {
    // A step happens once: when the function is run again after a crash, the log has its result.
    ctx.step("count", [&] {
      std::cout << number << " of 10" << std::endl;
      return number;
    });
    ctx.sleep(1s);  // a durable timer: its time also passes while the program is not running
  }
  return "hello, " + name;
}

}  // namespace hello
