// Parts of the catalogue's rows that only one kind of event has.
#pragma once
#include <string>

#include "proto/log.pb.h"

namespace reprise::event {

// Details: what the line of an event says beside its name.
std::string timer_detail(const proto::Event& event);
std::string decision_detail(const proto::Event& event);
std::string setting_detail(const proto::Event& event);
std::string attempt_detail(const proto::Event& event);
std::string open_attempt_detail(const proto::Event& event);
std::string update_detail(const proto::Event& event);
std::string signal_sent_detail(const proto::Event& event);
std::string cancel_sent_detail(const proto::Event& event);
std::string child_detail(const proto::Event& event);
std::string transaction_detail(const proto::Event& event);
std::string reset_detail(const proto::Event& event);
std::string fork_detail(const proto::Event& event);

const proto::Failure* update_failure(const proto::Event& event);

// Outlines: copies of what describe() shows of a command, without payload and failure.
void outline_activity(const proto::Event& event, proto::Event* out);
void outline_step(const proto::Event& event, proto::Event* out);
void outline_continued(const proto::Event& event, proto::Event* out);
void outline_update(const proto::Event& event, proto::Event* out);
void outline_signal_sent(const proto::Event& event, proto::Event* out);
void outline_child(const proto::Event& event, proto::Event* out);
void outline_set_aside(const proto::Event& event, proto::Event* out);
void outline_setting(const proto::Event& event, proto::Event* out);

}  // namespace reprise::event
