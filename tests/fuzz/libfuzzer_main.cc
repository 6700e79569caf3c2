// What libFuzzer calls; REPRISE_FUZZ_TARGET names the function.
#include <cstddef>
#include <cstdint>

#include <google/protobuf/stubs/logging.h>

#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);  // it reports every malformed message
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  reprise::fuzz::REPRISE_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
