#include "event/headers.h"

#include <memory>
#include <utility>

#include <google/protobuf/descriptor.h>

namespace reprise::event {

void write(Headers&& headers, HeaderFields* out) {
  for (auto& [name, value] : headers) {
    proto::Header* const header = out->Add();
    header->set_name(name);
    header->set_value(std::move(value));
  }
}

Headers read(const HeaderFields& fields) {
  Headers headers;
  for (const proto::Header& header : fields) headers.emplace(header.name(), header.value());
  return headers;
}

std::size_t bytes_of(const HeaderFields& fields) {
  std::size_t bytes = 0;
  for (const proto::Header& header : fields) bytes += header.name().size() + header.value().size();
  return bytes;
}

std::size_t bytes_of(const Headers& headers) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : headers) bytes += name.size() + value.size();
  return bytes;
}

std::string bytes_without_headers(const google::protobuf::Message& message) {
  const auto* const field = message.GetDescriptor()->FindFieldByName("headers");
  const auto* const all = message.GetReflection();
  if (field == nullptr || all->FieldSize(message, field) == 0) return message.SerializeAsString();
  const std::unique_ptr<google::protobuf::Message> copy(message.New());
  copy->CopyFrom(message);
  all->ClearField(copy.get(), field);
  return copy->SerializeAsString();
}

}  // namespace reprise::event
