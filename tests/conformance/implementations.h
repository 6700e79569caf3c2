// The implementations of a store that must behave alike.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "store/store.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/store/builders.h"

namespace reprise::store {

struct Implementation {
  std::string name;
  bool persistent;
  std::function<std::unique_ptr<Store>(const std::string& directory)> open;
};

inline std::unique_ptr<Store> open_in(const std::string& directory) {
  auto store = open_store(directory + "/store");
  EXPECT_TRUE(store) << store.error().text();
  return store ? std::move(*store) : nullptr;
}

inline auto all_implementations() {
  return ::testing::Values(
      Implementation{.name = "Memory",
                     .persistent = false,
                     .open = [](const std::string&) { return memory_store(); }},
      Implementation{.name = "Lmdb", .persistent = true, .open = open_in});
}

inline std::string implementation_name(const ::testing::TestParamInfo<Implementation>& info) {
  return info.param.name;
}

class StoreConformance : public ::testing::TestWithParam<Implementation> {
 protected:
  StoreConformance() : store_(GetParam().open(directory_.path())) {}

  // False where nothing survives.
  bool reopen() {
    if (!GetParam().persistent) return false;
    store_.reset();
    store_ = GetParam().open(directory_.path());
    return true;
  }

  Journal& journal() { return store_->journal(); }
  Archive& archive() { return store_->archive(); }

  testing::TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
};

}  // namespace reprise::store
