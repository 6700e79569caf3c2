// What clients, waiting runs and the runs of topics say to each other. Recorded in histories:
// fields are only appended.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "reprise/codec.h"
#include "reprise/definitions.h"
#include "reprise/time.h"

namespace reprise::internal {

// A payload, which is not UTF-8.
struct TopicPayload {
  std::string bytes;
};

// A run that waits for a message, or does not any more.
struct TopicWait {
  std::string workflow_id;
  TopicPayload run_id;  // 16 bytes
  std::string wait;     // of several of one run
  bool given_up = false;
};

struct TopicMessage {
  TopicPayload payload;  // as the signal carries it
  std::string id;        // empty: none
  Duration keep{0};
};

struct KeptMessage {
  TopicPayload payload;
  Time until{};
};

// An id that is remembered, so that the message counts once.
struct PublishedId {
  std::string id;
  std::uint64_t receivers = 0;
  Time until{};
};

// What one run of the chain hands to the next.
struct TopicState {
  std::vector<TopicWait> waits;   // in the order in which they came
  std::vector<KeptMessage> kept;  // likewise; empty unless nobody waits
  std::vector<PublishedId> ids;   // likewise
};

inline constexpr Workflow<void(TopicState)> kTopicRun{"reprise:topic"};
inline constexpr Update<std::uint64_t(TopicMessage)> kPublish{"publish"};
inline constexpr Signal<TopicWait> kTopicWait{"wait"};

}  // namespace reprise::internal

namespace reprise {

template <>
struct Codec<internal::TopicPayload> {
  static void encode(CborWriter& out, const internal::TopicPayload& value) {
    out.bytes(value.bytes);
  }
  static internal::TopicPayload decode(CborReader& in) { return {std::string(in.bytes())}; }
};

template <>
struct Codec<internal::TopicWait> {
  static void encode(CborWriter& out, const internal::TopicWait& value) {
    internal::encode_elements(out, value.workflow_id, value.run_id, value.wait, value.given_up);
  }
  static internal::TopicWait decode(CborReader& in) {
    return internal::decode_elements<internal::TopicWait, std::string, internal::TopicPayload,
                                     std::string, bool>(in);
  }
};

template <>
struct Codec<internal::TopicMessage> {
  static void encode(CborWriter& out, const internal::TopicMessage& value) {
    internal::encode_elements(out, value.payload, value.id, value.keep);
  }
  static internal::TopicMessage decode(CborReader& in) {
    return internal::decode_elements<internal::TopicMessage, internal::TopicPayload, std::string,
                                     Duration>(in);
  }
};

template <>
struct Codec<internal::KeptMessage> {
  static void encode(CborWriter& out, const internal::KeptMessage& value) {
    internal::encode_elements(out, value.payload, value.until);
  }
  static internal::KeptMessage decode(CborReader& in) {
    return internal::decode_elements<internal::KeptMessage, internal::TopicPayload, Time>(in);
  }
};

template <>
struct Codec<internal::PublishedId> {
  static void encode(CborWriter& out, const internal::PublishedId& value) {
    internal::encode_elements(out, value.id, value.receivers, value.until);
  }
  static internal::PublishedId decode(CborReader& in) {
    return internal::decode_elements<internal::PublishedId, std::string, std::uint64_t, Time>(in);
  }
};

template <>
struct Codec<internal::TopicState> {
  static void encode(CborWriter& out, const internal::TopicState& value) {
    internal::encode_elements(out, value.waits, value.kept, value.ids);
  }
  static internal::TopicState decode(CborReader& in) {
    return internal::decode_elements<internal::TopicState, std::vector<internal::TopicWait>,
                                     std::vector<internal::KeptMessage>,
                                     std::vector<internal::PublishedId>>(in);
  }
};

}  // namespace reprise
