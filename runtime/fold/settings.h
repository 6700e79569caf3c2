// What a run publishes, as the fold of its turns.
#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "proto/log.pb.h"

namespace reprise::runtime {

class Settings {
 public:
  using Type = proto::SettingRecorded::Type;
  struct Value {
    std::string payload;
    Type type{};
  };

  // The last one of a name counts; an empty value takes the name back.
  void apply(const proto::SettingRecorded& setting);

  // Changes each value.
  void open_values(base::FunctionRef<std::string(std::string)> open);

  bool empty() const { return values_.empty(); }
  // nullptr: there is none of that name.
  const Value* find(std::string_view name) const;
  std::size_t size() const { return values_.size(); }
  std::size_t bytes() const;  // as limits count them
  // By name.
  std::vector<proto::SettingRecorded> list() const;

 private:
  // A map: a history that was made up may have any number of names.
  std::map<std::string, Value, std::less<>> values_;
};

}  // namespace reprise::runtime
